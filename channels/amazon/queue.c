#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/http/sigv4.h"

#include "channels/amazon/internal.h"

/*
 * Amazon's notifications wait in an SQS queue of the seller: at least once, in no order [1.1]. A
 * message that was handed out is hidden for queue_visibility_s and comes again unless it is
 * deleted, which happens only once the broker has all that it said; its ids make it harmless then.
 * What is no notification goes to the rejected topic and is deleted, so nothing circles for ever; a
 * queue's dead-letter policy therefore sees only what nobody took down for long.
 */
enum { WAIT_MAX_S = 20, TIMEOUT_MS = 10000, HEADERS_LEN = 6, VISIBILITY_MAX_S = 43200 };

static int64_t number_of(const struct channel_account *account, const char *setting, int64_t max)
{
    int64_t value = strtoll(channel_account_setting(account, setting), NULL, 10);

    return value < 0 ? 0 : value > max ? max : value;
}

/* The connection must outlast the answer to a question that waits. */
static int64_t wait_s(const struct channel_account *account)
{
    int64_t timeout_ms = account->timeout_ms == 0 ? TIMEOUT_MS : account->timeout_ms;
    int64_t limit_s = timeout_ms / 1000 - 1;
    int64_t wanted_s = number_of(account, "queue_wait_s", WAIT_MAX_S);

    return limit_s < 0 ? 0 : wanted_s < limit_s ? wanted_s : limit_s;
}

struct endpoint {
    const char *origin; /* "https://sqs.us-east-1.amazonaws.com" */
    const char *host;
    const char *region;
};

/* Calls of the JSON protocol go to the host's root, and name the queue in their bodies. */
static struct endpoint endpoint_of(const struct channel_account *account, struct arena *arena)
{
    const char *url = channel_account_setting(account, "queue_url");
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end == NULL ? url : scheme_end + 3;
    size_t host_len = strcspn(host, "/");
    struct endpoint endpoint = {
        .origin = arena_strndup(arena, url, (size_t)(host - url) + host_len),
        .host = arena_strndup(arena, host, host_len),
        .region = channel_account_setting(account, "queue_region"),
    };

    if (endpoint.region[0] != '\0')
        return endpoint;
    endpoint.region = "us-east-1";
    if (strncmp(endpoint.host, "sqs.", 4) == 0)
        endpoint.region = arena_strndup(arena, endpoint.host + 4, strcspn(endpoint.host + 4, "."));
    return endpoint;
}

static struct channel_request call(const struct channel_account *account, const char *action,
                                   const struct buf *body, int64_t now_ms, struct arena *arena)
{
    const struct endpoint endpoint = endpoint_of(account, arena);
    const struct sigv4_key key = {channel_account_setting(account, "aws_access_key_id"),
                                  channel_account_setting(account, "aws_secret_access_key"),
                                  endpoint.region, "sqs"};
    const char *session = channel_account_setting(account, "aws_session_token");
    SCOPED(buf) struct buf authorization = {0};
    char now[SIGV4_TIME_LEN];
    struct channel_header headers[HEADERS_LEN] = {
        {"Host", endpoint.host}
    };
    struct sigv4_header to_sign[HEADERS_LEN];
    size_t len = 1;

    headers[len++] =
        (struct channel_header){"X-Amz-Date", arena_strdup(arena, sigv4_time(now_ms, now))};
    headers[len++] =
        (struct channel_header){"X-Amz-Target", arena_printf(arena, "AmazonSQS.%s", action)};
    headers[len++] = (struct channel_header){"Content-Type", "application/x-amz-json-1.0"};
    if (session[0] != '\0')
        headers[len++] = (struct channel_header){"X-Amz-Security-Token", session};
    for (size_t i = 0; i < len; i++)
        to_sign[i] = (struct sigv4_header){headers[i].name, headers[i].value};
    const struct sigv4_request signed_request = {"POST", "/",           "",       to_sign,
                                                 len,    buf_str(body), body->len};
    sigv4_authorize(&key, &signed_request, now_ms, &authorization);
    headers[len++] =
        (struct channel_header){"Authorization", arena_strdup(arena, buf_str(&authorization))};
    return (struct channel_request){
        .method = "POST",
        .url = arena_printf(arena, "%s/", endpoint.origin),
        /* Without Host, which the client says itself, from the same address. */
        .headers = arena_memdup(arena, headers + 1, (len - 1) * sizeof(headers[0])),
        .headers_len = len - 1,
        .body = arena_strdup(arena, buf_str(body)),
        .body_len = body->len,
        .cost = 0,
    };
}

void channel_amazon_receive(const struct channel_account *account, int64_t now_ms,
                            struct arena *arena, struct channel_request *ret_request)
{
    const char *queue = channel_account_setting(account, "queue_url");
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    *ret_request = (struct channel_request){.url = ""};
    if (queue[0] == '\0')
        return;
    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "QueueUrl", queue);
    json_put_member_int(&out, "MaxNumberOfMessages", CHANNEL_MESSAGES_MAX);
    json_put_member_int(&out, "WaitTimeSeconds", wait_s(account));
    json_put_member_int(&out, "VisibilityTimeout",
                        number_of(account, "queue_visibility_s", VISIBILITY_MAX_S));
    json_key(&out, "MessageSystemAttributeNames");
    json_array(&out);
    json_put_text(&out, "SentTimestamp");
    json_put_text(&out, "ApproximateReceiveCount");
    json_array_end(&out);
    json_object_end(&out);
    *ret_request = call(account, "ReceiveMessage", &body, now_ms, arena);
}

/* The text of the first such element, "" without one. */
static const char *element(const struct channel_response *response, const char *tag,
                           struct arena *arena)
{
    const char *body =
        response->body_len == 0 ? "" : arena_strndup(arena, response->body, response->body_len);
    const char *at = strstr(body, tag);

    return at == NULL ? "" : arena_strndup(arena, at + strlen(tag), strcspn(at + strlen(tag), "<"));
}

/* {"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":..}; who checks signatures before the
   queue may answer in XML: <Code>SignatureDoesNotMatch</Code><Message>..</Message>. */
static bool refuse(const struct channel_response *response, const struct json *json,
                   struct arena *arena, struct err *err)
{
    const char *code = json == NULL ? element(response, "<Code>", arena)
                                    : channel_amazon_text(arena, json, "__type");
    const char *message = json == NULL ? element(response, "<Message>", arena)
                                       : channel_amazon_text(arena, json, "message");
    const char *hash = strrchr(code, '#');

    if (response->status == 0)
        return err_set(err, ERR_RETRY, "queue: no answer");
    return err_set(err, ERR_RETRY, "queue: http status %d %.100s %.200s", response->status,
                   hash == NULL ? code : hash + 1, message);
}

/* They are numbers in texts; 0 without one. */
static int64_t attribute(const struct json *message, const char *name, struct arena *arena)
{
    return strtoll(channel_amazon_text(arena, json_get(message, "Attributes"), name), NULL, 10);
}

bool channel_amazon_received(const struct channel_account *account,
                             const struct channel_response *response, struct arena *arena,
                             struct channel_message *ret_messages, size_t *ret_len, struct err *err)
{
    static const struct channel_header headers[] = {
        {"Content-Type", "application/json"}
    };
    struct err why = {0};
    const struct json *json =
        response->status == 0 ? NULL : json_parse(arena, response->body, response->body_len, &why);
    const struct json *list = json_get(json, "Messages");

    (void)account;
    *ret_len = 0;
    if (response->status != 200 || json == NULL)
        return refuse(response, json, arena, err);
    for (size_t i = 0; i < json_len(list) && *ret_len < CHANNEL_MESSAGES_MAX; i++) {
        const struct json *message = json_at(list, i);
        const char *receipt = json_text(json_get(message, "ReceiptHandle"));
        const char *body = json_text(json_get(message, "Body"));

        if (receipt == NULL || body == NULL)
            continue; /* it comes again */
        ret_messages[(*ret_len)++] = (struct channel_message){
            .receipt = receipt,
            .sent_ms = attribute(message, "SentTimestamp", arena),
            .receives = attribute(message, "ApproximateReceiveCount", arena),
            .notification = {.headers = headers,
                             .headers_len = ARRAY_LEN(headers),
                             .body = body,
                             .body_len = strlen(body),
                             .captured_via = EVENT_VIA_PUSH},
        };
    }
    return true;
}

/* What could not be deleted comes again, and is known then. */
void channel_amazon_forget(const struct channel_account *account,
                           const struct channel_message *messages, size_t len, int64_t now_ms,
                           struct arena *arena, struct channel_request *ret_request)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "QueueUrl", channel_account_setting(account, "queue_url"));
    json_key(&out, "Entries");
    json_array(&out);
    for (size_t i = 0; i < len; i++) {
        json_object(&out);
        json_put_member(&out, "Id", arena_printf(arena, "%zu", i));
        json_put_member(&out, "ReceiptHandle", messages[i].receipt);
        json_object_end(&out);
    }
    json_array_end(&out);
    json_object_end(&out);
    *ret_request = call(account, "DeleteMessageBatch", &body, now_ms, arena);
}
