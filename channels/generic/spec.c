#include "channels/generic/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "channels/generic/value.h"
#include "lib/base/buf.h"
#include "lib/event/codec.h"

/* ---- tables ---- */

enum key_kind {
    KEY_TEXT,
    KEY_SOURCE,
    KEY_TEMPLATE,       /* names: which */
    KEY_CHOICE,         /* names: of the enum, in its order */
    KEY_BOOL,
    KEY_WHOLE,          /* from 0 to max */
    KEY_REAL,           /* the same */
    KEY_TEXTS,          /* a list, or one text */
    KEY_PAIRS,          /* a map of texts; values templates when names, else any text */
    KEY_VERDICTS,       /* a map whose values are verdicts */
    KEY_MAP,            /* of: the table of an inline struct */
    KEY_FACT_KIND,
    KEY_FACTS,          /* a list of maps */
};

struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;
    bool needed;
    const char *means;
    const char *const *names;
    double max;
    const struct key *of;
};

static const char *const push_names[] = {"address", "address_1", "address_2", "listing", "quantity",
                                         "version", "key",       "token",     "token_secret",
                                         "account", "location",  "items",     NULL};
static const char *const page_names[] = {"page", "cursor", "token", "account", "location", NULL};
static const char *const scheme_names[] = {"none", "hmac", "token", NULL};
static const char *const digest_names[] = {"sha256", "sha1", "sha512", NULL};
static const char *const encoding_names[] = {"base64", "hex", "any", NULL};
static const char *const secret_names[] = {"text", "html", "base64", "basic", NULL};
static const char *const signs_names[] = {"body",   "body_sha256", "id",      "timestamp",
                                          "method", "path",        "account", NULL};
static const char *const means_names[] = {"available", "on_hand", NULL};
static const char *const confirms_names[] = {"status", "value", NULL};
static const char *const format_names[] = {"json", "jsonl", NULL};

/* clang-format off: a row is one key */
#define AT(member) offsetof(struct channel_signature, member)
static const struct key signature_keys[] = {
    {.name = "scheme", KEY_CHOICE, AT(scheme), true,
     "how a notification proves who sent it", .names = scheme_names},
    {.name = "header", KEY_TEXT, AT(header), false, "header that holds the signature"},
    {.name = "secret", KEY_CHOICE, AT(secret), false, "form of the secret", .names = secret_names},
    {.name = "digest", KEY_CHOICE, AT(digest), false, "hash of the HMAC", .names = digest_names},
    {.name = "encoding", KEY_CHOICE, AT(encoding), false,
     "how the signature is written", .names = encoding_names},
    {.name = "prefix", KEY_TEXT, AT(prefix), false,
     "text before each signature, sha256= for example"},
    {.name = "prefix_is_optional", KEY_BOOL, AT(prefix_is_optional), false,
     "signatures without the prefix are taken as well"},
    {.name = "is_list", KEY_BOOL, AT(is_list), false,
     "several signatures with spaces between them"},
    {.name = "signs", KEY_TEMPLATE, AT(signs), false,
     "what is signed; {body} when left out", .names = signs_names},
    {.name = "id_header", KEY_TEXT, AT(id_header), false, "header that holds {id}"},
    {.name = "timestamp_header", KEY_TEXT, AT(timestamp_header), false,
     "header that holds {timestamp}, in seconds"},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_notifications, member)
static const struct key notifications_keys[] = {
    {.name = "signature", KEY_MAP, AT(signature), true,
     "signature of the raw body", .of = signature_keys},
    {.name = "tolerance_s", KEY_WHOLE, AT(tolerance_s), false,
     "how old a signed timestamp may be", .max = 86400},
    {.name = "id", KEY_SOURCE, AT(id), false, "the sender's own id of the notification"},
    {.name = "topic", KEY_SOURCE, AT(topic), false, "names what happened"},
    {.name = "facts", KEY_FACTS, 0, true, "what documents hold, in any order"},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_answer, member)
static const struct key answer_keys[] = {
    {.name = "results", KEY_SOURCE, AT(results), false,
     "list with a result for each push of the request"},
    {.name = "key", KEY_SOURCE, AT(key), false, "address of the push that a result is of"},
    {.name = "shown", KEY_SOURCE, AT(shown), false, "quantity that is shown now"},
    {.name = "error", KEY_SOURCE, AT(error), false, "when it is there, the push failed"},
    {.name = "error_text", KEY_SOURCE, AT(error_text), false, "the shop's words about it"},
    {.name = "errors", KEY_VERDICTS, AT(errors), false,
     "what each error means; others are rejected"},
    {.name = "statuses", KEY_VERDICTS, AT(statuses), false,
     "what an HTTP status means, before the general rule"},
    {.name = "confirms", KEY_CHOICE, AT(confirms), false,
     "what confirms a push", .names = confirms_names},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_push, member)
static const struct key push_keys[] = {
    {.name = "method", KEY_TEXT, AT(method), true, "PUT, POST or PATCH"},
    {.name = "path", KEY_TEMPLATE, AT(path), true, "below base_url", .names = push_names},
    {.name = "headers", KEY_PAIRS, AT(headers), false,
     "headers beside Content-Type", .names = push_names},
    {.name = "body", KEY_TEMPLATE, AT(body), true,
     "JSON; {items} stands for all items", .names = push_names},
    {.name = "item", KEY_TEMPLATE, AT(item), false,
     "one push; without it a request is for one", .names = push_names},
    {.name = "separator", KEY_TEXT, AT(separator), false, "between items; a comma when left out"},
    {.name = "basic", KEY_BOOL, AT(basic), false, "HTTP Basic with token and token_secret"},
    {.name = "means", KEY_CHOICE, AT(means), false,
     "of {quantity} and of a snapshot's", .names = means_names},
    {.name = "answer", KEY_MAP, AT(answer), false, "how to read the answer", .of = answer_keys},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_snapshot, member)
static const struct key snapshot_keys[] = {
    {.name = "path", KEY_TEMPLATE, AT(path), true, "below base_url", .names = page_names},
    {.name = "format", KEY_CHOICE, AT(format), false, "of the answer", .names = format_names},
    {.name = "rows", KEY_SOURCE, AT(rows), false, "the list of rows"},
    {.name = "listing", KEY_SOURCE, AT(listing), false, "of a row, as are the next"},
    {.name = "address", KEY_SOURCE, AT(address), false, "how pushes name it"},
    {.name = "sku", KEY_SOURCE, AT(sku), false, "its SKU"},
    {.name = "quantity", KEY_SOURCE, AT(quantity), true,
     "what it shows; absent or null: not tracked"},
    {.name = "version_at", KEY_SOURCE, AT(version_at), false, "when it changed, RFC 3339"},
    {.name = "cursor", KEY_SOURCE, AT(cursor), false,
     "{cursor} of the next page; absent or null: the last"},
    {.name = "page_len", KEY_WHOLE, AT(page_len), false,
     "rows of a full page, when {page} counts them", .max = 100000},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_limits, member)
static const struct key limits_keys[] = {
    {.name = "batch_max", KEY_WHOLE, AT(batch_max), false, "pushes in one request", .max = 1000},
    {.name = "rate_per_second", KEY_REAL, AT(rate_per_second), false, "requests", .max = 1e5},
    {.name = "rate_burst", KEY_REAL, AT(rate_burst), false, "requests at once", .max = 1e6},
    {.name = "concurrency", KEY_WHOLE, AT(concurrency), false, "requests in flight", .max = 1000},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_spec, member)
static const struct key spec_keys[] = {
    {.name = "notifications", KEY_MAP, AT(notifications), true,
     "what the shop tells", .of = notifications_keys},
    {.name = "push", KEY_MAP, AT(push), true, "how a quantity is written", .of = push_keys},
    {.name = "snapshot", KEY_MAP, AT(snapshot), false,
     "how the shop's own quantities are read", .of = snapshot_keys},
    {.name = "limits", KEY_MAP, AT(limits), false, "what its API allows", .of = limits_keys},
    {0},
};
#undef AT
#define AT(member) offsetof(struct generic_fact, member)
static const struct key fact_keys[] = {
    {.name = "fact", KEY_FACT_KIND, AT(kind), true, "what it becomes"},
    {.name = "topics", KEY_TEXTS, AT(topics), false, "topics of such documents; any when left out"},
    {.name = "each", KEY_SOURCE, AT(each), false, "a list: one event an element"},
    {.name = "where", KEY_SOURCE, AT(where), false, "only where this gives one of `is`"},
    {.name = "is", KEY_TEXTS, AT(is), false, "see `where`"},
    {.name = "fields", KEY_PAIRS, AT(fields), true,
     "member of the fact: source; x_s: a time in seconds"},
    {0},
};
#undef AT
/* clang-format on */

static const enum event_kind fact_kinds[] = {EVENT_ORDER_LINE,    EVENT_ORDER_VOIDED,
                                             EVENT_LINE_CANCELLED, EVENT_LINE_SHIPPED,
                                             EVENT_LINE_RETURNED, EVENT_OBSERVATION};
static const char *const methods[] = {"PUT", "POST", "PATCH", NULL};

enum { FACTS_MAX = 32, TEXT_LEN_MAX = 8192 };

/* ---- reading ---- */

struct reading {
    struct arena *arena;
    struct err *err;
};

static bool read_map(struct reading *reading, const struct yaml *node, const struct key *keys,
                     void *to);

static const struct key *key_find(const struct key *keys, const char *name)
{
    for (; keys->name != NULL; keys++) {
        if (strcmp(keys->name, name) == 0)
            return keys;
    }
    return NULL;
}

/* Index of the name, or -1. */
static int name_index(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

static const char *joined(struct arena *arena, const char *const *names)
{
    const char *all = names[0];

    for (size_t i = 1; names[i] != NULL; i++)
        all = arena_printf(arena, "%s, %s", all, names[i]);
    return all;
}

static bool read_text(struct reading *reading, const struct yaml *node, const char *key,
                      const char **ret_text)
{
    *ret_text = yaml_text(node);
    if (*ret_text == NULL || strlen(*ret_text) > TEXT_LEN_MAX)
        return yaml_fail(node, reading->err, "%s: want text of at most %d bytes", key,
                         TEXT_LEN_MAX);
    return true;
}

static bool check_source(struct reading *reading, const struct yaml *node, const char *key,
                         const char *text)
{
    const char *why = NULL;

    return generic_source_check(text, &why) ||
           yaml_fail(node, reading->err, "%s '%.100s': %s", key, text, why);
}

static bool check_template(struct reading *reading, const struct yaml *node, const char *key,
                           const char *text, const char *const *names)
{
    const char *why = NULL;

    return generic_template_check(text, names, &why) ||
           yaml_fail(node, reading->err, "%s '%.100s': %s; there are %s", key, text, why,
                     joined(reading->arena, names));
}

static bool read_choice(struct reading *reading, const struct yaml *node, const struct key *key,
                        const char *text, void *to)
{
    int index = name_index(key->names, text);

    if (index < 0)
        return yaml_fail(node, reading->err, "%s '%.100s': want one of %s", key->name, text,
                         joined(reading->arena, key->names));
    *(int *)to = index; /* an enum */
    return true;
}

static bool read_number(struct reading *reading, const struct yaml *node, const struct key *key,
                        const char *text, void *to)
{
    char *end = NULL;
    double value = strtod(text, &end);
    bool is_whole = key->kind == KEY_WHOLE;

    if (*text == '\0' || strspn(text, "0123456789.") != strlen(text) || *end != '\0' ||
        value > key->max || (is_whole && value != floor(value)))
        return yaml_fail(node, reading->err, "%s '%.100s': want %s number from 0 to %.0f",
                         key->name, text, is_whole ? "a whole" : "a", key->max);
    if (is_whole)
        *(int64_t *)to = (int64_t)value;
    else
        *(double *)to = value;
    return true;
}

static bool read_bool(struct reading *reading, const struct yaml *node, const struct key *key,
                      const char *text, void *to)
{
    *(bool *)to = strcmp(text, "true") == 0;
    return *(bool *)to || strcmp(text, "false") == 0 ||
           yaml_fail(node, reading->err, "%s '%.100s': want true or false", key->name, text);
}

static bool read_scalar(struct reading *reading, const struct yaml *node, const struct key *key,
                        void *to)
{
    const char *text = NULL;

    if (!read_text(reading, node, key->name, &text))
        return false;
    if (key->kind == KEY_CHOICE)
        return read_choice(reading, node, key, text, to);
    if (key->kind == KEY_BOOL)
        return read_bool(reading, node, key, text, to);
    if (key->kind == KEY_WHOLE || key->kind == KEY_REAL)
        return read_number(reading, node, key, text, to);
    *(const char **)to = text;
    if (key->kind == KEY_SOURCE)
        return check_source(reading, node, key->name, text);
    return key->kind != KEY_TEMPLATE || check_template(reading, node, key->name, text, key->names);
}

static bool read_texts(struct reading *reading, const struct yaml *node, const struct key *key,
                       struct generic_texts *texts)
{
    size_t len = yaml_kind(node) == YAML_LIST ? yaml_len(node) : 1;
    const char **list = arena_alloc(reading->arena, len * sizeof(*list));

    for (size_t i = 0; i < len; i++) {
        if (!read_text(reading, yaml_kind(node) == YAML_LIST ? yaml_at(node, i) : node, key->name,
                       &list[i]))
            return false;
    }
    *texts = (struct generic_texts){list, len};
    return true;
}

static bool verdict_find(const char *name, enum channel_verdict *ret_verdict)
{
    for (int i = 0; i < CHANNEL_VERDICT_COUNT; i++) {
        if (strcmp(channel_verdict_name((enum channel_verdict)i), name) == 0) {
            *ret_verdict = (enum channel_verdict)i;
            return true;
        }
    }
    return false;
}

static bool read_pairs(struct reading *reading, const struct yaml *node, const struct key *key,
                       struct generic_pairs *pairs)
{
    size_t len = yaml_len(node);
    struct generic_pair *list = arena_alloc(reading->arena, (len + 1) * sizeof(*list));

    if (yaml_kind(node) != YAML_MAP)
        return yaml_fail(node, reading->err, "%s: want a map", key->name);
    for (size_t i = 0; i < len; i++) {
        const struct yaml *value = yaml_at(node, i);
        enum channel_verdict verdict;

        list[i].name = yaml_text(yaml_key_at(node, i));
        if (!read_text(reading, value, list[i].name, &list[i].value))
            return false;
        if (key->kind == KEY_VERDICTS && !verdict_find(list[i].value, &verdict))
            return yaml_fail(value, reading->err, "%s: there is no verdict '%.50s'", list[i].name,
                             list[i].value);
        if (key->names != NULL &&
            !check_template(reading, value, list[i].name, list[i].value, key->names))
            return false;
    }
    *pairs = (struct generic_pairs){list, len};
    return true;
}

/* ---- facts ---- */

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

static bool check_fields(struct reading *reading, const struct yaml *node,
                         const struct generic_fact *fact)
{
    bool is_dated = false;

    for (size_t i = 0; i < fact->fields.len; i++) {
        const struct generic_pair *field = &fact->fields.list[i];
        const struct yaml *key = yaml_key_at(node, i);

        if (!event_json_has_member(fact->kind, field_member(reading->arena, field->name)))
            return yaml_fail(key, reading->err, "%s has no member '%.100s'",
                             event_kind_name(fact->kind), field->name);
        if (!check_source(reading, yaml_at(node, i), field->name, field->value))
            return false;
        is_dated = is_dated || names_time(fact->kind, field->name);
    }
    return is_dated ||
           yaml_fail(node, reading->err, "%s needs a time: %s", event_kind_name(fact->kind),
                     wants_occurred(fact->kind) ? "occurred_at or occurred_s"
                                                : "version_at or version_s");
}

static bool read_fact_kind(struct reading *reading, const struct yaml *node,
                           enum event_kind *ret_kind)
{
    const char *name = NULL;

    if (!read_text(reading, node, "fact", &name))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(fact_kinds); i++) {
        if (strcmp(event_kind_name(fact_kinds[i]), name) == 0)
            *ret_kind = fact_kinds[i];
    }
    return *ret_kind != EVENT_NONE ||
           yaml_fail(node, reading->err,
                     "fact '%.100s': want order_line, order_voided, line_cancelled, line_shipped, "
                     "line_returned or observation",
                     name);
}

static bool read_fact(struct reading *reading, const struct yaml *node, struct generic_fact *fact)
{
    *fact = (struct generic_fact){.each = "", .where = ""};
    if (!read_map(reading, node, fact_keys, fact))
        return false;
    if ((*fact->where != '\0') != (fact->is.len > 0))
        return yaml_fail(node, reading->err, "'where' and 'is' go together");
    return check_fields(reading, yaml_get(node, "fields"), fact);
}

static bool read_facts(struct reading *reading, const struct yaml *node,
                       struct generic_notifications *notifications)
{
    size_t len = yaml_len(node);

    if (yaml_kind(node) != YAML_LIST || len == 0 || len > FACTS_MAX)
        return yaml_fail(node, reading->err, "facts: want a list of 1 to %d", FACTS_MAX);
    struct generic_fact *facts = arena_alloc(reading->arena, len * sizeof(*facts));
    for (size_t i = 0; i < len; i++) {
        if (!read_fact(reading, yaml_at(node, i), &facts[i]))
            return false;
    }
    notifications->facts = facts;
    notifications->facts_len = len;
    return true;
}

/* ---- maps ---- */

static bool read_value(struct reading *reading, const struct yaml *node, const struct key *key,
                       void *to)
{
    void *at = (char *)to + key->offset;

    switch (key->kind) {
    case KEY_TEXTS:
        return read_texts(reading, node, key, at);
    case KEY_PAIRS:
    case KEY_VERDICTS:
        return read_pairs(reading, node, key, at);
    case KEY_MAP:
        return read_map(reading, node, key->of, at);
    case KEY_FACT_KIND:
        return read_fact_kind(reading, node, at);
    case KEY_FACTS:
        return read_facts(reading, node, to);
    case KEY_TEXT:
    case KEY_SOURCE:
    case KEY_TEMPLATE:
    case KEY_CHOICE:
    case KEY_BOOL:
    case KEY_WHOLE:
    case KEY_REAL:
        break;
    }
    return read_scalar(reading, node, key, at);
}

static bool read_map(struct reading *reading, const struct yaml *node, const struct key *keys,
                     void *to)
{
    if (yaml_kind(node) != YAML_MAP)
        return yaml_fail(node, reading->err, "want a map of keys");
    for (size_t i = 0; i < yaml_len(node); i++) {
        const struct yaml *name = yaml_key_at(node, i);
        const struct key *key = key_find(keys, yaml_text(name));

        if (key == NULL)
            return yaml_fail(name, reading->err, "unknown key '%.100s'", yaml_text(name));
        if (!read_value(reading, yaml_at(node, i), key, to))
            return false;
    }
    for (const struct key *key = keys; key->name != NULL; key++) {
        if (key->needed && yaml_get(node, key->name) == NULL)
            return yaml_fail(node, reading->err, "key '%s' is missing", key->name);
    }
    return true;
}

/* ---- what one key does not tell ---- */

static bool check_signature(struct reading *reading, const struct yaml *root,
                            const struct channel_signature *signature)
{
    const struct yaml *node = yaml_get(yaml_get(root, "notifications"), "signature");
    const char *signs = signature->signs == NULL ? "" : signature->signs;

    if (signature->scheme != CHANNEL_SIGNATURE_NONE && signature->header == NULL)
        return yaml_fail(node, reading->err, "key 'header' is missing");
    if (strstr(signs, "{id}") != NULL && signature->id_header == NULL)
        return yaml_fail(node, reading->err, "{id} is signed, and id_header is missing");
    if (strstr(signs, "{timestamp}") != NULL && signature->timestamp_header == NULL)
        return yaml_fail(node, reading->err, "{timestamp} is signed, and timestamp_header is "
                                             "missing");
    if (signature->tolerance_ms > 0 && strstr(signs, "{timestamp}") == NULL)
        return yaml_fail(node, reading->err, "tolerance_s needs a {timestamp} that is signed");
    if (*signs != '\0' && strstr(signs, "{body}") == NULL &&
        strstr(signs, "{body_sha256}") == NULL)
        return yaml_fail(node, reading->err, "signs: the {body} must be signed");
    return true;
}

static bool check_whole(struct reading *reading, const struct yaml *root,
                        const struct generic_spec *spec)
{
    const struct yaml *push = yaml_get(root, "push");
    bool has_items = strstr(spec->push.body, "{items}") != NULL;

    if (name_index(methods, spec->push.method) < 0)
        return yaml_fail(yaml_get(push, "method"), reading->err, "method '%.20s': want one of %s",
                         spec->push.method, joined(reading->arena, methods));
    if (has_items != (*spec->push.item != '\0'))
        return yaml_fail(push, reading->err, "'item' and {items} in the body go together");
    if (!has_items && spec->limits.batch_max > 1)
        return yaml_fail(yaml_get(root, "limits"), reading->err,
                         "batch_max is above 1, and the body has no {items}");
    return check_signature(reading, root, &spec->notifications.signature);
}

const struct generic_spec *generic_spec_read(struct arena *arena, const char *name,
                                             const char *bytes, size_t len, struct err *err)
{
    struct reading reading = {arena, err};
    struct generic_spec *spec = arena_alloc(arena, sizeof(*spec));
    const struct yaml *root = yaml_parse(arena, name, bytes, len, err);

    *spec = (struct generic_spec){
        .notifications = {.id = "", .topic = ""},
        .push = {.item = "",
                 .separator = ",",
                 .answer = {.results = "", .key = "", .shown = "", .error = "", .error_text = ""}},
        .snapshot = {.path = "", .rows = "", .listing = "", .address = "", .sku = "",
                     .quantity = "", .version_at = "", .cursor = ""},
        .limits = {.batch_max = 1, .rate_per_second = 2, .rate_burst = 5, .concurrency = 1},
    };
    if (root == NULL || !read_map(&reading, root, spec_keys, spec))
        return NULL;
    spec->notifications.signature.tolerance_ms = spec->notifications.tolerance_s * 1000;
    return check_whole(&reading, root, spec) ? spec : NULL;
}

/* ---- JSON Schema ---- */

static void schema_map(const struct key *keys, struct json_out *out);

static void schema_names(const char *const *names, struct json_out *out)
{
    json_key(out, "enum");
    json_array(out);
    for (; *names != NULL; names++)
        json_put_text(out, *names);
    json_array_end(out);
}

static void schema_type(const char *type, struct json_out *out)
{
    json_put_member(out, "type", type);
}

static void schema_texts(struct json_out *out)
{
    json_key(out, "type");
    json_array(out);
    json_put_text(out, "string");
    json_put_text(out, "array");
    json_array_end(out);
    json_key(out, "items");
    json_object(out);
    schema_type("string", out);
    json_object_end(out);
}

static void schema_pairs(bool is_verdict, struct json_out *out)
{
    schema_type("object", out);
    json_key(out, "additionalProperties");
    json_object(out);
    schema_type("string", out);
    if (is_verdict) {
        json_key(out, "enum");
        json_array(out);
        for (int i = 0; i < CHANNEL_VERDICT_COUNT; i++)
            json_put_text(out, channel_verdict_name((enum channel_verdict)i));
        json_array_end(out);
    }
    json_object_end(out);
}

static void schema_fact_kind(struct json_out *out)
{
    json_key(out, "enum");
    json_array(out);
    for (size_t i = 0; i < ARRAY_LEN(fact_kinds); i++)
        json_put_text(out, event_kind_name(fact_kinds[i]));
    json_array_end(out);
}

static void schema_facts(struct json_out *out)
{
    schema_type("array", out);
    json_put_member_int(out, "minItems", 1);
    json_put_member_int(out, "maxItems", FACTS_MAX);
    json_key(out, "items");
    json_object(out);
    schema_map(fact_keys, out);
    json_object_end(out);
}

static void schema_value(const struct key *key, struct json_out *out)
{
    json_put_member(out, "description", key->means);
    switch (key->kind) {
    case KEY_TEXT:
    case KEY_TEMPLATE:
        schema_type("string", out);
        break;
    case KEY_SOURCE:
        schema_type("string", out);
        json_put_member(out, "pattern", "^(/|\\.$|\\./|header:.|=)");
        break;
    case KEY_CHOICE:
        schema_names(key->names, out);
        break;
    case KEY_BOOL:
        schema_type("boolean", out);
        break;
    case KEY_WHOLE:
    case KEY_REAL:
        schema_type(key->kind == KEY_WHOLE ? "integer" : "number", out);
        json_put_member_int(out, "minimum", 0);
        json_put_member_int(out, "maximum", (int64_t)key->max);
        break;
    case KEY_TEXTS:
        schema_texts(out);
        break;
    case KEY_PAIRS:
    case KEY_VERDICTS:
        schema_pairs(key->kind == KEY_VERDICTS, out);
        break;
    case KEY_MAP:
        schema_map(key->of, out);
        break;
    case KEY_FACT_KIND:
        schema_fact_kind(out);
        break;
    case KEY_FACTS:
        schema_facts(out);
        break;
    }
}

static void schema_map(const struct key *keys, struct json_out *out)
{
    schema_type("object", out);
    json_key(out, "additionalProperties");
    json_put_bool(out, false);
    json_key(out, "properties");
    json_object(out);
    for (const struct key *key = keys; key->name != NULL; key++) {
        json_key(out, key->name);
        json_object(out);
        schema_value(key, out);
        json_object_end(out);
    }
    json_object_end(out);
    json_key(out, "required");
    json_array(out);
    for (const struct key *key = keys; key->name != NULL; key++) {
        if (key->needed)
            json_put_text(out, key->name);
    }
    json_array_end(out);
}

void generic_spec_schema(struct buf *out)
{
    struct json_out json;

    json_begin(&json, out);
    json_object(&json);
    json_put_member(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_put_member(&json, "title", "stockbus: spec of a generic channel");
    schema_map(spec_keys, &json);
    json_object_end(&json);
}
