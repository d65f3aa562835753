#include "channels/generic/spec.h"

#include <string.h>

#include "lib/event/codec.h"
#include "lib/pack/pack.h"

#include "channels/generic/value.h"

/* ---- words ---- */

#define CALL_NAMES "token", "token_secret", "account", "location"
static const char *const push_names[] = {"address", "address_1", "address_2", "listing", "quantity",
                                         "version", "key",       CALL_NAMES,  "items",   NULL};
static const char *const own_names[] = {"account", "location", NULL};
static const char *const page_names[] = {"page", "offset", "cursor", CALL_NAMES, NULL};
static const char *const poll_names[] = {"since", "page", "offset", "cursor", CALL_NAMES, NULL};
static const char *const read_names[] = {"id", CALL_NAMES, NULL};
static const char *const login_names[] = {CALL_NAMES, NULL};
static const char *const signs_names[] = {"body",   "body_sha256", "id",      "timestamp",
                                          "method", "path",        "account", NULL};
static const char *const scheme_names[] = {"none", "hmac", "token", NULL};
static const char *const digest_names[] = {"sha256", "sha1", "sha512", NULL};
static const char *const encoding_names[] = {"base64", "hex", "any", NULL};
static const char *const secret_names[] = {"text", "html", "base64", "basic", NULL};
static const char *const since_names[] = {"rfc3339", "seconds", "milliseconds", NULL};
static const char *const type_names[] = {"json", "form", NULL};
static const char *const method_names[] = {"PUT", "POST", "PATCH", NULL};
static const char *const means_names[] = {"available", "on_hand", NULL};
static const char *const confirms_names[] = {"status", "value", NULL};
static const char *const format_names[] = {"json", "jsonl", "csv", NULL};
static const char *const fact_names[] = {
    "order_line", "order_voided", "line_cancelled", "line_shipped", "line_returned", "observation",
    NULL};
static const int fact_kinds[] = {EVENT_ORDER_LINE,   EVENT_ORDER_VOIDED,  EVENT_LINE_CANCELLED,
                                 EVENT_LINE_SHIPPED, EVENT_LINE_RETURNED, EVENT_OBSERVATION};

enum { FACTS_MAX = 32, READS_MAX = 16, READ_NAME_MAX = 32 };

/* ---- checks of what one key does not tell ---- */

static bool check_signature(struct generic_reading *reading, const struct yaml *node,
                            const void *map)
{
    const struct channel_signature *signature = map;
    const char *signs = signature->signs == NULL ? "" : signature->signs;
    bool has_time = signature->timestamp_header != NULL || signature->timestamp_prefix != NULL;

    if (signature->scheme != CHANNEL_SIGNATURE_NONE && signature->header == NULL)
        return yaml_fail(node, reading->err, "key 'header' is missing");
    if (strstr(signs, "{id}") != NULL && signature->id_header == NULL)
        return yaml_fail(node, reading->err, "{id} is signed, and id_header is missing");
    if (strstr(signs, "{timestamp}") != NULL && !has_time)
        return yaml_fail(node, reading->err,
                         "{timestamp} is signed, and timestamp_header is missing");
    if ((signature->separator != NULL || signature->timestamp_prefix != NULL) &&
        !signature->is_list)
        return yaml_fail(node, reading->err,
                         "separator and timestamp_prefix are of a list: is_list must be true");
    if (signature->timestamp_prefix != NULL && signature->timestamp_header != NULL)
        return yaml_fail(node, reading->err, "want timestamp_header or timestamp_prefix, not both");
    if (*signs != '\0' && strstr(signs, "{body}") == NULL && strstr(signs, "{body_sha256}") == NULL)
        return yaml_fail(node, reading->err, "signs: the {body} must be signed");
    return true;
}

static bool check_notifications(struct generic_reading *reading, const struct yaml *node,
                                const void *map)
{
    const struct generic_notifications *notifications = map;
    const char *signs = notifications->signature.signs;

    if (notifications->tolerance_s > 0 && (signs == NULL || strstr(signs, "{timestamp}") == NULL))
        return yaml_fail(yaml_get(node, "signature"), reading->err,
                         "tolerance_s needs a {timestamp} that is signed");
    return true;
}

/* The member that event_from_json() reads: "placed_s" is placed_ms in seconds. */
static const char *field_member(struct arena *arena, const char *field)
{
    size_t len = strlen(field);

    if (len > 2 && strcmp(field + len - 2, "_s") == 0)
        return arena_printf(arena, "%.*sms", (int)(len - 1), field);
    return field;
}

/* Parts have no version: when they happened must be said, and stay when they are told again. */
static bool wants_occurred(enum event_kind kind)
{
    return kind == EVENT_LINE_CANCELLED || kind == EVENT_LINE_SHIPPED ||
           kind == EVENT_LINE_RETURNED;
}

static bool names_time(enum event_kind kind, const char *field)
{
    return strncmp(field, wants_occurred(kind) ? "occurred_" : "version_",
                   wants_occurred(kind) ? 9 : 8) == 0;
}

/* "../" of a source within the lists that `each` goes through. */
static bool check_reach(struct generic_reading *reading, const struct yaml *node, const char *each,
                        const char *source)
{
    return generic_source_up(source) < generic_each_depth(each) ||
           yaml_fail(node, reading->err, "'%.100s' goes up further than `each` goes down", source);
}

static bool check_fields(struct generic_reading *reading, const struct yaml *node,
                         const struct generic_fact *fact)
{
    bool is_dated = false;

    for (size_t i = 0; i < fact->fields.len; i++) {
        const struct generic_pair *field = &fact->fields.list[i];
        const struct yaml *key = yaml_key_at(node, i);

        if (!event_json_has_member(fact->kind, field_member(reading->arena, field->name)))
            return yaml_fail(key, reading->err, "%s has no member '%.100s'",
                             event_kind_name(fact->kind), field->name);
        if (!generic_keys_source(reading, yaml_at(node, i), field->name, field->value) ||
            !check_reach(reading, yaml_at(node, i), fact->each, field->value))
            return false;
        is_dated = is_dated || names_time(fact->kind, field->name);
    }
    return is_dated ||
           yaml_fail(node, reading->err, "%s needs a time: %s", event_kind_name(fact->kind),
                     wants_occurred(fact->kind) ? "occurred_at or occurred_s"
                                                : "version_at or version_s");
}

static bool check_each(struct generic_reading *reading, const struct yaml *node, const char *each)
{
    return generic_each_depth(each) <= GENERIC_DEPTH_MAX ||
           yaml_fail(node, reading->err, "each '%.100s': at most %d steps may be '*'", each,
                     GENERIC_DEPTH_MAX - 2);
}

static bool check_wanted(struct generic_reading *reading, const struct yaml *node, const char *each,
                         const struct generic_filter *wanted)
{
    if ((*wanted->where != '\0') != (wanted->is.len + wanted->is_not.len > 0))
        return yaml_fail(node, reading->err, "'where' goes together with 'is' or 'is_not'");
    return check_each(reading, yaml_get(node, "each"), each) &&
           check_reach(reading, yaml_get(node, "where"), each, wanted->where);
}

static bool check_fact(struct generic_reading *reading, const struct yaml *node, const void *map)
{
    const struct generic_fact *fact = map;

    return check_wanted(reading, node, fact->each, &fact->wanted) &&
           check_fields(reading, yaml_get(node, "fields"), fact);
}

static bool check_under(struct generic_reading *reading, const struct yaml *node, const char *under)
{
    return *under != '.' ||
           yaml_fail(yaml_get(node, "under"), reading->err, "under '%.100s': want /pointer", under);
}

static bool check_read(struct generic_reading *reading, const struct yaml *node, const void *map)
{
    const struct generic_read *read = map;
    size_t len = strlen(read->name);

    if (len == 0 || len > READ_NAME_MAX ||
        strspn(read->name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != len)
        return yaml_fail(yaml_get(node, "name"), reading->err,
                         "name '%.100s': want 1 to %d of a-z 0-9 - _", read->name, READ_NAME_MAX);
    if (strstr(read->path, "{id}") == NULL)
        return yaml_fail(yaml_get(node, "path"), reading->err, "path: {id} must be in it");
    return check_under(reading, node, read->under) &&
           check_each(reading, yaml_get(node, "each"), read->each) &&
           check_reach(reading, yaml_get(node, "id"), read->each, read->id);
}

static bool check_reads(struct generic_reading *reading, const struct yaml *node,
                        const struct generic_reads *reads)
{
    for (size_t i = 0; i < reads->len; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(reads->list[i].name, reads->list[j].name) == 0)
                return yaml_fail(yaml_get(yaml_at(node, i), "name"), reading->err,
                                 "name '%s' is there twice", reads->list[i].name);
        }
    }
    return true;
}

static bool check_pages(struct generic_reading *reading, const struct yaml *node,
                        const struct generic_pages *pages, const char *path)
{
    int ways = (*pages->cursor != '\0') + (*pages->next != '\0') + (pages->page_len > 0);

    if (ways > 1)
        return yaml_fail(node, reading->err, "want one of cursor, next and page_len");
    if ((*pages->cursor != '\0') != (strstr(path, "{cursor}") != NULL))
        return yaml_fail(node, reading->err, "'cursor' and {cursor} in the path go together");
    if ((pages->page_len > 0) !=
        (strstr(path, "{page}") != NULL || strstr(path, "{offset}") != NULL))
        return yaml_fail(node, reading->err,
                         "'page_len' and {page} or {offset} in the path go together");
    return true;
}

static bool check_poll(struct generic_reading *reading, const struct yaml *node, const void *map)
{
    const struct generic_poll *poll = map;

    return check_under(reading, node, poll->under) &&
           check_pages(reading, node, &poll->pages, poll->path);
}

static bool check_login(struct generic_reading *reading, const struct yaml *node, const void *map)
{
    const struct generic_login *login = map;

    if (login->path[0] != '/' && strncmp(login->path, "https://", 8) != 0 &&
        strncmp(login->path, "http://", 7) != 0)
        return yaml_fail(yaml_get(node, "path"), reading->err,
                         "path '%.100s': want a path below base_url, or an address", login->path);
    return true;
}

static bool check_push(struct generic_reading *reading, const struct yaml *node, const void *map)
{
    const struct generic_push *push = map;
    size_t known = 0;

    while (method_names[known] != NULL && strcmp(method_names[known], push->method) != 0)
        known++;
    if (method_names[known] == NULL)
        return yaml_fail(yaml_get(node, "method"), reading->err,
                         "method '%.20s': want one of PUT, POST, PATCH", push->method);
    if ((strstr(push->body, "{items}") != NULL) != (*push->item != '\0'))
        return yaml_fail(node, reading->err, "'item' and {items} in the body go together");
    return true;
}

static bool check_charset(struct generic_reading *reading, const struct yaml *node,
                          const char *charset)
{
    const char *text = NULL;
    struct err err = {0};
    size_t len = 0;

    return pack_to_utf8(reading->arena, charset, "", 0, 1, &text, &len, &err) ||
           yaml_fail(node, reading->err, "charset: %s", err.text);
}

/* "../" of a row's sources leads from an element of `each` to the row. */
static bool check_columns(struct generic_reading *reading, const struct yaml *node,
                          const struct generic_snapshot *snapshot)
{
    static const char *const names[] = {"listing", "address", "sku", "quantity", "version_at"};
    const char *sources[] = {snapshot->listing, snapshot->address, snapshot->sku,
                             snapshot->quantity, snapshot->version_at};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!check_reach(reading, yaml_get(node, names[i]), snapshot->each, sources[i]))
            return false;
    }
    return check_wanted(reading, node, snapshot->each, &snapshot->wanted);
}

static bool check_snapshot(struct generic_reading *reading, const struct yaml *node,
                           const void *map)
{
    const struct generic_snapshot *snapshot = map;
    const struct generic_pages *pages = &snapshot->pages;
    const char *source = *pages->cursor != '\0' ? pages->cursor : pages->next;

    if (*snapshot->listing == '\0' && *snapshot->address == '\0' && *snapshot->sku == '\0')
        return yaml_fail(node, reading->err, "a row needs a listing, an address or a sku");
    if (yaml_get(node, "delimiter") != NULL && snapshot->format != GENERIC_CSV)
        return yaml_fail(yaml_get(node, "delimiter"), reading->err, "delimiter: CSV alone has one");
    if (yaml_get(node, "charset") != NULL && snapshot->format == GENERIC_JSON)
        return yaml_fail(yaml_get(node, "charset"), reading->err, "charset: JSON is UTF-8");
    if (yaml_get(node, "rows") != NULL && snapshot->format != GENERIC_JSON)
        return yaml_fail(yaml_get(node, "rows"), reading->err, "rows: of JSON alone; else all are");
    if (*snapshot->each != '\0' && snapshot->format == GENERIC_CSV)
        return yaml_fail(yaml_get(node, "each"), reading->err, "each: a line of CSV has no lists");
    if (snapshot->format != GENERIC_JSON && *source != '\0' && strncmp(source, "header:", 7) != 0)
        return yaml_fail(node, reading->err,
                         "the next page of such a snapshot can only stand in a header");
    return check_charset(reading, yaml_get(node, "charset"), snapshot->charset) &&
           check_columns(reading, node, snapshot) &&
           check_pages(reading, node, pages, snapshot->path);
}

/* ---- tables ---- */

/* A row is one key. */
/* clang-format off */
#define TEXT GENERIC_KEY_TEXT
#define BYTE GENERIC_KEY_BYTE
#define SOURCE GENERIC_KEY_SOURCE
#define POINTER GENERIC_KEY_POINTER
#define TEMPLATE GENERIC_KEY_TEMPLATE
#define CHOICE GENERIC_KEY_CHOICE
#define BOOL GENERIC_KEY_BOOL
#define WHOLE GENERIC_KEY_WHOLE
#define REAL GENERIC_KEY_REAL
#define TEXTS GENERIC_KEY_TEXTS
#define PAIRS GENERIC_KEY_PAIRS
#define VERDICTS GENERIC_KEY_VERDICTS
#define MAP GENERIC_KEY_MAP
#define MAPS GENERIC_KEY_MAPS

#define AT(member) offsetof(struct channel_signature, member)
static const struct generic_key signature_keys[] = {
    {.name = "scheme", CHOICE, AT(scheme), true,
     "how a notification proves who sent it", .names = scheme_names},
    {.name = "header", TEXT, AT(header), false, "header that holds the signature"},
    {.name = "secret", CHOICE, AT(secret), false, "form of the secret", .names = secret_names},
    {.name = "digest", CHOICE, AT(digest), false, "hash of the HMAC", .names = digest_names},
    {.name = "encoding", CHOICE, AT(encoding), false,
     "how the signature is written", .names = encoding_names},
    {.name = "prefix", TEXT, AT(prefix), false, "text before each signature, sha256= for example"},
    {.name = "prefix_is_optional", BOOL, AT(prefix_is_optional), false,
     "signatures without the prefix are taken as well"},
    {.name = "is_list", BOOL, AT(is_list), false, "several signatures; one good one will do"},
    {.name = "separator", BYTE, AT(separator), false,
     "between those of a list; a space when left out"},
    {.name = "signs", TEMPLATE, AT(signs), false,
     "what is signed; {body} when left out", .names = signs_names},
    {.name = "id_header", TEXT, AT(id_header), false, "header that holds {id}"},
    {.name = "timestamp_header", TEXT, AT(timestamp_header), false,
     "header that holds {timestamp}: seconds, milliseconds or RFC 3339"},
    {.name = "timestamp_prefix", TEXT, AT(timestamp_prefix), false,
     "what {timestamp} stands behind in the list, t= for example"},
    {0},
};
#undef AT
/* What of a list is wanted; wanted is where a struct generic_filter stands. */
#define WANTED_KEYS(wanted)                                                                        \
    {.name = "where", SOURCE, wanted + offsetof(struct generic_filter, where), false,              \
     "only where this gives what is and is_not say"},                                              \
    {.name = "is", TEXTS, wanted + offsetof(struct generic_filter, is), false,                     \
     "one of these; {account} and {location} are the channel's", .names = own_names},              \
    {.name = "is_not", TEXTS, wanted + offsetof(struct generic_filter, is_not), false,             \
     "none of these", .names = own_names}
#define AT(member) offsetof(struct generic_fact, member)
static const struct generic_key fact_keys[] = {
    {.name = "fact", CHOICE, AT(kind), true,
     "what it becomes", .names = fact_names, .values = fact_kinds},
    {.name = "topics", TEXTS, AT(topics), false, "topics of such documents; any when left out"},
    {.name = "each", POINTER, AT(each), false,
     "a list: one event an element; a step * is every element of a list on the way"},
    WANTED_KEYS(AT(wanted)),
    {.name = "fields", PAIRS, AT(fields), true,
     "member of the fact: source; x_s: a time in seconds"},
    {0},
};
#undef AT
static const struct generic_fact fact_preset = {.each = "", .wanted = {.where = ""}};
#define AT(member) offsetof(struct generic_notifications, member)
static const struct generic_key notifications_keys[] = {
    {.name = "signature", MAP, AT(signature), true,
     "signature of the raw body", .of = signature_keys, .check = check_signature},
    {.name = "tolerance_s", WHOLE, AT(tolerance_s), false,
     "how old a signed timestamp may be", .max = 86400},
    {.name = "id", SOURCE, AT(id), false, "the sender's own id of the notification"},
    {.name = "topic", SOURCE, AT(topic), false, "names what happened"},
    {.name = "facts", MAPS, AT(facts), true, "what documents hold, in any order", .max = FACTS_MAX,
     .of = fact_keys, .size = sizeof(struct generic_fact), .preset = &fact_preset,
     .check = check_fact},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_read, member)
static const struct generic_key read_keys[] = {
    {.name = "name", TEXT, AT(name), true, "of what is read, order for example"},
    {.name = "topics", TEXTS, AT(topics), false, "topics of documents that name it; any"},
    {.name = "each", POINTER, AT(each), false, "a list of such names; see facts"},
    {.name = "id", SOURCE, AT(id), true, "the name; absent or null: nothing to read"},
    {.name = "path", TEMPLATE, AT(path), true, "below base_url", .names = read_names},
    {.name = "from", POINTER, AT(from), false, "the document within the answer"},
    {.name = "under", POINTER, AT(under), false, "where facts see it, as in a notification"},
    {.name = "topic", TEXT, AT(topic), false, "by which topic facts know it"},
    {0},
};
#undef AT
static const struct generic_read read_preset = {.name = "", .each = "", .id = "", .path = "",
                                                .from = "", .under = "", .topic = ""};
#define PAGE_KEYS(pages)                                                                           \
    {.name = "cursor", SOURCE, pages + offsetof(struct generic_pages, cursor), false,              \
     "{cursor} of the next page; absent or null: the last"},                                       \
    {.name = "next", SOURCE, pages + offsetof(struct generic_pages, next), false,                  \
     "address of the next page, or a Link header; absent or null: the last"},                      \
    {.name = "page_len", WHOLE, pages + offsetof(struct generic_pages, page_len), false,           \
     "rows of a full page, when {page} or {offset} counts them", .min = 1, .max = 100000}
#define AT(member) offsetof(struct generic_poll, member)
static const struct generic_key poll_keys[] = {
    {.name = "path", TEMPLATE, AT(path), true,
     "below base_url, with {since}", .names = poll_names},
    {.name = "since", CHOICE, AT(since), false, "form of {since}", .names = since_names},
    {.name = "rows", POINTER, AT(rows), false, "the list of orders"},
    {.name = "under", POINTER, AT(under), false, "where facts see one, as in a notification"},
    {.name = "topic", TEXT, AT(topic), false, "by which topic facts and reads know it"},
    PAGE_KEYS(AT(pages)),
    {.name = "interval_s", WHOLE, AT(interval_s), false, "between two rounds",
     .min = 1, .max = 86400},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_login, member)
static const struct generic_key login_keys[] = {
    {.name = "path", TEMPLATE, AT(path), true,
     "below base_url, or a whole address", .names = login_names},
    {.name = "headers", PAIRS, AT(headers), false,
     "headers beside Content-Type", .names = login_names},
    {.name = "type", CHOICE, AT(type), false, "of the body", .names = type_names},
    {.name = "body", TEMPLATE, AT(body), false,
     "what is posted: client_id={token} for example", .names = login_names},
    {.name = "basic", BOOL, AT(basic), false, "HTTP Basic with token and token_secret"},
    {.name = "token", SOURCE, AT(token), true, "what is granted: {token} of all other calls"},
    {.name = "life_s", SOURCE, AT(life_s), false, "how many seconds it lives"},
    {.name = "preset_s", WHOLE, AT(preset_s), false,
     "how many when the answer does not say", .min = 1, .max = 31536000},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_answer, member)
static const struct generic_key answer_keys[] = {
    {.name = "results", POINTER, AT(results), false,
     "list with a result for each push of the request"},
    {.name = "key", SOURCE, AT(key), false, "address of the push that a result is of"},
    {.name = "shown", POINTER, AT(shown), false, "quantity that is shown now"},
    {.name = "error", SOURCE, AT(error), false, "when it is there, the push failed"},
    {.name = "error_text", SOURCE, AT(error_text), false, "the shop's words about it"},
    {.name = "errors", VERDICTS, AT(errors), false, "what each error means; others are rejected"},
    {.name = "statuses", VERDICTS, AT(statuses), false,
     "what an HTTP status means, before the general rule"},
    {.name = "confirms", CHOICE, AT(confirms), false,
     "what confirms a push", .names = confirms_names},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_push, member)
static const struct generic_key push_keys[] = {
    {.name = "method", TEXT, AT(method), true, "PUT, POST or PATCH"},
    {.name = "path", TEMPLATE, AT(path), true, "below base_url", .names = push_names},
    {.name = "headers", PAIRS, AT(headers), false,
     "headers beside Content-Type, of every call but a login", .names = push_names},
    {.name = "type", CHOICE, AT(type), false, "of the body", .names = type_names},
    {.name = "body", TEMPLATE, AT(body), true,
     "{items} stands for all items", .names = push_names},
    {.name = "item", TEMPLATE, AT(item), false,
     "one push; without it a request is for one", .names = push_names},
    {.name = "separator", TEXT, AT(separator), false, "between items; a comma when left out"},
    {.name = "basic", BOOL, AT(basic), false,
     "HTTP Basic with token and token_secret, in every call but a login"},
    {.name = "means", CHOICE, AT(means), false,
     "of {quantity} and of a snapshot's", .names = means_names},
    {.name = "answer", MAP, AT(answer), false, "how to read the answer", .of = answer_keys},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_snapshot, member)
static const struct generic_key snapshot_keys[] = {
    {.name = "path", TEMPLATE, AT(path), true, "below base_url", .names = page_names},
    {.name = "format", CHOICE, AT(format), false, "of the answer", .names = format_names},
    {.name = "delimiter", BYTE, AT(delimiter), false, "of CSV; a comma when left out"},
    {.name = "charset", TEXT, AT(charset), false,
     "of CSV and JSONL: Cp1252, Shift_JIS, UTF-16...; UTF-8 when left out"},
    {.name = "rows", POINTER, AT(rows), false, "the list of rows, in JSON"},
    {.name = "each", POINTER, AT(each), false,
     "a list within a row: one row an element, ../ is the row around it"},
    WANTED_KEYS(AT(wanted)),
    {.name = "listing", SOURCE, AT(listing), false,
     "of a row, as are the next; ./name is the column of that name"},
    {.name = "address", SOURCE, AT(address), false, "how pushes name it"},
    {.name = "sku", SOURCE, AT(sku), false, "its SKU"},
    {.name = "quantity", POINTER, AT(quantity), true,
     "what it shows; absent, null or empty: not tracked"},
    {.name = "version_at", SOURCE, AT(version_at), false, "when it changed, RFC 3339"},
    PAGE_KEYS(AT(pages)),
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_limits, member)
static const struct generic_key limits_keys[] = {
    {.name = "batch_max", WHOLE, AT(batch_max), false, "pushes in one request",
     .min = 1, .max = 1000},
    {.name = "rate_per_second", REAL, AT(rate_per_second), false, "requests",
     .min = 0.001, .max = 1e5},
    {.name = "rate_burst", REAL, AT(rate_burst), false, "requests at once", .min = 1, .max = 1e6},
    {.name = "concurrency", WHOLE, AT(concurrency), false, "requests in flight",
     .min = 1, .max = 100},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_spec, member)
static const struct generic_key spec_keys[] = {
    {.name = "notifications", MAP, AT(notifications), true,
     "what the shop tells", .of = notifications_keys, .check = check_notifications},
    {.name = "poll", MAP, AT(poll), false,
     "the orders that changed, asked for now and then", .of = poll_keys, .check = check_poll},
    {.name = "reads", MAPS, AT(reads), false, "what documents only name", .max = READS_MAX,
     .of = read_keys, .size = sizeof(struct generic_read), .preset = &read_preset,
     .check = check_read},
    {.name = "login", MAP, AT(login), false,
     "how a token is granted", .of = login_keys, .check = check_login},
    {.name = "push", MAP, AT(push), true,
     "how a quantity is written", .of = push_keys, .check = check_push},
    {.name = "snapshot", MAP, AT(snapshot), false,
     "how the shop's own quantities are read", .of = snapshot_keys, .check = check_snapshot},
    {.name = "limits", MAP, AT(limits), false, "what its API allows", .of = limits_keys},
    {0},
};
#undef AT
#define NO_PAGES {.cursor = "", .next = ""}
static const struct generic_spec spec_preset = {
    .notifications = {.id = "", .topic = ""},
    .poll = {.path = "", .rows = "", .under = "", .topic = "", .pages = NO_PAGES,
             .interval_s = 300},
    .login = {.path = "", .body = "", .token = "", .life_s = "", .preset_s = 3600},
    .push = {.item = "", .separator = ",",
             .answer = {.results = "", .key = "", .shown = "", .error = "", .error_text = ""}},
    .snapshot = {.path = "", .delimiter = ",", .charset = "", .rows = "", .each = "",
                 .wanted = {.where = ""}, .listing = "", .address = "", .sku = "", .quantity = "",
                 .version_at = "", .pages = NO_PAGES},
    .limits = {.batch_max = 1, .rate_per_second = 2, .rate_burst = 5, .concurrency = 1},
};
/* clang-format on */

/* ---- the whole ---- */

static bool check_whole(struct generic_reading *reading, const struct yaml *root,
                        const struct generic_spec *spec)
{
    if (*spec->push.item == '\0' && spec->limits.batch_max > 1)
        return yaml_fail(yaml_get(root, "limits"), reading->err,
                         "batch_max is above 1, and the body has no {items}");
    return check_reads(reading, yaml_get(root, "reads"), &spec->reads);
}

const struct generic_spec *generic_spec_read(struct arena *arena, const char *name,
                                             const char *bytes, size_t len, struct err *err)
{
    struct generic_reading reading = {arena, err};
    struct generic_spec *spec = arena_alloc(arena, sizeof(*spec));
    const struct yaml *root = yaml_parse(arena, name, bytes, len, err);

    *spec = spec_preset;
    if (root == NULL || !generic_keys_read(&reading, root, spec_keys, spec))
        return NULL;
    spec->notifications.signature.tolerance_ms = spec->notifications.tolerance_s * 1000;
    return check_whole(&reading, root, spec) ? spec : NULL;
}

void generic_spec_schema(struct buf *out)
{
    generic_keys_schema(spec_keys, "stockbus: spec of a generic channel", out);
}
