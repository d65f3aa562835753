#include "tools/sandbox/waiting.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/clock.h"

#include "tools/sandbox/sandbox.h"

struct waiter {
    struct waiter *next;
    struct http_request *request;
    int64_t due_ms; /* monotonic */
    bool log;
    uint64_t after;
    size_t limit;
    struct sandbox_reply reply; /* of one that hangs */
};

struct sandbox_waiting {
    struct sandbox *sandbox;
    pthread_mutex_t lock; /* taken before the sandbox's */
    struct waiter *first;
    atomic_int readers;
};

struct sandbox_waiting *sandbox_waiting_new(struct sandbox *sandbox)
{
    struct sandbox_waiting *waiting = mem_calloc(1, sizeof(*waiting));

    waiting->sandbox = sandbox;
    pthread_mutex_init(&waiting->lock, NULL);
    return waiting;
}

static void waiting_insert(struct sandbox_waiting *waiting, struct waiter *waiter)
{
    pthread_mutex_lock(&waiting->lock);
    waiter->next = waiting->first;
    waiting->first = waiter;
    pthread_mutex_unlock(&waiting->lock);
    atomic_fetch_add(&waiting->readers, waiter->log);
    sandbox_sender_wake(waiting->sandbox->sender);
}

void sandbox_waiting_add(struct sandbox_waiting *waiting, struct http_request *request,
                         struct sandbox_reply *reply, int64_t delay_ms)
{
    struct waiter *waiter = mem_calloc(1, sizeof(*waiter));

    /* The texts of the headers live in the request's arena, as long as it is not answered. */
    *waiter = (struct waiter){
        .request = request, .due_ms = clock_monotonic_ms() + delay_ms, .reply = *reply};
    reply->body = (struct buf){0};
    waiting_insert(waiting, waiter);
}

void sandbox_waiting_add_log(struct sandbox_waiting *waiting, struct http_request *request,
                             uint64_t after, size_t limit, int64_t wait_ms)
{
    struct waiter *waiter = mem_calloc(1, sizeof(*waiter));

    *waiter = (struct waiter){.request = request,
                              .due_ms = clock_monotonic_ms() + wait_ms,
                              .log = true,
                              .after = after,
                              .limit = limit};
    waiting_insert(waiting, waiter);
}

int sandbox_waiting_readers(const struct sandbox_waiting *waiting)
{
    return atomic_load(&waiting->readers);
}

static void write_log(struct sandbox *sandbox, const struct waiter *waiter, struct buf *out)
{
    const struct sandbox_entry *entry = NULL;
    uint64_t next = waiter->after;
    size_t len = 0;
    struct json_out json;

    json_begin(&json, out);
    json_object(&json);
    json_key(&json, "entries");
    json_array(&json);
    pthread_mutex_lock(&sandbox->lock);
    while (len++ < waiter->limit &&
           (entry = sandbox_journal_next(sandbox->journal, next)) != NULL) {
        sandbox_entry_write(entry, &json);
        next = entry->seq;
    }
    uint64_t last = sandbox_journal_last(sandbox->journal);
    pthread_mutex_unlock(&sandbox->lock);
    json_array_end(&json);
    json_put_member_int(&json, "next", (int64_t)next);
    json_put_member_int(&json, "last", (int64_t)last);
    json_object_end(&json);
}

static void waiter_answer(struct sandbox_waiting *waiting, struct waiter *waiter)
{
    struct sandbox_reply *reply = &waiter->reply;
    struct http_answer answer = {.status = reply->status, .content_type = reply->content_type};

    if (waiter->log) {
        write_log(waiting->sandbox, waiter, &reply->body);
        answer.status = 200;
        answer.content_type = "application/json";
        atomic_fetch_sub(&waiting->readers, 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(reply->headers); i++)
        answer.headers[i] = reply->headers[i];
    answer.body = reply->body.bytes;
    answer.body_len = reply->body.len;
    http_answer(waiter->request, &answer);
    buf_release(&reply->body);
    mem_free(waiter);
}

static bool waiter_is_due(struct sandbox_waiting *waiting, const struct waiter *waiter,
                          int64_t now_ms)
{
    if (waiter->due_ms <= now_ms)
        return true;
    if (!waiter->log)
        return false;
    pthread_mutex_lock(&waiting->sandbox->lock);
    uint64_t last = sandbox_journal_last(waiting->sandbox->journal);
    pthread_mutex_unlock(&waiting->sandbox->lock);
    return last > waiter->after;
}

int64_t sandbox_waiting_answer(struct sandbox_waiting *waiting, int64_t now_ms, int64_t pause_ms)
{
    struct waiter *due = NULL;

    pthread_mutex_lock(&waiting->lock);
    for (struct waiter **at = &waiting->first; *at != NULL;) {
        struct waiter *waiter = *at;

        if (waiter_is_due(waiting, waiter, now_ms)) {
            *at = waiter->next;
            waiter->next = due;
            due = waiter;
            continue;
        }
        if (waiter->due_ms - now_ms < pause_ms)
            pause_ms = waiter->due_ms - now_ms;
        at = &waiter->next;
    }
    pthread_mutex_unlock(&waiting->lock);
    while (due != NULL) {
        struct waiter *next = due->next;

        waiter_answer(waiting, due);
        due = next;
    }
    return pause_ms;
}

void sandbox_waiting_free(struct sandbox_waiting *waiting)
{
    if (waiting == NULL)
        return;
    sandbox_waiting_answer(waiting, INT64_MAX, 0);
    pthread_mutex_destroy(&waiting->lock);
    mem_free(waiting);
}
