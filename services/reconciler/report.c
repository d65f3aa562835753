#include "services/reconciler/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/json/json.h"

/* ---- for people ---- */

static void print_finding(const char *channel, const struct reconciler_finding *finding)
{
    SCOPED(buf) struct buf line = {0};

    buf_printf(&line, "%s %s %s", reconciler_class_name(finding->class), channel, finding->listing);
    if (*finding->sku != '\0')
        buf_printf(&line, " (%s)", finding->sku);
    if (finding->has_shown)
        buf_printf(&line, ": shows %" PRId64, finding->shown);
    else
        buf_text(&line, ": shows nothing");
    if (finding->has_expected)
        buf_printf(&line, ", should show %" PRId64, finding->expected);
    buf_printf(&line, ": %s", finding->cause);
    puts(buf_str(&line));
}

static void print_summary(const struct reconciler_run *run)
{
    const struct reconciler_result *result = &run->result;

    printf("%s: %zu listings, %zu match, %zu in flight, %zu findings, %" PRId64
           " events replayed in %.1f s\n",
           run->channel, result->listings, result->matched, result->in_flight, result->findings,
           run->events, (double)run->replay_ms / 1e3);
}

/* ---- for programs ---- */

static void put_quantity(struct json_out *out, const char *key, bool is_known, int64_t quantity)
{
    json_key(out, key);
    if (is_known)
        json_put_int(out, quantity);
    else
        json_put_null(out);
}

static void put_finding(const char *channel, const struct reconciler_finding *finding)
{
    SCOPED(buf) struct buf line = {0};
    struct json_out out;

    json_begin(&out, &line);
    json_object(&out);
    json_put_member(&out, "class", reconciler_class_name(finding->class));
    json_put_member(&out, "channel", channel);
    json_put_member(&out, "listing", finding->listing);
    json_put_member(&out, "sku", finding->sku);
    put_quantity(&out, "shown", finding->has_shown, finding->shown);
    put_quantity(&out, "expected", finding->has_expected, finding->expected);
    json_put_member(&out, "cause", finding->cause);
    json_put_member(&out, "event_id", finding->event_id);
    json_object_end(&out);
    puts(buf_str(&line));
}

static void put_summary(const struct reconciler_run *run)
{
    SCOPED(buf) struct buf line = {0};
    struct json_out out;

    json_begin(&out, &line);
    json_object(&out);
    json_put_member(&out, "channel", run->channel);
    json_put_member(&out, "snapshot_at",
                    clock_format(run->snapshot_ms, (char[CLOCK_TEXT_LEN]){0}));
    json_put_member_int(&out, "listings", (int64_t)run->result.listings);
    json_put_member_int(&out, "matched", (int64_t)run->result.matched);
    json_put_member_int(&out, "in_flight", (int64_t)run->result.in_flight);
    json_put_member_int(&out, "findings", (int64_t)run->result.findings);
    json_put_member_int(&out, "events_replayed", run->events);
    json_object_end(&out);
    puts(buf_str(&line));
}

void reconciler_report(const struct reconciler_run *run, bool is_json)
{
    const struct reconciler_result *result = &run->result;

    for (size_t i = 0; i < result->differences_len; i++) {
        if (result->differences[i].class == RECONCILER_TIMING)
            continue;
        if (is_json)
            put_finding(run->channel, &result->differences[i]);
        else
            print_finding(run->channel, &result->differences[i]);
    }
    if (is_json)
        put_summary(run);
    else
        print_summary(run);
}
