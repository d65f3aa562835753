#include "tools/sandbox/control.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/stop.h"

#include "tools/sandbox/act.h"
#include "tools/sandbox/reply.h"
#include "tools/sandbox/trace.h"
#include "tools/sandbox/waiting.h"
#include "tools/sandbox/wording.h"

enum { CONTROL_LOG_MAX = 5000, CONTROL_WAIT_MS_MAX = 60000, CONTROL_ORDERS_MAX = 10000000 };

struct control {
    struct sandbox *sandbox;
    const struct sandbox_call *call;
    const struct json *body;
    struct sandbox_channel *channel; /* of the body, where one is needed */
    struct json_out json;            /* the answer */
    struct err err;
};

/* ---- reading ---- */

static const char *text_of(struct control *control, const char *key)
{
    const char *text = json_text(json_get(control->body, key));

    if (text == NULL)
        err_set(&control->err, ERR_REJECT, "'%s' is missing", key);
    return text;
}

static bool number_of(struct control *control, const char *key, int64_t min, int64_t max,
                      int64_t *ret_number)
{
    const struct json *node = json_get(control->body, key);

    return json_int(node, min, max, ret_number) || json_is_null(node) ||
           err_set(&control->err, ERR_REJECT, "'%s' wants a whole number from %lld to %lld", key,
                   (long long)min, (long long)max);
}

static bool double_of(struct control *control, const char *key, double *ret_number)
{
    const struct json *node = json_get(control->body, key);

    if (json_is_null(node))
        return true;
    if (json_kind(node) != JSON_NUMBER)
        return err_set(&control->err, ERR_REJECT, "'%s' wants a number", key);
    *ret_number = strtod(json_text(node), NULL);
    return true;
}

static struct sandbox_order *order_of(struct control *control)
{
    const char *id = text_of(control, "order");
    struct sandbox_order *order =
        id == NULL ? NULL : sandbox_market_order(&control->channel->market, id);

    if (id != NULL && order == NULL)
        err_set(&control->err, ERR_REJECT, "unknown order '%s'", id);
    return order;
}

/* ---- what happens on a channel ---- */

static bool put_ok(struct control *control)
{
    json_object(&control->json);
    sandbox_put_bool(&control->json, "ok", true);
    json_object_end(&control->json);
    return true;
}

static size_t read_wants(struct control *control, struct sandbox_want *wants)
{
    const struct json *lines = json_get(control->body, "lines");
    size_t len = json_len(lines);

    if (len == 0 || len > SANDBOX_LINES_MAX) {
        err_set(&control->err, ERR_REJECT, "'lines' wants 1 to %d lines", SANDBOX_LINES_MAX);
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        const struct json *quantity = json_get(json_at(lines, i), "quantity");

        wants[i].listing = json_text(json_get(json_at(lines, i), "listing"));
        wants[i].quantity = 1;
        if (wants[i].listing == NULL ||
            (!json_is_null(quantity) &&
             !json_int(quantity, 1, SANDBOX_STOCK_MAX, &wants[i].quantity))) {
            err_set(&control->err, ERR_REJECT, "line %zu wants a 'listing' and a 'quantity'", i);
            return 0;
        }
    }
    return len;
}

static bool control_sell(struct control *control)
{
    struct sandbox_want wants[SANDBOX_LINES_MAX];
    size_t len = read_wants(control, wants);
    const struct sandbox_order *order =
        len == 0 ? NULL : sandbox_act_sell(control->channel, wants, len, &control->err);
    struct json_out *json = &control->json;

    if (order == NULL)
        return false;
    json_object(json);
    json_put_member(json, "order", order->id);
    json_key(json, "lines");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++) {
        json_object(json);
        json_put_member(json, "line", order->lines[i].id);
        json_put_member(json, "listing", order->lines[i].listing->key);
        json_put_member(json, "sku", order->lines[i].listing->sku);
        json_put_member_int(json, "quantity", order->lines[i].quantity);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
    return true;
}

static bool control_cancel(struct control *control)
{
    struct sandbox_order *order = order_of(control);
    bool restock = true;

    json_bool(json_get(control->body, "restock"), &restock);
    return order != NULL && sandbox_act_cancel(control->channel, order, restock, &control->err) &&
           put_ok(control);
}

static bool control_fulfil(struct control *control)
{
    struct sandbox_order *order = order_of(control);

    return order != NULL && sandbox_act_fulfil(control->channel, order, &control->err) &&
           put_ok(control);
}

static bool control_refund(struct control *control)
{
    struct sandbox_order *order = order_of(control);
    const char *type = json_text(json_get(control->body, "restock_type"));
    struct sandbox_part part = {.quantity = 1, .restock_type = type == NULL ? "no_restock" : type};

    part.line = order == NULL ? NULL : text_of(control, "line");
    return part.line != NULL &&
           number_of(control, "quantity", 1, SANDBOX_STOCK_MAX, &part.quantity) &&
           sandbox_act_refund(control->channel, order, &part, &control->err) && put_ok(control);
}

static bool control_edit(struct control *control)
{
    const char *key = text_of(control, "listing");
    struct sandbox_listing *listing =
        key == NULL ? NULL : sandbox_market_listing(&control->channel->market, key);
    int64_t quantity = -1;

    if (key == NULL || !number_of(control, "quantity", 0, SANDBOX_STOCK_MAX, &quantity))
        return false;
    if (listing == NULL)
        return err_set(&control->err, ERR_REJECT, "unknown listing '%s'", key);
    if (quantity < 0)
        return err_set(&control->err, ERR_REJECT, "'quantity' is missing");
    sandbox_act_edit(control->channel, listing, quantity);
    return put_ok(control);
}

static bool control_delete(struct control *control)
{
    struct sandbox_order *order = order_of(control);

    return order != NULL && sandbox_act_trash(control->channel, order, true, &control->err) &&
           put_ok(control);
}

static bool control_restore(struct control *control)
{
    struct sandbox_order *order = order_of(control);

    return order != NULL && sandbox_act_trash(control->channel, order, false, &control->err) &&
           put_ok(control);
}

/* ---- how the channel behaves ---- */

static bool control_faults(struct control *control)
{
    struct sandbox *sandbox = control->sandbox;
    const char *name = text_of(control, "channel");
    struct sandbox_faults faults;

    if (name == NULL || !sandbox_faults_read(control->body, &faults, &control->err))
        return false;
    bool all = strcmp(name, "*") == 0;

    if (!all && sandbox_channel(sandbox, name) == NULL)
        return err_set(&control->err, ERR_REJECT, "unknown channel '%s'", name);
    for (size_t i = 0; i < sandbox->channels_len; i++)
        if (all || strcmp(sandbox->channels[i].config->name, name) == 0)
            sandbox->channels[i].faults = faults;
    sandbox_faults_write(&faults, &control->json);
    return true;
}

static bool control_enable(struct control *control)
{
    struct sandbox_channel *channel = control->channel;

    for (size_t i = 0; i < channel->subscriptions_len; i++) {
        channel->subscriptions[i].disabled = false;
        channel->subscriptions[i].failures = 0;
    }
    channel->kind->started(channel);
    return put_ok(control);
}

static bool control_resend(struct control *control)
{
    size_t len = sandbox_delivery_resend(control->channel);

    json_object(&control->json);
    json_put_member_int(&control->json, "resent", (int64_t)len);
    json_object_end(&control->json);
    return true;
}

/* ---- traces ---- */

static bool read_trace_channels(struct control *control, struct sandbox_trace_options *options)
{
    const struct json *names = json_get(control->body, "channels");
    struct sandbox *sandbox = control->sandbox;

    for (size_t i = 0; i < json_len(names) && i < SANDBOX_TRACE_CHANNELS_MAX; i++) {
        const char *name = json_text(json_at(names, i));
        struct sandbox_channel *channel = name == NULL ? NULL : sandbox_channel(sandbox, name);

        if (channel == NULL)
            return err_set(&control->err, ERR_REJECT, "unknown channel '%s'",
                           name == NULL ? "" : name);
        options->channels[options->channels_len++] = channel;
    }
    for (size_t i = 0; options->channels_len == 0 && i < sandbox->channels_len; i++)
        options->channels[i] = &sandbox->channels[i];
    if (options->channels_len == 0)
        options->channels_len = sandbox->channels_len;
    return true;
}

static bool control_trace_start(struct control *control)
{
    struct sandbox_trace_options options = {.per_second = 10,
                                            .quantity_max = 1,
                                            .listings_max = 2,
                                            .seed = control->sandbox->config->seed};
    int64_t seed = (int64_t)options.seed;

    if (!number_of(control, "orders", 1, CONTROL_ORDERS_MAX, &options.orders) ||
        !number_of(control, "quantity_max", 1, SANDBOX_STOCK_MAX, &options.quantity_max) ||
        !number_of(control, "listings_max", 1, SANDBOX_LINES_MAX, &options.listings_max) ||
        !number_of(control, "seed", 0, INT64_MAX, &seed) ||
        !double_of(control, "per_second", &options.per_second) ||
        !double_of(control, "cancel", &options.cancel) || !read_trace_channels(control, &options))
        return false;
    options.seed = (uint64_t)seed;
    if (!sandbox_trace_start(control->sandbox->trace, &options, &control->err))
        return false;
    sandbox_trace_write(control->sandbox->trace, &control->json);
    return true;
}

static bool control_trace(struct control *control)
{
    sandbox_trace_write(control->sandbox->trace, &control->json);
    return true;
}

/* ---- looking ---- */

static void put_counters(struct json_out *json, const struct sandbox_channel *channel)
{
    const struct sandbox_counters *counters = &channel->counters;

    json_object(json);
    json_put_member_int(json, "sales", counters->sales);
    json_put_member_int(json, "units", counters->units);
    json_put_member_int(json, "refused", counters->refused);
    json_put_member_int(json, "cancelled", counters->cancelled);
    json_put_member_int(json, "notifications_sent", counters->notifications_sent);
    json_put_member_int(json, "delivered", counters->delivered);
    json_put_member_int(json, "failed", counters->failed);
    json_put_member_int(json, "dropped", counters->dropped);
    json_put_member_int(json, "pending",
                        (int64_t)(channel->outbox.len + channel->outbox.in_flight));
    json_put_member_int(json, "resendable", (int64_t)channel->outbox.failed_len);
    json_put_member_int(json, "pushes", counters->pushes);
    json_put_member_int(json, "push_items", counters->push_items);
    json_put_member_int(json, "throttled", counters->throttled);
    json_put_member_int(json, "rejected", counters->rejected);
    json_object_end(json);
}

static void put_listings(struct json_out *json, const struct sandbox_market *market)
{
    json_object(json);
    for (size_t i = 0; i < market->listings_len; i++) {
        const struct sandbox_listing *listing = &market->listings[i];

        json_key(json, listing->key);
        json_object(json);
        json_put_member(json, "sku", listing->sku);
        json_put_member_int(json, "quantity", listing->quantity);
        json_put_member_int(json, "committed", listing->committed);
        json_object_end(json);
    }
    json_object_end(json);
}

static void put_subscriptions(struct json_out *json, const struct sandbox_channel *channel)
{
    json_object(json);
    for (size_t i = 0; i < channel->subscriptions_len; i++) {
        json_key(json, channel->subscriptions[i].topic);
        json_object(json);
        sandbox_put_bool(json, "disabled", channel->subscriptions[i].disabled);
        json_put_member_int(json, "failures", channel->subscriptions[i].failures);
        json_object_end(json);
    }
    json_object_end(json);
}

/* ?listings=0 leaves the long part out; ?channel= asks for one. */
static bool control_state(struct control *control)
{
    const struct sandbox *sandbox = control->sandbox;
    const char *listings = http_request_query(control->call->request, "listings");
    const char *only = http_request_query(control->call->request, "channel");
    struct json_out *json = &control->json;

    json_object(json);
    for (size_t i = 0; i < sandbox->channels_len; i++) {
        const struct sandbox_channel *channel = &sandbox->channels[i];

        if (only != NULL && strcmp(only, channel->config->name) != 0)
            continue;
        json_key(json, channel->config->name);
        json_object(json);
        json_put_member(json, "kind", channel->kind->name);
        json_key(json, "counters");
        put_counters(json, channel);
        json_key(json, "faults");
        sandbox_faults_write(&channel->faults, json);
        json_key(json, "subscriptions");
        put_subscriptions(json, channel);
        if (listings == NULL || strcmp(listings, "0") != 0) {
            json_key(json, "listings");
            put_listings(json, &channel->market);
        }
        json_object_end(json);
    }
    json_object_end(json);
    return true;
}

static void put_order(struct json_out *json, const struct sandbox_channel *channel,
                      const struct sandbox_order *order)
{
    json_object(json);
    json_put_member(json, "channel", channel->config->name);
    json_put_member(json, "order", order->id);
    json_put_member_int(json, "placed_ms", order->created_ms);
    sandbox_put_bool(json, "cancelled", order->cancelled_ms != 0);
    sandbox_put_bool(json, "fulfilled", order->fulfilled_ms != 0);
    sandbox_put_bool(json, "deleted", order->trashed);
    json_key(json, "lines");
    json_array(json);
    for (size_t i = 0; i < order->lines_len; i++) {
        const struct sandbox_line *line = &order->lines[i];

        json_object(json);
        json_put_member(json, "line", line->id);
        json_put_member(json, "listing", line->listing->key);
        json_put_member(json, "sku", line->listing->sku);
        json_put_member_int(json, "quantity", line->quantity);
        json_put_member_int(json, "cancelled", line->cancelled);
        json_put_member_int(json, "returned", line->returned);
        json_put_member_int(json, "restocked", line->restocked);
        json_put_member_int(json, "fulfilled", line->fulfilled);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static bool control_orders(struct control *control)
{
    const struct sandbox *sandbox = control->sandbox;
    const char *only = http_request_query(control->call->request, "channel");
    struct json_out *json = &control->json;

    if (only != NULL && sandbox_channel(sandbox, only) == NULL)
        return err_set(&control->err, ERR_REJECT, "unknown channel '%s'", only);
    json_array(json);
    for (size_t i = 0; i < sandbox->channels_len; i++) {
        const struct sandbox_channel *channel = &sandbox->channels[i];
        const struct sandbox_order *order = NULL;
        const char *id = NULL;
        size_t cursor = 0;

        if (only != NULL && strcmp(only, channel->config->name) != 0)
            continue;
        while ((order = map_next(channel->market.orders, &cursor, &id)) != NULL)
            put_order(json, channel, order);
    }
    json_array_end(json);
    return true;
}

static bool control_stop(struct control *control)
{
    stop_request(EXIT_OK);
    return put_ok(control);
}

/* ---- by name ---- */

static const struct {
    const char *method;
    const char *name;
    bool of_channel; /* the body names one */
    bool (*run)(struct control *control);
} controls[] = {
    {"POST", "sell",    true,  control_sell       },
    {"POST", "cancel",  true,  control_cancel     },
    {"POST", "fulfil",  true,  control_fulfil     },
    {"POST", "refund",  true,  control_refund     },
    {"POST", "edit",    true,  control_edit       },
    {"POST", "delete",  true,  control_delete     },
    {"POST", "restore", true,  control_restore    },
    {"POST", "enable",  true,  control_enable     },
    {"POST", "resend",  true,  control_resend     },
    {"POST", "faults",  false, control_faults     },
    {"POST", "trace",   false, control_trace_start},
    {"GET",  "trace",   false, control_trace      },
    {"GET",  "state",   false, control_state      },
    {"GET",  "orders",  false, control_orders     },
    {"POST", "stop",    false, control_stop       },
};

static bool find_channel(struct control *control)
{
    const char *name = text_of(control, "channel");

    if (name == NULL)
        return false;
    control->channel = sandbox_channel(control->sandbox, name);
    return control->channel != NULL ||
           err_set(&control->err, ERR_REJECT, "unknown channel '%s'", name);
}

static void run_control(struct control *control, size_t index, struct sandbox_reply *reply)
{
    sandbox_reply_json(reply, 200);
    json_begin(&control->json, &reply->body);
    if ((!controls[index].of_channel || find_channel(control)) && controls[index].run(control))
        return;
    sandbox_reply_json(reply, control->err.code == ERR_CONFLICT ? 409 : 400);
    json_begin(&control->json, &reply->body);
    json_object(&control->json);
    json_put_member(&control->json, "error", control->err.text);
    json_object_end(&control->json);
}

void sandbox_control(struct sandbox *sandbox, const char *name, const struct sandbox_call *call,
                     struct sandbox_reply *reply)
{
    struct control control = {.sandbox = sandbox, .call = call, .body = call->body};

    for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
        if (strcmp(name, controls[i].name) == 0 && strcmp(call->method, controls[i].method) == 0) {
            run_control(&control, i, reply);
            return;
        }
    }
    sandbox_reply_text(reply, 404, "application/json", "{\"error\":\"no such control\"}");
}

/* What is no number counts as not given. */
static int64_t query_number(const struct http_request *request, const char *name, int64_t fallback,
                            int64_t max)
{
    int64_t number = fallback;

    sandbox_query_number(request, name, &number);
    return number < 0 ? 0 : number > max ? max : number;
}

void sandbox_control_log(struct sandbox *sandbox, struct http_request *request)
{
    sandbox_waiting_add_log(
        sandbox->waiting, request, (uint64_t)query_number(request, "after", 0, INT64_MAX),
        (size_t)query_number(request, "limit", CONTROL_LOG_MAX, CONTROL_LOG_MAX),
        query_number(request, "wait_ms", 0, CONTROL_WAIT_MS_MAX));
}
