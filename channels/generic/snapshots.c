#include <string.h>

#include "lib/base/clock.h"
#include "lib/csv/csv.h"
#include "lib/pack/pack.h"

#include "channels/generic/internal.h"

enum { TRIES_MAX = 30, THROTTLED_WAIT_MS = 5000, CURSOR_LEN_MAX = 900 };

static const char *const format_names[] = {
    [GENERIC_JSON] = "json", [GENERIC_JSONL] = "jsonl", [GENERIC_CSV] = "csv"};

/* ---- rows ---- */

struct reading {
    const struct channel_account *account;
    const struct generic_snapshot *spec;
    struct arena *arena;      /* of the whole snapshot */
    channel_row_visit *visit; /* NULL: they are only counted */
    void *opaque;
    struct err *err;
    size_t rows; /* wanted or not */
};

static const char *text_of(const struct generic_scene *scene, const char *source)
{
    const char *text = *source == '\0' ? NULL : generic_source_text(scene, source);

    return text == NULL ? "" : text;
}

static bool visit_quantity(const struct reading *reading, const struct generic_scene *scene)
{
    const struct generic_snapshot *spec = reading->spec;
    const struct json *quantity = generic_source_node(scene, spec->quantity);
    struct channel_row row = {
        .listing = text_of(scene, spec->listing),
        .address = text_of(scene, spec->address),
        .sku = text_of(scene, spec->sku),
        .tracked = !json_is_null(quantity),
    };

    if (row.listing[0] == '\0' && row.address[0] == '\0' && row.sku[0] == '\0')
        return err_set(reading->err, ERR_REJECT, "no listing, address or sku");
    if (row.tracked && !json_int(quantity, -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX, &row.quantity))
        return err_set(reading->err, ERR_REJECT, "%s is no quantity", spec->quantity);
    if (!clock_parse(text_of(scene, spec->version_at), &row.version_ms))
        row.version_ms = 0;
    return reading->visit(reading->opaque, &row, reading->err);
}

/* One row of the list: the quantities in it. */
struct quantities {
    const struct reading *reading;
    bool is_good;
};

static void visit_element(void *opaque, const struct generic_scene *scene, const char *at)
{
    struct quantities *row = opaque;
    const struct reading *reading = row->reading;

    if (!row->is_good || !generic_is_wanted(reading->account, &reading->spec->wanted, scene))
        return;
    row->is_good =
        visit_quantity(reading, scene) || (*at != '\0' && err_wrap(reading->err, "%s", at));
}

static void miss_elements(void *opaque, const struct generic_scene *scene, const char *at)
{
    struct quantities *row = opaque;

    (void)scene;
    row->is_good = row->is_good && err_set(row->reading->err, ERR_REJECT, "%s is no list", at);
}

static bool visit_row(struct reading *reading, const struct json *root, const struct json *element,
                      struct arena *arena)
{
    struct generic_scene scene = generic_scene_of(NULL, 0, root, arena);
    struct quantities row = {reading, true};
    const struct generic_each each = {arena, visit_element, miss_elements, &row};

    reading->rows++;
    if (reading->visit == NULL)
        return true;
    generic_scene_set(&scene, element);
    generic_each_run(&each, &scene, reading->spec->each);
    return row.is_good;
}

static bool visit_document(struct reading *reading, const char *bytes, size_t len)
{
    const struct json *root = json_parse(reading->arena, bytes, len, reading->err);
    const struct generic_scene scene = generic_scene_of(NULL, 0, root, reading->arena);
    const struct json *list =
        *reading->spec->rows == '\0' ? root : generic_source_node(&scene, reading->spec->rows);

    if (root == NULL)
        return false;
    if (json_kind(list) != JSON_ARRAY)
        return err_set(reading->err, ERR_REJECT, "%s is no list",
                       *reading->spec->rows == '\0' ? "the document" : reading->spec->rows);
    for (size_t i = 0; i < json_len(list); i++) {
        if (!visit_row(reading, root, json_at(list, i), reading->arena))
            return err_wrap(reading->err, "row %zu", i);
    }
    return true;
}

static bool visit_lines(struct reading *reading, const char *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    size_t number = 0;

    for (size_t at = 0; at < len; number++) {
        const char *end = memchr(bytes + at, '\n', len - at);
        size_t line_len = end == NULL ? len - at : (size_t)(end - bytes) - at;
        bool is_empty = strspn(bytes + at, " \t\r") >= line_len;
        const struct json *json =
            is_empty ? NULL : json_parse(arena, bytes + at, line_len, reading->err);

        if (!is_empty && (json == NULL || !visit_row(reading, json, json, arena)))
            return err_wrap(reading->err, "line %zu", number + 1);
        at += line_len + 1;
        arena_reset(arena);
    }
    return true;
}

/* ---- CSV: each line is an object whose members are named by the header ---- */

/* The column that "./name" is of, with what is escaped in it; NULL: no such source. */
static const char *column_of(const char *source, struct arena *arena)
{
    SCOPED(buf) struct buf name = {0};

    if (strncmp(source, "./", 2) != 0)
        return NULL;
    for (const char *at = source + 2; *at != '\0' && *at != '/'; at++) {
        bool is_escaped = *at == '~' && (at[1] == '0' || at[1] == '1');

        buf_char(&name, is_escaped ? (at[1] == '1' ? '/' : '~') : *at);
        at += is_escaped;
    }
    return arena_strdup(arena, buf_str(&name));
}

static size_t place_of(const struct csv_row *head, const char *column)
{
    size_t at = 0;

    while (at < head->len && strcmp(head->cells[at].text, column) != 0)
        at++;
    return at;
}

/* Every column that the spec wants is there: with another delimiter none would be, and no row would
   be tracked. */
static bool check_head(const struct reading *reading, const struct csv_row *head)
{
    const struct generic_snapshot *spec = reading->spec;
    const char *sources[] = {spec->listing,  spec->address,    spec->sku,
                             spec->quantity, spec->version_at, spec->wanted.where};

    for (size_t i = 0; i < head->len; i++) {
        if (place_of(head, head->cells[i].text) != i)
            return err_set(reading->err, ERR_REJECT,
                           "line %zu, column %zu: '%.100s' is there twice", head->cells[i].line,
                           head->cells[i].column, head->cells[i].text);
    }
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        const char *column = column_of(sources[i], reading->arena);

        if (column != NULL && place_of(head, column) == head->len)
            return err_set(reading->err, ERR_REJECT,
                           "line %zu, column 1: no column is named '%.100s'", head->cells[0].line,
                           column);
    }
    return true;
}

/* An empty cell says nothing. */
static const struct json *object_of(const struct csv_row *head, const struct csv_row *row,
                                    struct arena *arena, struct err *err)
{
    SCOPED(buf) struct buf text = {0};
    struct json_out out;

    json_begin(&out, &text);
    json_object(&out);
    for (size_t i = 0; i < head->len; i++)
        json_put_member(&out, head->cells[i].text,
                        row->cells[i].text[0] == '\0' ? NULL : row->cells[i].text);
    json_object_end(&out);
    return json_parse(arena, text.bytes, text.len, err);
}

static bool visit_csv_row(struct reading *reading, const struct csv_row *head,
                          const struct csv_row *row, struct arena *arena)
{
    const char *quantity = column_of(reading->spec->quantity, arena);
    size_t at = quantity == NULL ? 0 : place_of(head, quantity);

    if (row->len != head->len)
        return err_set(reading->err, ERR_REJECT, "line %zu, column %zu: %zu cells, want %zu",
                       row->cells[0].line, row->cells[row->len - 1].column, row->len, head->len);
    const struct json *object = object_of(head, row, arena, reading->err);
    return (object != NULL && visit_row(reading, object, object, arena)) ||
           err_wrap(reading->err, "line %zu, column %zu", row->cells[at].line,
                    row->cells[at].column);
}

static bool visit_csv(struct reading *reading, const char *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct csv_row *head = arena_alloc(reading->arena, sizeof(*head));
    struct csv_row *row = arena_alloc(reading->arena, sizeof(*row));
    struct csv csv;

    csv_begin(&csv, bytes, len, reading->spec->delimiter[0], false);
    if (!csv_next(&csv, reading->arena, head, reading->err))
        return false;
    if (head->len == 0)
        return err_set(reading->err, ERR_REJECT, "line 1, column 1: no header");
    if (!check_head(reading, head))
        return false;
    for (;;) {
        arena_reset(arena);
        if (!csv_next(&csv, arena, row, reading->err))
            return false;
        if (row->len == 0)
            return true;
        if (!visit_csv_row(reading, head, row, arena))
            return false;
    }
}

static const struct {
    bool (*visit)(struct reading *reading, const char *bytes, size_t len);
    bool is_file; /* maybe packed, maybe in another character set */
} forms[] = {
    [GENERIC_JSON] = {visit_document, false},
    [GENERIC_JSONL] = {visit_lines,    true },
    [GENERIC_CSV] = {visit_csv,      true },
};

static bool visit_bytes(struct reading *reading, size_t form, const void *bytes, size_t len)
{
    const char *text = bytes;

    if (forms[form].is_file &&
        (!pack_open(reading->arena, bytes, len, PACK_BYTES_MAX, &text, &len, reading->err) ||
         !pack_to_utf8(reading->arena, reading->spec->charset, text, len, PACK_BYTES_MAX, &text,
                       &len, reading->err)))
        return false;
    return forms[form].visit(reading, text, len);
}

bool channel_generic_rows(const struct channel_account *account, const char *format,
                          const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                          struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct generic_snapshot *spec = &generic_spec_of(account)->snapshot;
    struct reading reading = {account, spec, arena, visit, opaque, err, 0};
    size_t form = spec->format;

    if (*spec->path == '\0')
        return err_set(err, ERR_REJECT, "the channel's spec has no snapshot");
    if (format != NULL) {
        form = 0;
        while (form < ARRAY_LEN(forms) && strcmp(format_names[form], format) != 0)
            form++;
    }
    return form < ARRAY_LEN(forms) ? visit_bytes(&reading, form, bytes, len)
                                   : err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
}

/* ---- fetching ---- */

struct progress {
    int64_t page; /* from 1 */
    int tries;    /* in a row that were throttled */
    bool is_address;
    char next[CURSOR_LEN_MAX + 1]; /* cursor or address; "": by number */
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

static struct channel_fetch fetch_page(const struct channel_account *account,
                                       const struct progress *progress, struct arena *arena)
{
    struct generic_names names = {.len = 0};

    generic_names_add_page(&names, &generic_spec_of(account)->snapshot.pages, progress->page,
                           progress->is_address ? "" : progress->next, arena);
    generic_names_add_account(&names, account);
    const char *url = progress->is_address
                          ? progress->next
                          : arena_printf(arena, "%s%s", account->base_url,
                                         generic_put(generic_spec_of(account)->snapshot.path,
                                                     &names, GENERIC_IN_PATH, arena));
    return (struct channel_fetch){
        .request = generic_get(account, arena_strdup(arena, url), &names, arena)};
}

/* How many rows a page holds; false: it can't be read. */
static bool rows_count(const struct channel_account *account,
                       const struct channel_response *response, size_t *ret_rows)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct generic_snapshot *spec = &generic_spec_of(account)->snapshot;
    struct err ignored = {0};
    struct reading reading = {.spec = spec, .arena = arena, .err = &ignored};

    if (!visit_bytes(&reading, spec->format, response->body, response->body_len))
        return false;
    *ret_rows = reading.rows;
    return true;
}

/* A page that can't be read is the last: its reader says what is wrong with it. */
static bool page_next(const struct channel_account *account,
                      const struct channel_response *previous, struct progress *progress,
                      struct arena *arena, bool *ret_is_last, struct err *err)
{
    const struct generic_snapshot *spec = &generic_spec_of(account)->snapshot;
    struct generic_place_in_list place = {.page = progress->page, .cursor = "", .url = ""};
    struct err ignored = {0};
    size_t rows = 0;
    const struct json *root = spec->format == GENERIC_JSON
                                  ? json_parse(arena, previous->body, previous->body_len, &ignored)
                                  : NULL;

    *ret_is_last = true;
    if (spec->pages.page_len > 0 && !rows_count(account, previous, &rows))
        return true;
    if (!generic_pages_next(account, &spec->pages, previous, root, rows, arena, &place))
        return true;
    const char *next = *place.url != '\0' ? place.url : place.cursor;
    if (strlen(next) > CURSOR_LEN_MAX)
        return err_set(err, ERR_RETRY, "what names the next page has more than %d bytes",
                       CURSOR_LEN_MAX);
    *ret_is_last = false;
    progress->page = place.page;
    progress->is_address = *place.url != '\0';
    strcpy(progress->next, next);
    return true;
}

static bool page_read(const struct channel_account *account,
                      const struct channel_response *previous, struct progress *progress,
                      struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct channel_result result = channel_result_of_status(previous->status, arena);
    bool is_last = false;

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
    if (!page_next(account, previous, progress, arena, &is_last, err))
        return false;
    if (!is_last)
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
