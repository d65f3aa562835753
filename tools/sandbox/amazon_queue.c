#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/http/sigv4.h"

#include "tools/sandbox/amazon.h"
#include "tools/sandbox/reply.h"

enum {
    QUEUE_MAX = 300000,
    RECEIVE_MAX = 10,
    EMPTY_WAIT_MS = 200, /* a long poll that is short: tests wait for nothing */
    REORDER_MS = 400,
    SKEW_MS = 300000,
};

struct sandbox_amazon *sandbox_amazon_new(void)
{
    return mem_calloc(1, sizeof(struct sandbox_amazon));
}

void sandbox_amazon_free(struct sandbox_amazon *amazon)
{
    if (amazon == NULL)
        return;
    for (size_t i = 0; i < amazon->len; i++)
        buf_release(&amazon->messages[i].body);
    for (size_t i = 0; i < SANDBOX_AMAZON_DOCUMENTS; i++)
        buf_release(&amazon->documents[i].bytes);
    mem_free(amazon->messages);
    mem_free(amazon);
}

/* ---- sending ---- */

static void add_message(struct sandbox_amazon *amazon, const struct buf *body, int64_t delay_ms)
{
    if (amazon->len == QUEUE_MAX)
        return;
    if (amazon->len == amazon->capacity) {
        amazon->capacity = amazon->capacity == 0 ? 64 : 2 * amazon->capacity;
        amazon->messages =
            mem_realloc(amazon->messages, amazon->capacity, sizeof(*amazon->messages));
    }
    struct sandbox_amazon_message *message = &amazon->messages[amazon->len++];
    *message = (struct sandbox_amazon_message){.id = ++amazon->sent,
                                               .sent_ms = clock_now_ms(),
                                               .visible_ms = clock_monotonic_ms() + delay_ms};
    buf_append(&message->body, body->bytes, body->len);
}

void sandbox_amazon_send(struct sandbox_channel *channel, const struct buf *body)
{
    const struct sandbox_faults *faults = &channel->faults;
    int64_t delay_ms = 0;

    if (sandbox_lies(channel, faults->drop, "fault_drop")) {
        channel->counters.failed++;
        channel->counters.dropped++;
        return;
    }
    if (faults->delay_ms >= 1)
        delay_ms = (int64_t)sandbox_random_below(&channel->random, (uint64_t)faults->delay_ms + 1);
    if (sandbox_lies(channel, faults->reorder, "fault_reorder"))
        delay_ms += REORDER_MS;
    channel->counters.notifications_sent++;
    add_message(channel->amazon, body, delay_ms);
    if (sandbox_lies(channel, faults->duplicate, "fault_duplicate"))
        add_message(channel->amazon, body, delay_ms);
}

/* ---- signatures: the header is made again from what came, with the secret that we know ---- */

static const char *taken(struct arena *arena, const char *header, const char *name)
{
    const char *at = header == NULL ? NULL : strstr(header, name);

    return at == NULL ? ""
                      : arena_strndup(arena, at + strlen(name), strcspn(at + strlen(name), ", "));
}

static bool is_in_time(const char *date, int64_t now_ms)
{
    char text[SIGV4_TIME_LEN];

    for (int64_t skew_ms = -SKEW_MS; skew_ms <= SKEW_MS; skew_ms += 1000) {
        if (strcmp(sigv4_time(now_ms + skew_ms, text), date) == 0)
            return true;
    }
    return false;
}

/* The time that the text says, as the signer wants it: found by trying the seconds around now. */
static int64_t time_of(const char *date, int64_t now_ms)
{
    char text[SIGV4_TIME_LEN];

    for (int64_t skew_ms = -SKEW_MS; skew_ms <= SKEW_MS; skew_ms += 1000) {
        if (strcmp(sigv4_time(now_ms + skew_ms, text), date) == 0)
            return now_ms + skew_ms;
    }
    return 0;
}

static bool is_signed(const struct sandbox_channel *channel, const struct sandbox_call *call)
{
    const char *header = http_request_header(call->request, "Authorization");
    const char *date = http_request_header(call->request, "X-Amz-Date");
    const char *names = taken(call->arena, header, "SignedHeaders=");
    const struct sigv4_key key = {sandbox_config_setting(channel->config, "aws_access_key_id"),
                                  sandbox_config_setting(channel->config, "aws_secret_access_key"),
                                  sandbox_config_setting(channel->config, "queue_region"), "sqs"};
    struct sigv4_header headers[SIGV4_HEADERS_MAX];
    struct sigv4_request request = {
        .method = call->method, .path = "/", .query = "", .headers = headers};
    SCOPED(buf) struct buf wanted = {0};

    if (date == NULL || !is_in_time(date, clock_now_ms()))
        return false;
    for (size_t i = 0; *names != '\0' && i < SIGV4_HEADERS_MAX; i++) {
        const char *name = arena_strndup(call->arena, names, strcspn(names, ";"));
        const char *value = http_request_header(call->request, name);

        headers[request.headers_len++] = (struct sigv4_header){name, value == NULL ? "" : value};
        names += strlen(name) + (names[strlen(name)] == ';');
    }
    request.body = http_request_body(call->request, &request.body_len);
    sigv4_authorize(&key, &request, time_of(date, clock_now_ms()), &wanted);
    return strcmp(header, buf_str(&wanted)) == 0 &&
           strstr(taken(call->arena, header, "SignedHeaders="), "host;x-amz-date") != NULL;
}

/* ---- calls ---- */

static void refuse(struct sandbox_channel *channel, struct sandbox_reply *reply, int status,
                   const char *type, const char *message)
{
    const struct sandbox_entry entry = {.type = "queue_refused", .status = status};
    struct json_out json;

    sandbox_note(channel, &entry);
    sandbox_reply_json(reply, status);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "__type", type);
    json_put_member(&json, "message", message);
    json_object_end(&json);
}

static int64_t member(const struct json *body, const char *key, int64_t min, int64_t max,
                      int64_t otherwise)
{
    json_int(json_get(body, key), min, max, &otherwise);
    return otherwise;
}

/* Only those that are asked for by name. */
static void put_attributes(struct json_out *json, struct arena *arena, const struct json *names,
                           const struct sandbox_amazon_message *message)
{
    const struct {
        const char *name;
        int64_t value;
    } known[] = {
        {"SentTimestamp",           message->sent_ms },
        {"ApproximateReceiveCount", message->receipts},
    };

    json_key(json, "Attributes");
    json_object(json);
    for (size_t i = 0; i < json_len(names); i++) {
        const char *name = json_text(json_at(names, i));

        for (size_t k = 0; name != NULL && k < ARRAY_LEN(known); k++) {
            if (strcmp(name, known[k].name) == 0)
                json_put_member(json, name, arena_printf(arena, "%" PRId64, known[k].value));
        }
    }
    json_object_end(json);
}

static void put_message(struct json_out *json, const struct sandbox_call *call,
                        const struct sandbox_amazon_message *message)
{
    const struct json *names = json_get(call->body, "MessageSystemAttributeNames");
    struct arena *arena = call->arena;

    json_object(json);
    json_put_member(json, "MessageId",
                    arena_printf(arena, "00000000-0000-4000-8000-%012" PRIx64, message->id));
    json_put_member(json, "ReceiptHandle",
                    arena_printf(arena, "%" PRIu64 ":%" PRId64, message->id, message->receipts));
    json_put_member(json, "Body", buf_str(&message->body));
    if (names != NULL)
        put_attributes(json, arena, names, message);
    json_object_end(json);
}

static int64_t receive(struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply)
{
    struct sandbox_amazon *amazon = channel->amazon;
    int64_t max = member(call->body, "MaxNumberOfMessages", 1, RECEIVE_MAX, 1);
    int64_t hidden_ms = 1000 * member(call->body, "VisibilityTimeout", 0, 43200, 30);
    int64_t wait_s = member(call->body, "WaitTimeSeconds", 0, 20, 0);
    int64_t now_ms = clock_monotonic_ms();
    int64_t count = 0;
    struct json_out json;

    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    for (size_t i = 0; i < amazon->len && count < max; i++) {
        struct sandbox_amazon_message *message = &amazon->messages[i];

        if (message->visible_ms > now_ms)
            continue;
        if (count++ == 0) {
            json_key(&json, "Messages");
            json_array(&json);
        }
        message->receipts++;
        message->visible_ms = now_ms + hidden_ms;
        put_message(&json, call, message);
    }
    if (count > 0)
        json_array_end(&json);
    json_object_end(&json);
    return count == 0 && wait_s > 0 ? EMPTY_WAIT_MS : 0;
}

/* Any receipt of a message deletes it; one that is gone was deleted before. */
static void delete_message(struct sandbox_channel *channel, const char *receipt)
{
    struct sandbox_amazon *amazon = channel->amazon;
    uint64_t id = receipt == NULL ? 0 : strtoull(receipt, NULL, 10);

    for (size_t i = 0; i < amazon->len; i++) {
        if (amazon->messages[i].id != id)
            continue;
        buf_release(&amazon->messages[i].body);
        memmove(&amazon->messages[i], &amazon->messages[i + 1],
                (amazon->len - i - 1) * sizeof(*amazon->messages));
        amazon->len--;
        channel->counters.delivered++;
        return;
    }
}

static void delete_batch(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply)
{
    const struct json *entries = json_get(call->body, "Entries");
    struct json_out json;

    if (json_len(entries) == 0 || json_len(entries) > RECEIVE_MAX) {
        refuse(channel, reply, 400, "com.amazonaws.sqs#EmptyBatchRequest", "1 to 10 entries");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "Failed");
    json_array(&json);
    json_array_end(&json);
    json_key(&json, "Successful");
    json_array(&json);
    for (size_t i = 0; i < json_len(entries); i++) {
        const struct json *entry = json_at(entries, i);

        delete_message(channel, json_text(json_get(entry, "ReceiptHandle")));
        json_object(&json);
        json_put_member(&json, "Id", json_text(json_get(entry, "Id")));
        json_object_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
}

int64_t sandbox_amazon_queue(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply)
{
    const char *target = http_request_header(call->request, "X-Amz-Target");

    if (!is_signed(channel, call)) {
        refuse(channel, reply, 403, "com.amazon.coral.service#InvalidSignatureException",
               "The request signature we calculated does not match the signature you provided.");
        return 0;
    }
    if (sandbox_lies(channel, channel->faults.answer_500, "fault_500")) {
        refuse(channel, reply, 500, "com.amazonaws.sqs#InternalFailure", "try again");
        return 0;
    }
    if (strcmp(target, "AmazonSQS.ReceiveMessage") == 0)
        return receive(channel, call, reply);
    if (strcmp(target, "AmazonSQS.DeleteMessageBatch") == 0)
        delete_batch(channel, call, reply);
    else
        refuse(channel, reply, 400, "com.amazonaws.sqs#UnsupportedOperation", "not played");
    return 0;
}
