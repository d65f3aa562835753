#include "lib/event/record_json.h"

#include <assert.h>
#include <string.h>

#include "lib/base/clock.h"

/* Also room for the key of a time. */
enum { KEY_LEN_MAX = 64 };

static const char *key_of(const struct record_field *field, char key[KEY_LEN_MAX])
{
    size_t len = strlen(field->name);

    if (field->kind == RECORD_BYTES)
        return "bytes";
    assert(len < KEY_LEN_MAX);
    memcpy(key, field->name, len + 1);
    if (field->kind == RECORD_TIME)
        memcpy(key + len - strlen("ms"), "at", strlen("at"));
    return key;
}

/* ---- out ---- */

static void put_time(struct json_out *out, int64_t ms)
{
    char text[CLOCK_TEXT_LEN];

    json_put_text(out, ms == 0 ? NULL : clock_format(ms, text));
}

static void put_texts(struct json_out *out, const struct record_field *field, const void *from)
{
    const char *const *texts = *(const char *const *const *)record_at(field, from);

    json_array(out);
    for (size_t i = 0; i < record_len(field, from); i++)
        json_put_text(out, texts[i]);
    json_array_end(out);
}

static void put_list(struct json_out *out, const struct record_field *field, const void *from)
{
    json_array(out);
    for (size_t i = 0; i < record_len(field, from); i++) {
        json_object(out);
        record_to_json(field->of, record_element(field, from, i), out);
        json_object_end(out);
    }
    json_array_end(out);
}

static void put_value(struct json_out *out, const struct record_field *field, const void *from)
{
    switch (field->kind) {
    case RECORD_TEXT:
        json_put_text(out, record_text(field, from));
        break;
    case RECORD_INT64:
    case RECORD_INT32:
        json_put_int(out, record_number(field, from));
        break;
    case RECORD_TIME:
        put_time(out, record_number(field, from));
        break;
    case RECORD_BOOL:
        json_put_bool(out, record_number(field, from) != 0);
        break;
    case RECORD_ENUM:
        json_put_text(out, field->names[record_number(field, from)]);
        break;
    case RECORD_BYTES:
        json_put_int(out, (int64_t)record_len(field, from));
        break;
    case RECORD_TEXTS:
        put_texts(out, field, from);
        break;
    case RECORD_LIST:
        put_list(out, field, from);
        break;
    case RECORD_INLINE: /* record_to_json() puts its members, not it */
        break;
    }
}

static bool is_shown(const struct record_field *field, const void *from)
{
    if ((field->flags & RECORD_NOT_IN_JSON) != 0)
        return false;
    return (field->flags & RECORD_IF_SET) == 0 || !record_is_empty(field, from);
}

void record_to_json(const struct record *record, const void *from, struct json_out *out)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct record_field *field = &record->fields[i];
        char key[KEY_LEN_MAX];

        if (field->kind == RECORD_INLINE) {
            record_to_json(field->of, record_at(field, from), out);
        } else if (is_shown(field, from)) {
            json_key(out, key_of(field, key));
            put_value(out, field, from);
        }
    }
}

/* ---- in ---- */

static bool get_text(struct arena *arena, const char *key, const struct json *node,
                     const char **ret_text, struct err *err)
{
    const char *text = json_text(node);

    if (text == NULL)
        return err_set(err, ERR_REJECT, "%s is of kind %s, want text", key,
                       json_kind_name(json_kind(node)));
    *ret_text = arena_strdup(arena, text);
    return true;
}

static bool get_number(const struct record_field *field, const struct json *node, void *to,
                       struct err *err)
{
    int64_t min = field->kind == RECORD_INT32 ? INT32_MIN : INT64_MIN;
    int64_t max = field->kind == RECORD_INT32 ? INT32_MAX : INT64_MAX;
    int64_t value = 0;

    if (!json_int(node, min, max, &value))
        return err_set(err, ERR_REJECT, "%s is no whole number, or out of range", field->name);
    record_set_number(field, to, value);
    return true;
}

static bool get_time(const struct record_field *field, const char *key, const struct json *node,
                     void *to, struct err *err)
{
    int64_t ms = 0;

    if (json_kind(node) != JSON_STRING || !clock_parse(json_text(node), &ms))
        return err_set(err, ERR_REJECT, "%s is no time, want one like 2026-11-21T09:17:00Z", key);
    record_set_number(field, to, ms);
    return true;
}

static bool get_bool(const struct record_field *field, const struct json *node, void *to,
                     struct err *err)
{
    bool value = false;

    if (!json_bool(node, &value))
        return err_set(err, ERR_REJECT, "%s is of kind %s, want true or false", field->name,
                       json_kind_name(json_kind(node)));
    record_set_number(field, to, value);
    return true;
}

/* names[0] is "none", which nobody can ask for. */
static bool get_enum(const struct record_field *field, const struct json *node, void *to,
                     struct err *err)
{
    const char *name = json_text(node);

    for (int64_t value = 1; name != NULL && value <= field->max; value++) {
        if (strcmp(name, field->names[value]) == 0) {
            record_set_number(field, to, value);
            return true;
        }
    }
    return err_set(err, ERR_REJECT, "%s is '%.100s', which is none of its names", field->name,
                   name == NULL ? json_kind_name(json_kind(node)) : name);
}

static bool want_array(const struct record_field *field, const struct json *node, struct err *err)
{
    if (json_kind(node) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "%s is of kind %s, want array", field->name,
                       json_kind_name(json_kind(node)));
    return true;
}

static bool get_texts(struct arena *arena, const struct record_field *field,
                      const struct json *node, void *to, struct err *err)
{
    size_t len = json_len(node);

    if (!want_array(field, node, err))
        return false;
    const char **texts = arena_alloc(arena, len * sizeof(*texts));

    for (size_t i = 0; i < len; i++) {
        if (!get_text(arena, field->name, json_at(node, i), &texts[i], err))
            return false;
    }
    *(const char ***)(void *)((char *)to + field->offset) = texts;
    record_set_len(field, to, len);
    return true;
}

static bool get_list(struct arena *arena, const struct record_field *field,
                     const struct json *node, void *to, struct err *err)
{
    size_t len = json_len(node);

    if (!want_array(field, node, err))
        return false;
    char *elements = arena_alloc(arena, len * field->of->size);

    for (size_t i = 0; i < len; i++) {
        if (!record_from_json_object(arena, field->of, json_at(node, i),
                                     elements + i * field->of->size, err))
            return err_wrap(err, "%s[%zu]", field->name, i);
    }
    *(void **)(void *)((char *)to + field->offset) = elements;
    record_set_len(field, to, len);
    return true;
}

static bool get_value(struct arena *arena, const struct record_field *field,
                      const struct json *node, void *to, struct err *err)
{
    char key[KEY_LEN_MAX];

    switch (field->kind) {
    case RECORD_TEXT:
        return get_text(arena, field->name, node,
                        (const char **)(void *)((char *)to + field->offset), err);
    case RECORD_INT64:
    case RECORD_INT32:
        return get_number(field, node, to, err);
    case RECORD_TIME:
        return get_time(field, key_of(field, key), node, to, err);
    case RECORD_BOOL:
        return get_bool(field, node, to, err);
    case RECORD_ENUM:
        return get_enum(field, node, to, err);
    case RECORD_TEXTS:
        return get_texts(arena, field, node, to, err);
    case RECORD_LIST:
        return get_list(arena, field, node, to, err);
    case RECORD_INLINE:
        return record_from_json(arena, field->of, node, (char *)to + field->offset, err);
    case RECORD_BYTES: /* record_knows_key() has refused it */
        return true;
    }
    return true;
}

static bool get_field(struct arena *arena, const struct record_field *field,
                      const struct json *object, void *to, struct err *err)
{
    char key[KEY_LEN_MAX];
    const struct json *node = json_get(object, key_of(field, key));
    const struct json *number = field->kind == RECORD_TIME ? json_get(object, field->name) : NULL;

    if (field->kind == RECORD_INLINE)
        return get_value(arena, field, object, to, err);
    if (!json_is_null(node) && !json_is_null(number))
        return err_set(err, ERR_REJECT, "%s and %s are both given", key, field->name);
    if (!json_is_null(number))
        return get_number(field, number, to, err);
    if (!json_is_null(node))
        return get_value(arena, field, node, to, err);
    if ((field->flags & RECORD_NEEDED) != 0)
        return err_set(err, ERR_REJECT, "%s is missing", key);
    return true;
}

bool record_from_json(struct arena *arena, const struct record *record, const struct json *object,
                      void *to, struct err *err)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        if (!get_field(arena, &record->fields[i], object, to, err))
            return false;
    }
    return true;
}

bool record_from_json_object(struct arena *arena, const struct record *record,
                             const struct json *object, void *ret_struct, struct err *err)
{
    if (json_kind(object) != JSON_OBJECT)
        return err_set(err, ERR_REJECT, "kind %s, want object", json_kind_name(json_kind(object)));
    for (size_t i = 0; i < json_len(object); i++) {
        if (!record_knows_key(record, json_key_at(object, i)))
            return err_set(err, ERR_REJECT, "unknown key '%.100s'", json_key_at(object, i));
    }
    record_init(record, ret_struct);
    return record_from_json(arena, record, object, ret_struct, err);
}

static bool field_knows_key(const struct record_field *field, const char *name)
{
    char key[KEY_LEN_MAX];

    if (field->kind == RECORD_INLINE)
        return record_knows_key(field->of, name);
    if (field->kind == RECORD_BYTES)
        return false;
    return strcmp(name, field->name) == 0 || strcmp(name, key_of(field, key)) == 0;
}

bool record_knows_key(const struct record *record, const char *key)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        if (field_knows_key(&record->fields[i], key))
            return true;
    }
    return false;
}
