#include "services/ingest/queue.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"

#include "services/ingest/ids.h"

enum { QUEUE_EMPTY_MS = 1000 }; /* between two questions that got nothing at once */

static const struct retry_policy queue_pause = {.base_ms = 1000, .cap_ms = 60000, .tries_max = 0};

static const struct metric messages_total = {
    "stockbus_ingest_messages_total",
    "Messages of queues by what became of them.",
    METRIC_COUNTER,
    {"channel", "result"}
};
static const struct metric questions_total = {
    "stockbus_ingest_queue_requests_total",
    "Requests to queues, by their end.",
    METRIC_COUNTER,
    {"channel", "result"}
};

static const struct metric again_total = {"stockbus_ingest_messages_again_total",
                                          "Messages that their queue had handed out before.",
                                          METRIC_COUNTER,
                                          {"channel"}};
static const struct metric oldest_seconds = {
    "stockbus_ingest_queue_oldest_seconds",
    "How long the oldest message of the queue's last answer had waited in it.",
    METRIC_GAUGE,
    {"channel"}};

/* One channel's. */
struct queue {
    struct ingest_errand errand; /* first: its callbacks get the queue by it */
    struct channel_message messages[CHANNEL_MESSAGES_MAX]; /* in hand; in the errand's arena */
    size_t len;
    bool forgets; /* the request under way deletes them */
    int failures;
    int64_t due_ms; /* monotonic, as is the next */
    int64_t asked_ms;
};

struct ingest_queues {
    struct ingest_errands *shared;
    struct arena *arena;
    struct map *queues; /* channel -> struct queue * */
};

/* ---- requests ---- */

static void queue_rest(struct queue *queue, int64_t pause_ms)
{
    queue->len = 0;
    queue->due_ms = clock_monotonic_ms() + pause_ms;
    atomic_store(&queue->errand.phase, ERRAND_RESTS);
}

/* Messages in hand are not deleted, and come again. */
static void queue_failed(struct ingest_errand *errand, const struct ingest_failure *failure)
{
    struct queue *queue = (struct queue *)errand;
    int64_t pause_ms = failure->pause_ms;

    metric_add(&questions_total, 1, errand->channel, failure->result, NULL);
    if (!failure->is_expected && queue->failures++ == 0)
        log_warn("ingest.queue_failed", "channel", errand->channel, "class", failure->result, "why",
                 failure->why);
    if (pause_ms < 0)
        pause_ms = retry_pause_ms(&queue_pause, queue->failures, retry_random());
    queue_rest(queue, pause_ms);
}

static void queue_ask(struct queue *queue, const struct channel_account *account,
                      const struct channel_request *request)
{
    ingest_errand_plan(&queue->errand, request);
    queue->errand.is_sealed = true;
    queue->asked_ms = clock_monotonic_ms();
    ingest_errand_ask(&queue->errand, account);
}

static void queue_receive(struct queue *queue, const struct channel_account *account)
{
    struct ingest_errand *errand = &queue->errand;
    struct channel_request request = {.url = ""};

    arena_reset(errand->arena);
    queue->len = 0;
    queue->forgets = false;
    account->kind->receive(account, clock_now_ms(), errand->arena, &request);
    if (*request.url == '\0') /* this account has no queue */
        queue_rest(queue, QUEUE_EMPTY_MS);
    else
        queue_ask(queue, account, &request);
}

static void queue_forget(struct queue *queue, const struct channel_account *account)
{
    struct ingest_errand *errand = &queue->errand;
    struct channel_request request = {.url = ""};

    queue->forgets = true;
    account->kind->forget(account, queue->messages, queue->len, clock_now_ms(), errand->arena,
                          &request);
    queue_ask(queue, account, &request);
}

/* ---- messages ---- */

static struct channel_notification queue_notification(const struct queue *queue,
                                                      const struct channel_message *message)
{
    struct channel_notification notification = message->notification;
    struct arena *arena = queue->errand.arena;
    const char *trace =
        ingest_ids_traceparent(arena, channel_notification_header(&notification, "traceparent"));
    struct channel_header *headers =
        arena_alloc(arena, (notification.headers_len + 1) * sizeof(*headers));

    headers[0] = (struct channel_header){"traceparent", trace}; /* before a bad one of the sender */
    for (size_t i = 0; i < notification.headers_len; i++)
        headers[i + 1] = notification.headers[i];
    notification.headers = headers;
    notification.headers_len++;
    notification.received_ms = clock_now_ms();
    notification.captured_via = EVENT_VIA_PUSH;
    return notification;
}

static const char *queue_result(const struct ingest_intake *intake)
{
    if (intake->refused != NULL)
        return "rejected";
    if (intake->events.len > 0)
        return "accepted";
    if (intake->hints.len > 0)
        return "hinted";
    return intake->bad.len > 0 ? "rejected" : "ignored";
}

/* Not verified: who may write to a queue is said by its owner, and we asked it by our own key. */
static struct ingest_intake queue_intake(const struct queue *queue,
                                         const struct channel_account *account,
                                         const struct channel_notification *notification)
{
    const struct channel_kind *kind = account->kind;

    if (kind->is_ping != NULL && kind->is_ping(notification))
        return (struct ingest_intake){0};
    return ingest_intake_read(account, notification, queue->errand.shared->service->host, NULL,
                              NULL, queue->errand.arena);
}

/* Zero when it has no more: what was sent is taken. */
static void queue_measure(const struct queue *queue)
{
    const char *channel = queue->errand.channel;
    int64_t now_ms = clock_now_ms();
    int64_t oldest_ms = 0;

    for (size_t i = 0; i < queue->len; i++) {
        const struct channel_message *message = &queue->messages[i];

        if (message->sent_ms != 0 && now_ms - message->sent_ms > oldest_ms)
            oldest_ms = now_ms - message->sent_ms;
        if (message->receives > 1)
            metric_add(&again_total, 1, channel, NULL, NULL);
    }
    metric_set(&oldest_seconds, (double)oldest_ms / 1e3, channel, NULL, NULL);
}

static void queue_take(struct queue *queue, const struct channel_account *account)
{
    struct ingest_errand *errand = &queue->errand;
    struct ingest_capture *capture =
        ingest_errand_capture(errand, ingest_ids_traceparent(errand->arena, NULL), clock_now_ms());

    for (size_t i = 0; i < queue->len; i++) {
        const struct channel_notification notification =
            queue_notification(queue, &queue->messages[i]);
        const struct ingest_intake intake = queue_intake(queue, account, &notification);

        ingest_intake_write(&intake, errand->shared->service, account, &notification, false,
                            errand->arena, capture);
        metric_add(&messages_total, 1, errand->channel, queue_result(&intake), NULL);
    }
    ingest_capture_end(capture, "received");
}

static void queue_received(struct queue *queue, const struct channel_account *account,
                           const struct channel_response *response)
{
    struct ingest_errand *errand = &queue->errand;
    int64_t took_ms = clock_monotonic_ms() - queue->asked_ms;
    struct err err = {0};

    queue->len = 0;
    if (!account->kind->received(account, response, errand->arena, queue->messages, &queue->len,
                                 &err)) {
        ingest_errand_fail(errand, "not_understood", err.text);
        return;
    }
    if (queue->failures > 0)
        log_info("ingest.queue_recovered", "channel", errand->channel, "failures",
                 log_int(queue->failures));
    queue->failures = 0;
    metric_add(&questions_total, 1, errand->channel, "received", NULL);
    queue_measure(queue);
    if (queue->len > 0)
        queue_take(queue, account);
    else /* at once is no long poll */
        queue_rest(queue, took_ms < QUEUE_EMPTY_MS ? QUEUE_EMPTY_MS - took_ms : 0);
}

static void queue_answered(struct ingest_errand *errand, const struct channel_account *account,
                           const struct channel_response *response)
{
    struct queue *queue = (struct queue *)errand;

    if (queue->forgets) {
        metric_add(&questions_total, 1, errand->channel, "forgotten", NULL);
        queue_rest(queue, 0);
    } else {
        queue_received(queue, account, response);
    }
}

/* Keys and queues are the operator's: what is wrong with them is to be told. */
static const char *queue_explain(const struct ingest_errand *errand,
                                 const struct channel_account *account,
                                 const struct channel_response *response)
{
    struct channel_message none[CHANNEL_MESSAGES_MAX];
    size_t len = 0;
    struct err err = {0};

    return account->kind->received(account, response, errand->arena, none, &len, &err)
               ? "the queue refused it"
               : arena_strdup(errand->arena, err.text);
}

static const struct ingest_errand_kind queue_kind = {
    .needs_no_token = true, /* what is captured must not wait for the channel's API */
    .answered = queue_answered,
    .explain = queue_explain,
    .failed = queue_failed,
};

/* ---- queues ---- */

static struct queue *queues_queue(struct ingest_queues *queues, const char *channel)
{
    struct queue *queue = map_get(queues->queues, channel);

    if (queue != NULL)
        return queue;
    queue = arena_alloc(queues->arena, sizeof(*queue));
    ingest_errand_begin(&queue->errand, queues->shared, &queue_kind,
                        arena_strdup(queues->arena, channel));
    map_set(queues->queues, channel, queue);
    return queue;
}

/* Messages that nobody can write would be handed out in vain, each time one step nearer to the
   queue's dead letters. */
static bool queue_may_receive(const struct queue *queue)
{
    char ignored[1];

    return clock_monotonic_ms() >= queue->due_ms &&
           ingest_health_now(queue->errand.shared->service->health, ignored, sizeof(ignored));
}

void ingest_queues_turn(struct ingest_queues *queues, const struct channel_account *account)
{
    struct queue *queue =
        account->kind->receive == NULL ? NULL : queues_queue(queues, account->name);

    if (queue == NULL)
        return;
    switch (ingest_errand_phase(&queue->errand)) {
    case ERRAND_RESTS:
        if (queue_may_receive(queue))
            queue_receive(queue, account);
        break;
    case ERRAND_WRITTEN:
        queue_forget(queue, account);
        break;
    case ERRAND_LOST:
        ingest_errand_fail(&queue->errand, "unavailable", "the broker did not take every event");
        break;
    case ERRAND_ASKS:
    case ERRAND_WRITES:
        break;
    }
}

struct ingest_queues *ingest_queues_new(struct ingest_errands *shared)
{
    struct ingest_queues *queues = mem_calloc(1, sizeof(*queues));

    queues->shared = shared;
    queues->arena = arena_new();
    queues->queues = map_new();
    return queues;
}

void ingest_queues_free(struct ingest_queues *queues)
{
    struct queue *queue = NULL;

    if (queues == NULL)
        return;
    for (size_t at = 0; (queue = map_next(queues->queues, &at, NULL)) != NULL;)
        ingest_errand_end(&queue->errand);
    map_free(queues->queues);
    arena_free(queues->arena);
    mem_free(queues);
}
