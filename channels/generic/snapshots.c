#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

#include "channels/generic/internal.h"

enum { PAGES_MAX = 100000, TRIES_MAX = 30, THROTTLED_WAIT_MS = 5000, CURSOR_LEN_MAX = 512 };

static const char *const format_names[] = {"json", "jsonl", NULL};

/* ---- rows ---- */

struct reading {
    const struct generic_snapshot *spec;
    channel_row_visit *visit;
    void *opaque;
    struct err *err;
};

static const char *text_of(const struct generic_scene *scene, const char *source)
{
    const char *text = *source == '\0' ? NULL : generic_source_text(scene, source);

    return text == NULL ? "" : text;
}

static bool visit_row(const struct reading *reading, const struct json *root,
                      const struct json *element)
{
    const struct generic_snapshot *spec = reading->spec;
    const struct generic_scene scene = {.root = root, .element = element};
    const struct json *quantity = generic_source_node(&scene, spec->quantity);
    struct channel_row row = {
        .listing = text_of(&scene, spec->listing),
        .address = text_of(&scene, spec->address),
        .sku = text_of(&scene, spec->sku),
        .tracked = !json_is_null(quantity),
    };

    if (row.listing[0] == '\0' && row.address[0] == '\0' && row.sku[0] == '\0')
        return err_set(reading->err, ERR_REJECT, "no listing, address or sku");
    if (row.tracked &&
        !json_int(quantity, -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX, &row.quantity))
        return err_set(reading->err, ERR_REJECT, "%s is no quantity", spec->quantity);
    if (!clock_parse(text_of(&scene, spec->version_at), &row.version_ms))
        row.version_ms = 0;
    return reading->visit(reading->opaque, &row, reading->err);
}

static bool visit_document(const struct reading *reading, const struct json *root)
{
    const struct generic_scene scene = {.root = root, .element = root};
    const struct json *list =
        *reading->spec->rows == '\0' ? root : generic_source_node(&scene, reading->spec->rows);

    if (json_kind(list) != JSON_ARRAY)
        return err_set(reading->err, ERR_REJECT, "%s is no list",
                       *reading->spec->rows == '\0' ? "the document" : reading->spec->rows);
    for (size_t i = 0; i < json_len(list); i++) {
        if (!visit_row(reading, root, json_at(list, i)))
            return err_wrap(reading->err, "row %zu", i);
    }
    return true;
}

static bool visit_lines(const struct reading *reading, const char *bytes, size_t len)
{
    size_t number = 0;

    for (size_t at = 0; at < len; number++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const char *end = memchr(bytes + at, '\n', len - at);
        size_t line_len = end == NULL ? len - at : (size_t)(end - bytes) - at;
        const struct json *json =
            line_len == 0 ? NULL : json_parse(arena, bytes + at, line_len, reading->err);

        if (line_len > 0 && (json == NULL || !visit_row(reading, json, json)))
            return err_wrap(reading->err, "line %zu", number + 1);
        at += line_len + 1;
    }
    return true;
}

bool channel_generic_rows(const struct channel_account *account, const char *format,
                          const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                          struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct generic_snapshot *spec = &generic_spec_of(account)->snapshot;
    const struct reading reading = {spec, visit, opaque, err};

    if (format == NULL)
        format = format_names[spec->format];
    if (*spec->path == '\0')
        return err_set(err, ERR_REJECT, "the channel's spec has no snapshot");
    if (strcmp(format, "jsonl") == 0)
        return visit_lines(&reading, bytes, len);
    if (strcmp(format, "json") != 0)
        return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
    const struct json *root = json_parse(arena, bytes, len, err);
    return root != NULL && visit_document(&reading, root);
}

/* ---- fetching ---- */

struct progress {
    int page; /* from 1 */
    int tries; /* in a row that were throttled */
    char cursor[CURSOR_LEN_MAX + 1];
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

static struct channel_fetch fetch_page(const struct channel_account *account,
                                       const struct progress *progress, struct arena *arena)
{
    const struct generic_spec *spec = generic_spec_of(account);
    const struct generic_name names[] = {
        {"page", arena_printf(arena, "%d", progress->page), false},
        {"cursor", progress->cursor, false},
        {"token", account->token, false},
        {"account", account->account, false},
        {"location", account->location, false},
        {NULL, NULL, false},
    };
    struct channel_header *headers =
        arena_alloc(arena, (spec->push.headers.len + 1) * sizeof(*headers));
    SCOPED(buf) struct buf path = {0};

    generic_template_put(spec->snapshot.path, names, GENERIC_IN_PATH, &path);
    for (size_t i = 0; i < spec->push.headers.len; i++) {
        SCOPED(buf) struct buf value = {0};

        generic_template_put(spec->push.headers.list[i].value, names, GENERIC_IN_HEADER, &value);
        headers[i] = (struct channel_header){spec->push.headers.list[i].name,
                                             arena_strdup(arena, buf_str(&value))};
    }
    return (struct channel_fetch){
        .request = {.method = "GET",
                    .url = arena_printf(arena, "%s%s", account->base_url, buf_str(&path)),
                    .headers = headers,
                    .headers_len = spec->push.headers.len,
                    .body = "",
                    .user = spec->push.basic ? account->token : NULL,
                    .password = spec->push.basic ? account->token_secret : NULL,
                    .cost = 1}};
}

/* False: that was the last page. */
static bool page_next(const struct generic_snapshot *spec, const struct json *root,
                      struct progress *progress)
{
    const struct generic_scene scene = {.root = root, .element = root};
    const struct json *list =
        *spec->rows == '\0' ? root : generic_source_node(&scene, spec->rows);
    const char *cursor =
        *spec->cursor == '\0' ? NULL : generic_source_text(&scene, spec->cursor);

    progress->page++;
    if (*spec->cursor == '\0')
        return spec->page_len > 0 && json_len(list) >= (size_t)spec->page_len &&
               progress->page <= PAGES_MAX;
    if (cursor == NULL || *cursor == '\0' || strlen(cursor) > CURSOR_LEN_MAX ||
        progress->page > PAGES_MAX)
        return false;
    snprintf(progress->cursor, sizeof(progress->cursor), "%s", cursor);
    return true;
}

static bool page_read(const struct channel_account *account,
                      const struct channel_response *previous, struct progress *progress,
                      struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct generic_snapshot *spec = &generic_spec_of(account)->snapshot;
    const struct channel_result result = channel_result_of_status(previous->status, arena);

    if (result.verdict == CHANNEL_THROTTLED && ++progress->tries <= TRIES_MAX) {
        int64_t wait_ms = channel_retry_after_ms(previous);

        *ret_next = fetch_page(account, progress, arena);
        ret_next->wait_ms = wait_ms > 0 ? wait_ms : THROTTLED_WAIT_MS;
        return true;
    }
    if (result.verdict != CHANNEL_ACCEPTED)
        return err_set(err, result.verdict == CHANNEL_AUTH ? ERR_FATAL : ERR_RETRY, "%s",
                       result.error_class);
    progress->tries = 0;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (spec->format == GENERIC_JSONL)
        return true;
    const struct json *root = json_parse(arena, previous->body, previous->body_len, err);
    if (root == NULL)
        return false;
    if (page_next(spec, root, progress))
        *ret_next = fetch_page(account, progress, arena);
    return true;
}

bool channel_generic_snapshot(const struct channel_account *account,
                              const struct channel_response *previous, void *state,
                              struct arena *arena, struct channel_fetch *ret_next,
                              const char **ret_bytes, size_t *ret_len, const char **ret_format,
                              struct err *err)
{
    const struct generic_snapshot *spec = &generic_spec_of(account)->snapshot;
    struct progress progress;

    if (*spec->path == '\0')
        return err_set(err, ERR_FATAL, "the channel's spec has no snapshot");
    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    if (previous == NULL) {
        progress.page = 1;
        *ret_next = fetch_page(account, &progress, arena);
    } else if (!page_read(account, previous, &progress, arena, ret_next, err)) {
        return false;
    }
    bool has_rows = previous != NULL && ret_next->wait_ms == 0;
    memcpy(state, &progress, sizeof(progress));
    *ret_bytes = has_rows ? previous->body : NULL;
    *ret_len = has_rows ? previous->body_len : 0;
    *ret_format = format_names[spec->format];
    return true;
}
