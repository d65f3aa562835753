#include "channels/generic/keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/near.h"

#include "channels/generic/value.h"

enum { TEXT_LEN_MAX = 8192 };

/* How a pointer and a length lie in memory, whatever it points to. */
struct list {
    const void *items;
    size_t len;
};

static const struct generic_key *key_find(const struct generic_key *keys, const char *name)
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

/* ---- scalars ---- */

static bool read_text(struct generic_reading *reading, const struct yaml *node, const char *key,
                      const char **ret_text)
{
    *ret_text = yaml_text(node);
    if (*ret_text == NULL || strlen(*ret_text) > TEXT_LEN_MAX)
        return yaml_fail(node, reading->err, "%s: want text of at most %d bytes", key,
                         TEXT_LEN_MAX);
    return true;
}

bool generic_keys_source(struct generic_reading *reading, const struct yaml *node, const char *key,
                         const char *text)
{
    const char *why = NULL;

    return generic_source_check(text, &why) ||
           yaml_fail(node, reading->err, "%s '%.100s': %s", key, text, why);
}

static bool read_pointer(struct generic_reading *reading, const struct yaml *node, const char *key,
                         const char *text)
{
    const char *why = NULL;

    return generic_pointer_check(text, &why) ||
           yaml_fail(node, reading->err, "%s '%.100s': %s", key, text, why);
}

static bool read_template(struct generic_reading *reading, const struct yaml *node, const char *key,
                          const char *text, const char *const *names)
{
    const char *why = NULL;

    return generic_template_check(text, names, &why) ||
           yaml_fail(node, reading->err, "%s '%.100s': %s; there are %s", key, text, why,
                     joined(reading->arena, names));
}

static bool read_byte(struct generic_reading *reading, const struct yaml *node,
                      const struct generic_key *key, const char *text)
{
    return (strlen(text) == 1 && strchr("\"\r\n", text[0]) == NULL) ||
           yaml_fail(node, reading->err, "%s '%.20s': want one byte, \"\\t\" for a tab", key->name,
                     text);
}

static bool read_choice(struct generic_reading *reading, const struct yaml *node,
                        const struct generic_key *key, const char *text, void *to)
{
    int index = name_index(key->names, text);

    if (index < 0)
        return yaml_fail(node, reading->err, "%s '%.100s': want one of %s", key->name, text,
                         joined(reading->arena, key->names));
    *(int *)to = key->values == NULL ? index : key->values[index]; /* an enum */
    return true;
}

static bool read_number(struct generic_reading *reading, const struct yaml *node,
                        const struct generic_key *key, const char *text, void *to)
{
    char *end = NULL;
    double value = strtod(text, &end);
    bool is_whole = key->kind == GENERIC_KEY_WHOLE;

    if (*text == '\0' || strspn(text, "0123456789.") != strlen(text) || *end != '\0' ||
        value < key->min || value > key->max || (is_whole && value != floor(value)))
        return yaml_fail(node, reading->err, "%s '%.100s': want %s number from %g to %.0f",
                         key->name, text, is_whole ? "a whole" : "a", key->min, key->max);
    if (is_whole)
        *(int64_t *)to = (int64_t)value;
    else
        *(double *)to = value;
    return true;
}

static bool read_bool(struct generic_reading *reading, const struct yaml *node,
                      const struct generic_key *key, const char *text, void *to)
{
    *(bool *)to = strcmp(text, "true") == 0;
    return *(bool *)to || strcmp(text, "false") == 0 ||
           yaml_fail(node, reading->err, "%s '%.100s': want true or false", key->name, text);
}

static bool read_scalar(struct generic_reading *reading, const struct yaml *node,
                        const struct generic_key *key, void *to)
{
    const char *text = NULL;

    if (!read_text(reading, node, key->name, &text))
        return false;
    if (key->kind == GENERIC_KEY_CHOICE)
        return read_choice(reading, node, key, text, to);
    if (key->kind == GENERIC_KEY_BOOL)
        return read_bool(reading, node, key, text, to);
    if (key->kind == GENERIC_KEY_WHOLE || key->kind == GENERIC_KEY_REAL)
        return read_number(reading, node, key, text, to);
    *(const char **)to = text;
    if (key->kind == GENERIC_KEY_BYTE)
        return read_byte(reading, node, key, text);
    if (key->kind == GENERIC_KEY_SOURCE)
        return generic_keys_source(reading, node, key->name, text);
    if (key->kind == GENERIC_KEY_POINTER)
        return read_pointer(reading, node, key->name, text);
    return key->kind != GENERIC_KEY_TEMPLATE ||
           read_template(reading, node, key->name, text, key->names);
}

/* ---- lists and pairs ---- */

static bool read_texts(struct generic_reading *reading, const struct yaml *node,
                       const struct generic_key *key, struct generic_texts *texts)
{
    size_t len = yaml_kind(node) == YAML_LIST ? yaml_len(node) : 1;
    const char **list = arena_alloc(reading->arena, (len + 1) * sizeof(*list));

    for (size_t i = 0; i < len; i++) {
        const struct yaml *text = yaml_kind(node) == YAML_LIST ? yaml_at(node, i) : node;

        if (!read_text(reading, text, key->name, &list[i]) ||
            (key->names != NULL && !read_template(reading, text, key->name, list[i], key->names)))
            return false;
    }
    *texts = (struct generic_texts){list, len};
    return true;
}

static bool is_verdict(const char *name)
{
    for (int i = 0; i < CHANNEL_VERDICT_COUNT; i++) {
        if (strcmp(channel_verdict_name((enum channel_verdict)i), name) == 0)
            return true;
    }
    return false;
}

static bool read_pairs(struct generic_reading *reading, const struct yaml *node,
                       const struct generic_key *key, struct generic_pairs *pairs)
{
    size_t len = yaml_len(node);
    struct generic_pair *list = arena_alloc(reading->arena, (len + 1) * sizeof(*list));

    if (yaml_kind(node) != YAML_MAP)
        return yaml_fail(node, reading->err, "%s: want a map", key->name);
    for (size_t i = 0; i < len; i++) {
        const struct yaml *value = yaml_at(node, i);

        list[i].name = yaml_text(yaml_key_at(node, i));
        if (!read_text(reading, value, list[i].name, &list[i].value))
            return false;
        if (key->kind == GENERIC_KEY_VERDICTS && !is_verdict(list[i].value))
            return yaml_fail(value, reading->err, "%s: there is no verdict '%.50s'", list[i].name,
                             list[i].value);
        if (key->names != NULL &&
            !read_template(reading, value, list[i].name, list[i].value, key->names))
            return false;
    }
    *pairs = (struct generic_pairs){list, len};
    return true;
}

/* ---- maps ---- */

static bool read_map(struct generic_reading *reading, const struct yaml *node,
                     const struct generic_key *key, void *to)
{
    return generic_keys_read(reading, node, key->of, to) &&
           (key->check == NULL || key->check(reading, node, to));
}

static bool read_maps(struct generic_reading *reading, const struct yaml *node,
                      const struct generic_key *key, struct list *list)
{
    size_t len = yaml_len(node);

    if (yaml_kind(node) != YAML_LIST || len == 0 || (double)len > key->max)
        return yaml_fail(node, reading->err, "%s: want a list of 1 to %.0f", key->name, key->max);
    char *items = arena_alloc(reading->arena, len * key->size);
    for (size_t i = 0; i < len; i++) {
        memcpy(items + i * key->size, key->preset, key->size);
        if (!read_map(reading, yaml_at(node, i), key, items + i * key->size))
            return false;
    }
    *list = (struct list){items, len};
    return true;
}

static bool read_value(struct generic_reading *reading, const struct yaml *node,
                       const struct generic_key *key, void *to)
{
    void *at = (char *)to + key->offset;

    switch (key->kind) {
    case GENERIC_KEY_TEXTS:
        return read_texts(reading, node, key, at);
    case GENERIC_KEY_PAIRS:
    case GENERIC_KEY_VERDICTS:
        return read_pairs(reading, node, key, at);
    case GENERIC_KEY_MAP:
        return read_map(reading, node, key, at);
    case GENERIC_KEY_MAPS:
        return read_maps(reading, node, key, at);
    case GENERIC_KEY_TEXT:
    case GENERIC_KEY_BYTE:
    case GENERIC_KEY_SOURCE:
    case GENERIC_KEY_POINTER:
    case GENERIC_KEY_TEMPLATE:
    case GENERIC_KEY_CHOICE:
    case GENERIC_KEY_BOOL:
    case GENERIC_KEY_WHOLE:
    case GENERIC_KEY_REAL:
        break;
    }
    return read_scalar(reading, node, key, at);
}

static bool fail_unknown(struct generic_reading *reading, const struct yaml *name,
                         const struct generic_key *keys)
{
    struct near near = near_to(yaml_text(name));
    char hint[NEAR_HINT_LEN];

    for (; keys->name != NULL; keys++)
        near_offer(&near, keys->name);
    return yaml_fail(name, reading->err, "unknown key '%.100s'%s", yaml_text(name),
                     near_hint(&near, hint));
}

bool generic_keys_read(struct generic_reading *reading, const struct yaml *node,
                       const struct generic_key *keys, void *to)
{
    if (yaml_kind(node) != YAML_MAP)
        return yaml_fail(node, reading->err, "want a map of keys");
    for (size_t i = 0; i < yaml_len(node); i++) {
        const struct yaml *name = yaml_key_at(node, i);
        const struct generic_key *key = key_find(keys, yaml_text(name));

        if (key == NULL)
            return fail_unknown(reading, name, keys);
        if (!read_value(reading, yaml_at(node, i), key, to))
            return false;
    }
    for (const struct generic_key *key = keys; key->name != NULL; key++) {
        if (key->needed && yaml_get(node, key->name) == NULL)
            return yaml_fail(node, reading->err, "key '%s' is missing", key->name);
    }
    return true;
}
