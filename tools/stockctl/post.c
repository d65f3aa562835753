#include "tools/stockctl/post.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "lib/base/retry.h"
#include "lib/event/digest.h"
#include "lib/http/client.h"
#include "lib/json/json.h"

enum { POST_TIMEOUT_MS = 10000, POST_ANSWER_BYTES_MAX = 1 << 20 };

static const struct retry_policy post_policy = {.base_ms = 200, .cap_ms = 3000, .tries_max = 6};

/* ---- one request */

/* Facts without an id get one of this key: the same body is the same facts. */
static const char *post_key(struct arena *arena, const char *body, size_t body_len)
{
    SCOPED(buf) struct buf text = {0};
    unsigned char hash[DIGEST_SHA256_LEN];

    digest_sha256(body, body_len, hash);
    buf_hex(&text, hash, sizeof(hash));
    return arena_printf(arena, "stockctl-%s", buf_str(&text));
}

static struct http_reply *post_once(const struct stockctl_settings *settings, struct arena *arena,
                                    const char *body, size_t body_len)
{
    size_t url_len = strlen(settings->ingest_url);
    bool has_slash = url_len > 0 && settings->ingest_url[url_len - 1] == '/';
    const struct http_header headers[] = {
        {"Content-Type", "application/json"},
        {"Authorization", arena_printf(arena, "Bearer %s", settings->admin_token)},
        {"Idempotency-Key", post_key(arena, body, body_len)},
    };
    const struct http_call call = {
        .method = "POST",
        .url = arena_printf(arena, "%s%sv1/events", settings->ingest_url, has_slash ? "" : "/"),
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = body,
        .body_len = body_len,
        .timeout_ms = POST_TIMEOUT_MS,
    };

    return http_fetch(arena, &call, POST_ANSWER_BYTES_MAX);
}

static bool post_is_away(const struct http_reply *reply)
{
    return reply->status == 0 || reply->status == 429 || reply->status >= 500;
}

static void post_pause(int attempt)
{
    int pause_ms = retry_pause_ms(&post_policy, attempt, retry_random());
    const struct timespec pause = {pause_ms / 1000, (long)(pause_ms % 1000) * 1000000};

    nanosleep(&pause, NULL);
}

/* ---- what the answer says */

/* The problem document's detail, or "". */
static const char *post_detail(struct arena *arena, const struct http_reply *reply)
{
    struct err ignored = {0};
    const char *detail =
        json_text(json_get(json_parse(arena, reply->body, reply->body_len, &ignored), "detail"));

    return detail == NULL ? "" : detail;
}

static bool post_refused(const struct stockctl_settings *settings, const struct http_reply *reply,
                         const char *detail, struct err *err)
{
    if (reply->status == 0)
        return err_set(err, ERR_RETRY, "ingest is away at '%s': %s: check STOCKBUS_INGEST_URL",
                       settings->ingest_url, reply->error);
    if (post_is_away(reply))
        return err_set(err, ERR_RETRY, "ingest takes no facts now (status %d): %s", reply->status,
                       detail);
    if (reply->status == 401)
        return err_set(err, ERR_REJECT, "ingest refused the token: check STOCKBUS_ADMIN_TOKEN");
    if (detail[0] == '\0')
        return err_set(err, ERR_REJECT,
                       "'%s' answered with status %d: does STOCKBUS_INGEST_URL name ingest?",
                       settings->ingest_url, reply->status);
    return err_set(err, ERR_REJECT, "ingest refused (status %d): %s", reply->status, detail);
}

/* "fact 2: stock_counted: ..." names the fact and the reason. */
static const char *post_split(const char *detail, int64_t *ret_fact)
{
    int64_t fact = -1;
    int len = 0;

    if (sscanf(detail, "fact %" SCNd64 ": %n", &fact, &len) != 1 || len == 0)
        return detail;
    *ret_fact = fact;
    return detail + len;
}

static bool post_accepted(struct arena *arena, const struct http_reply *reply,
                          struct stockctl_posted *ret_posted, struct err *err)
{
    const struct json *answer = json_parse(arena, reply->body, reply->body_len, err);
    const struct json *ids = json_get(answer, "events");
    struct stockctl_posted posted = {.len = json_len(ids)};

    if (answer == NULL || json_kind(ids) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "ingest's answer names no events");
    posted.event_ids = arena_alloc(arena, (posted.len + 1) * sizeof(*posted.event_ids));
    for (size_t i = 0; i < posted.len; i++) {
        const char *id = json_text(json_at(ids, i));

        posted.event_ids[i] = id == NULL ? "" : id;
    }
    *ret_posted = posted;
    return true;
}

bool stockctl_post(const struct stockctl_settings *settings, struct arena *arena, const char *body,
                   size_t body_len, struct stockctl_posted *ret_posted, int64_t *ret_fact,
                   struct err *err)
{
    struct http_reply *reply = post_once(settings, arena, body, body_len);

    *ret_fact = -1;
    for (int attempt = 1; attempt < post_policy.tries_max && post_is_away(reply); attempt++) {
        post_pause(attempt);
        reply = post_once(settings, arena, body, body_len);
    }
    if (reply->status >= 200 && reply->status < 300)
        return post_accepted(arena, reply, ret_posted, err);
    return post_refused(settings, reply, post_split(post_detail(arena, reply), ret_fact), err);
}

bool stockctl_post_ping(const struct stockctl_settings *settings, struct arena *arena,
                        const char **ret_text, struct err *err)
{
    /* No facts: whoever passes token and load with it is told that it is none. */
    struct http_reply *reply = post_once(settings, arena, "[]", strlen("[]"));

    if (reply->status != 422)
        return post_refused(settings, reply, post_detail(arena, reply), err);
    *ret_text = arena_printf(arena, "takes facts at %s", settings->ingest_url);
    return true;
}
