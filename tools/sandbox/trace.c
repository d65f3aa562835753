#include "tools/sandbox/trace.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/base/clock.h"

#include "tools/sandbox/act.h"
#include "tools/sandbox/sandbox.h"

enum {
    TRACE_PROBES_MAX = 32,   /* random tries to find something in stock */
    TRACE_LISTINGS_MAX = 20, /* lines of an order */
    TRACE_CANCELS_MAX = 256, /* orders that wait to be cancelled; the oldest goes first */
    TRACE_CANCEL_AFTER_MS = 300,
    TRACE_SLEEP_MS = 50, /* at most, so that a stop is noticed */
};

struct cancel {
    struct sandbox_channel *channel;
    struct sandbox_order *order;
    int64_t due_ms;
};

struct sandbox_trace {
    struct sandbox *sandbox;
    pthread_t thread;
    bool started; /* there is a thread to join */
    atomic_bool stopping;
    /* Under the sandbox's lock. */
    struct sandbox_trace_options options;
    struct sandbox_random random;
    bool running;
    int64_t orders; /* tried */
    int64_t sold;
    int64_t refused;
    int64_t cancelled;
    struct cancel cancels[TRACE_CANCELS_MAX];
    size_t cancels_begin;
    size_t cancels_len;
};

struct sandbox_trace *sandbox_trace_new(struct sandbox *sandbox)
{
    struct sandbox_trace *trace = mem_calloc(1, sizeof(*trace));

    trace->sandbox = sandbox;
    return trace;
}

/* Something with stock left, or NULL: by chance first, then the next one after a random place. */
static struct sandbox_listing *pick(struct sandbox_random *random, struct sandbox_market *market)
{
    size_t len = market->listings_len;
    size_t at = 0;

    if (len == 0)
        return NULL;
    for (int i = 0; i < TRACE_PROBES_MAX; i++) {
        at = sandbox_random_below(random, len);
        if (market->listings[at].quantity > 0)
            return &market->listings[at];
    }
    for (size_t i = 0; i < len; i++)
        if (market->listings[(at + i) % len].quantity > 0)
            return &market->listings[(at + i) % len];
    return NULL;
}

/* Never the same listing twice: two lines of it could want more than there is. */
static size_t pick_wants(struct sandbox_trace *trace, struct sandbox_channel *channel,
                         struct sandbox_want *wants)
{
    size_t lines = 1 + sandbox_random_below(&trace->random, (uint64_t)trace->options.listings_max);
    size_t len = 0;

    for (size_t i = 0; i < lines; i++) {
        const struct sandbox_listing *listing = pick(&trace->random, &channel->market);
        bool taken = listing == NULL;

        for (size_t j = 0; j < len; j++)
            taken = taken || wants[j].listing == listing->key;
        if (taken)
            continue;
        int64_t quantity = 1 + (int64_t)sandbox_random_below(&trace->random,
                                                             (uint64_t)trace->options.quantity_max);

        wants[len++] = (struct sandbox_want){
            listing->key, quantity < listing->quantity ? quantity : listing->quantity};
    }
    return len;
}

static void plan_cancel(struct sandbox_trace *trace, struct sandbox_channel *channel,
                        struct sandbox_order *order)
{
    if (trace->cancels_len == TRACE_CANCELS_MAX ||
        !sandbox_random_chance(&trace->random, trace->options.cancel))
        return;
    trace->cancels[(trace->cancels_begin + trace->cancels_len++) % TRACE_CANCELS_MAX] =
        (struct cancel){channel, order, clock_monotonic_ms() + TRACE_CANCEL_AFTER_MS};
}

static void run_cancels(struct sandbox_trace *trace)
{
    struct err err = {0};

    while (trace->cancels_len > 0) {
        const struct cancel *next = &trace->cancels[trace->cancels_begin];

        if (next->due_ms > clock_monotonic_ms())
            return;
        trace->cancelled += sandbox_act_cancel(next->channel, next->order, true, &err);
        trace->cancels_begin = (trace->cancels_begin + 1) % TRACE_CANCELS_MAX;
        trace->cancels_len--;
    }
}

static void buy(struct sandbox_trace *trace)
{
    struct sandbox_channel *channel =
        trace->options.channels[sandbox_random_below(&trace->random, trace->options.channels_len)];
    struct sandbox_want wants[TRACE_LISTINGS_MAX];
    size_t len = pick_wants(trace, channel, wants);
    struct sandbox_order *order = NULL;
    struct err err = {0};

    if (len > 0)
        order = sandbox_act_sell(channel, wants, len, &err);
    trace->orders++;
    trace->sold += order != NULL;
    trace->refused += order == NULL;
    if (order != NULL)
        plan_cancel(trace, channel, order);
}

static void sleep_ms(int64_t ms)
{
    const struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};

    if (ms > 0)
        nanosleep(&pause, NULL);
}

/* Under the lock: everything that should have happened by now. Returns the pause until the next. */
static int64_t trace_step(struct sandbox_trace *trace, int64_t elapsed_ms)
{
    double due = (double)elapsed_ms * trace->options.per_second / 1000;

    while (trace->orders < trace->options.orders && (double)trace->orders <= due)
        buy(trace);
    run_cancels(trace);
    if (trace->orders >= trace->options.orders)
        return trace->cancels_len > 0 ? TRACE_SLEEP_MS : -1;
    double next_ms = (double)trace->orders * 1000 / trace->options.per_second;

    return next_ms - (double)elapsed_ms > TRACE_SLEEP_MS ? TRACE_SLEEP_MS
                                                         : (int64_t)next_ms - elapsed_ms;
}

static void *trace_main(void *opaque)
{
    struct sandbox_trace *trace = opaque;
    int64_t begin_ms = clock_monotonic_ms();
    int64_t pause_ms = 0;

    while (pause_ms >= 0 && !atomic_load(&trace->stopping)) {
        sleep_ms(pause_ms == 0 ? 1 : pause_ms);
        pthread_mutex_lock(&trace->sandbox->lock);
        pause_ms = trace_step(trace, clock_monotonic_ms() - begin_ms);
        pthread_mutex_unlock(&trace->sandbox->lock);
    }
    pthread_mutex_lock(&trace->sandbox->lock);
    trace->running = false;
    pthread_mutex_unlock(&trace->sandbox->lock);
    return NULL;
}

static bool check_options(const struct sandbox_trace_options *options, struct err *err)
{
    if (options->orders < 1 || !(options->per_second > 0) || options->channels_len == 0)
        return err_set(err, ERR_REJECT, "'orders' and 'per_second' must be above 0");
    if (options->quantity_max < 1 || options->listings_max < 1 ||
        options->listings_max > TRACE_LISTINGS_MAX)
        return err_set(err, ERR_REJECT, "'quantity_max' wants 1 or more, 'listings_max' 1 to %d",
                       TRACE_LISTINGS_MAX);
    return true;
}

bool sandbox_trace_start(struct sandbox_trace *trace, const struct sandbox_trace_options *options,
                         struct err *err)
{
    if (!check_options(options, err))
        return false;
    if (trace->running)
        return err_set(err, ERR_CONFLICT, "a trace is running");
    if (trace->started)
        pthread_join(trace->thread, NULL); /* it has let go of the lock for the last time */
    trace->options = *options;
    trace->random = (struct sandbox_random){options->seed};
    trace->orders = trace->sold = trace->refused = trace->cancelled = 0;
    trace->started = pthread_create(&trace->thread, NULL, trace_main, trace) == 0;
    trace->running = trace->started;
    return trace->started || err_set(err, ERR_RETRY, "no thread for the trace");
}

void sandbox_trace_write(const struct sandbox_trace *trace, struct json_out *json)
{
    json_object(json);
    json_key(json, "running");
    json_put_bool(json, trace->running);
    json_key(json, "done");
    json_put_bool(json, trace->started && !trace->running);
    json_put_member_int(json, "orders", trace->orders);
    json_put_member_int(json, "sold", trace->sold);
    json_put_member_int(json, "refused", trace->refused);
    json_put_member_int(json, "cancelled", trace->cancelled);
    json_object_end(json);
}

void sandbox_trace_free(struct sandbox_trace *trace)
{
    if (trace == NULL)
        return;
    atomic_store(&trace->stopping, true);
    if (trace->started)
        pthread_join(trace->thread, NULL);
    mem_free(trace);
}
