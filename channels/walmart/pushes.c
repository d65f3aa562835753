#include <string.h>

#include "lib/base/buf.h"

#include "channels/url.h"
#include "channels/walmart/internal.h"

/*
 * The quantity that is written is what lies there, units that orders hold included: "inputQty" 436
 * is 433 to sell and 3 reserved [2.3]. A target is what can be sold. So a push reads first how many
 * Walmart holds, writes as many more, and reads again: units that were shipped in between would
 * show as too many, and are written off once more. Units sold in between are taken off the target,
 * which did not know of them.
 */

enum { SKU_LEN_MAX = 255 };

static const char *sku_of(const struct target *target)
{
    return target->address[0] == '\0' ? target->listing : target->address;
}

/* A call for each SKU, or one feed for all. */
const char *channel_walmart_group(const struct channel_account *account,
                                  const struct target *target, struct arena *arena)
{
    const char *sku = sku_of(target);

    if (strlen(sku) > SKU_LEN_MAX)
        return NULL;
    return channel_walmart_feed(account)[0] != '\0' ? "" : arena_strdup(arena, sku);
}

/* ---- what is held ---- */

static bool add_node(const struct json *node, int64_t *available, int64_t *reserved)
{
    int64_t input = 0;
    int64_t can_sell = 0;
    int64_t held = 0;
    bool has_input = channel_walmart_quantity(channel_walmart_get(node, "inputQty"), &input);
    bool has_sell =
        channel_walmart_quantity(channel_walmart_get(node, "availToSellQty"), &can_sell);
    bool has_held = channel_walmart_quantity(channel_walmart_get(node, "reservedQty"), &held);

    if (has_input + has_sell + has_held < 2)
        return false;
    if (!has_held)
        held = input - can_sell;
    if (!has_sell)
        can_sell = input - held;
    *available += can_sell;
    *reserved += held > 0 ? held : 0;
    return true;
}

bool channel_walmart_stock(const struct channel_account *account, const struct json *item,
                           int64_t *ret_available, int64_t *ret_reserved)
{
    const struct json *nodes = channel_walmart_get(item, "nodes");
    const char *own = account->location;
    int64_t available = 0;
    int64_t reserved = 0;

    for (size_t i = 0; i < channel_walmart_len(nodes); i++) {
        const struct json *node = channel_walmart_at(nodes, i);

        if (own[0] != '\0' && strcmp(own, channel_walmart_text(node, "shipNode")) != 0)
            continue;
        if (!add_node(node, &available, &reserved))
            return false;
    }
    *ret_available = available;
    *ret_reserved = reserved;
    return true;
}

/* ---- requests ---- */

/* Reading has a limit of its own, as high as that of writing; a push reads twice. */
static struct channel_request read_request(const struct channel_account *account,
                                           const struct target *target, struct arena *arena)
{
    const char *path =
        arena_printf(arena, "/v3/inventories/%s", channel_url_encoded(arena, sku_of(target)));
    struct channel_request request = channel_walmart_call(account, "GET", path, NULL, arena);

    request.cost = 0.5;
    return request;
}

bool channel_walmart_push(const struct channel_account *account, const struct channel_push *pushes,
                          size_t count, const char *key, struct arena *arena,
                          struct channel_request *ret_request, struct err *err)
{
    (void)key; /* there is no idempotency, and setting a quantity twice does no harm */
    for (size_t i = 0; i < count; i++) {
        if (strlen(sku_of(pushes[i].target)) > SKU_LEN_MAX)
            return err_set(err, ERR_REJECT, "sku '%.50s...' has more than %d bytes",
                           sku_of(pushes[i].target), SKU_LEN_MAX);
    }
    if (channel_walmart_feed(account)[0] != '\0') {
        *ret_request = channel_walmart_feed_first(account, arena);
        return true;
    }
    *ret_request = read_request(account, pushes[count - 1].target, arena);
    return true;
}

static void put_quantity(struct json_out *out, const char *key, int64_t quantity)
{
    json_key(out, key);
    json_object(out);
    json_put_member(out, "unit", "EACH");
    json_put_member_int(out, "amount", quantity);
    json_object_end(out);
}

static struct channel_request write_node(const struct channel_account *account, const char *sku,
                                         int64_t quantity, struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_key(&out, "inventories");
    json_object(&out);
    json_key(&out, "nodes");
    json_array(&out);
    json_object(&out);
    json_put_member(&out, "shipNode", account->location);
    put_quantity(&out, "inputQty", quantity);
    json_object_end(&out);
    json_array_end(&out);
    json_object_end(&out);
    json_object_end(&out);
    return channel_walmart_call(
        account, "PUT", arena_printf(arena, "/v3/inventories/%s", channel_url_encoded(arena, sku)),
        arena_strdup(arena, buf_str(&body)), arena);
}

static struct channel_request write_only_node(const struct channel_account *account,
                                              const char *sku, int64_t quantity,
                                              struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "sku", sku);
    put_quantity(&out, "quantity", quantity);
    json_object_end(&out);
    return channel_walmart_call(
        account, "PUT",
        arena_printf(arena, "/v3/inventory?sku=%s", channel_url_encoded(arena, sku)),
        arena_strdup(arena, buf_str(&body)), arena);
}

/* ---- what an answer to a write means ---- */

/* {"nodes":[{"shipNode":..,"status":"Success"}]}: success is per node. */
static struct channel_result result_of_nodes(const struct channel_account *account,
                                             const struct json *nodes)
{
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};

    for (size_t i = 0; i < channel_walmart_len(nodes); i++) {
        const struct json *node = channel_walmart_at(nodes, i);
        const char *status = channel_walmart_text(node, "status");

        if (status[0] == '\0' ||
            (account->location[0] != '\0' &&
             strcmp(account->location, channel_walmart_text(node, "shipNode")) != 0))
            continue;
        if (channel_walmart_is(status, "Success"))
            return (struct channel_result){
                .verdict = CHANNEL_CONFIRMED, .error_class = "", .error_text = ""};
        result.verdict = CHANNEL_REJECTED;
        result.error_class = status;
        channel_walmart_error(node, &result);
        return result;
    }
    return result;
}

/* The answer repeats what was written: at least what can be sold. */
static struct channel_result result_of_echo(const struct json *quantity,
                                            const struct target *target)
{
    int64_t units = 0;
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};

    if (!channel_walmart_quantity(quantity, &units))
        return result;
    result.verdict = units >= target->quantity ? CHANNEL_CONFIRMED : CHANNEL_ACCEPTED;
    result.error_class = units >= target->quantity ? "" : "shows_other_quantity";
    return result;
}

static struct channel_result result_of_write(const struct channel_account *account,
                                             const struct json *json, const struct target *target)
{
    const struct json *nodes = channel_walmart_get(json, "nodes");

    return nodes != NULL ? result_of_nodes(account, nodes)
                         : result_of_echo(channel_walmart_get(json, "quantity"), target);
}

/* ---- read, write, read again ---- */

enum step { STEP_READ, STEP_WRITTEN, STEP_READ_AGAIN };

struct writing {
    enum step step;
    int rounds;
    int64_t total_before; /* what lay there */
    int64_t written;
};

static struct channel_request write_request(const struct channel_account *account,
                                            const struct target *target, int64_t reserved,
                                            struct writing *writing, struct arena *arena)
{
    writing->step = STEP_WRITTEN;
    writing->written = target->quantity + reserved;
    return account->location[0] == '\0'
               ? write_only_node(account, sku_of(target), writing->written, arena)
               : write_node(account, sku_of(target), writing->written, arena);
}

/* What was read after a write: true when there is nothing left to do. */
static bool is_settled(const struct writing *writing, const struct target *target,
                       int64_t available, int64_t reserved)
{
    int64_t total = available + reserved;

    if (available > target->quantity)
        return false; /* shipped in between, or not applied */
    return available == target->quantity || total == writing->written ||
           total != writing->total_before;
}

static bool next_after_read(const struct channel_account *account, const struct target *target,
                            const struct json *json, struct writing *writing, struct arena *arena,
                            struct channel_fetch *ret_next, struct err *err)
{
    enum { ROUNDS_MAX = 3 };
    int64_t available = 0;
    int64_t reserved = 0;

    if (!channel_walmart_stock(account, json, &available, &reserved))
        return err_set(err, ERR_RETRY, "the quantities of a node of '%.100s' are wrong",
                       sku_of(target));
    if (writing->step == STEP_READ_AGAIN && is_settled(writing, target, available, reserved))
        return true;
    if (writing->rounds++ == ROUNDS_MAX)
        return err_set(err, ERR_RETRY, "'%.100s' shows %lld, and %lld were written %d times",
                       sku_of(target), (long long)available, (long long)target->quantity,
                       ROUNDS_MAX);
    writing->total_before = available + reserved;
    ret_next->request = write_request(account, target, reserved, writing, arena);
    return true;
}

bool channel_walmart_push_next(const struct channel_account *account,
                               const struct channel_push *pushes, size_t count, const char *key,
                               const struct channel_response *previous, void **state,
                               struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct channel_push *push = &pushes[count - 1];
    struct writing *writing = *state;
    const struct json *json = NULL;

    (void)key;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (channel_walmart_feed(account)[0] != '\0')
        return channel_walmart_feed_next(account, pushes, count, previous, state, arena, ret_next,
                                         err);
    if (writing == NULL)
        *state = writing = arena_alloc(arena, sizeof(*writing));
    const struct channel_result result = channel_walmart_result(previous, arena, &json);
    if (result.verdict != CHANNEL_ACCEPTED)
        return true; /* answer() says what that means */
    if (writing->step != STEP_WRITTEN)
        return next_after_read(account, push->target, json, writing, arena, ret_next, err);
    if (result_of_write(account, json, push->target).verdict != CHANNEL_CONFIRMED)
        return true;
    writing->step = STEP_READ_AGAIN;
    ret_next->request = read_request(account, push->target, arena);
    return true;
}

/* ---- answers ---- */

/* What was read last: fewer than the target when some were sold meanwhile. */
static struct channel_result result_of_read(const struct channel_account *account,
                                            const struct json *json, const struct target *target)
{
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};
    int64_t reserved = 0;

    if (!channel_walmart_stock(account, json, &result.shown, &reserved))
        return result;
    bool shows_more = result.shown > target->quantity;
    result.has_shown = true;
    result.verdict = shows_more ? CHANNEL_RETRY : CHANNEL_CONFIRMED;
    result.error_class = shows_more ? "shows_more" : "";
    return result;
}

static bool is_read(const struct json *json)
{
    const struct json *node = channel_walmart_at(channel_walmart_get(json, "nodes"), 0);

    return channel_walmart_get(node, "inputQty") != NULL ||
           channel_walmart_get(node, "availToSellQty") != NULL;
}

void channel_walmart_answer(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count,
                            const struct channel_response *response, struct arena *arena,
                            struct channel_result *results, struct channel_budget *ret_budget)
{
    const struct json *json = NULL;
    struct channel_result whole = channel_walmart_result(response, arena, &json);

    *ret_budget = channel_walmart_budget(response);
    if (whole.verdict == CHANNEL_REJECTED && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    if (whole.verdict == CHANNEL_ACCEPTED &&
        channel_walmart_feed_answer(pushes, count, json, arena, results))
        return;
    for (size_t i = 0; i < count; i++) {
        results[i] = whole;
        if (whole.verdict == CHANNEL_ACCEPTED)
            results[i] = is_read(json) ? result_of_read(account, json, pushes[i].target)
                                       : result_of_write(account, json, pushes[i].target);
    }
}
