#include "lib/json/json.h"

#include <stdarg.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/number.h"
#include "lib/json/internal.h"

/* Slots hold a member's number + 1, 0 is free; at most half of them are taken. */
static size_t json_slots(size_t len)
{
    size_t slots = 4 * JSON_LINEAR_MAX;

    while (slots < 2 * len)
        slots *= 2;
    return slots;
}

/* The slot of the key, or the free one where it would stand. */
static size_t json_slot_of(const struct json_member *members, const uint32_t *index, size_t slots,
                           const char *key)
{
    size_t at = hash_text(key) & (slots - 1);

    while (index[at] != 0 && strcmp(members[index[at] - 1].key, key) != 0)
        at = (at + 1) & (slots - 1);
    return at;
}

static const struct json_member *json_find(const struct json_member *members, size_t len,
                                           const char *key)
{
    if (len > JSON_LINEAR_MAX) {
        const uint32_t *index = (const uint32_t *)(members + len);
        uint32_t number = index[json_slot_of(members, index, json_slots(len), key)];

        return number == 0 ? NULL : &members[number - 1];
    }
    for (size_t i = 0; i < len; i++) {
        if (strcmp(members[i].key, key) == 0)
            return &members[i];
    }
    return NULL;
}

const struct json_member *json_members_new(struct arena *arena, const struct json_member *members,
                                           size_t len, const struct json_member **ret_twice)
{
    size_t slots = len > JSON_LINEAR_MAX ? json_slots(len) : 0;
    struct json_member *kept = arena_alloc(arena, len * sizeof(*kept) + slots * sizeof(uint32_t));
    uint32_t *index = (uint32_t *)(kept + len);

    for (size_t i = 0; i < len; i++) {
        kept[i] = members[i];
        size_t slot = slots == 0 ? 0 : json_slot_of(kept, index, slots, kept[i].key);
        bool twice = slots == 0 ? json_find(kept, i, kept[i].key) != NULL : index[slot] != 0;
        if (twice) {
            *ret_twice = &members[i];
            return NULL;
        }
        if (slots != 0)
            index[slot] = (uint32_t)(i + 1);
    }
    return kept;
}

enum json_kind json_kind(const struct json *node)
{
    return node == NULL ? JSON_NULL : node->kind;
}

const char *json_kind_name(enum json_kind kind)
{
    switch (kind) {
    case JSON_NULL:
        return "null";
    case JSON_FALSE:
        return "false";
    case JSON_TRUE:
        return "true";
    case JSON_NUMBER:
        return "number";
    case JSON_STRING:
        return "string";
    case JSON_ARRAY:
        return "array";
    case JSON_OBJECT:
        return "object";
    }
    return "unknown";
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (json_kind(object) != JSON_OBJECT)
        return NULL;
    const struct json_member *member = json_find(object->members, object->len, key);
    return member == NULL ? NULL : &member->value;
}

const struct json *json_path(const struct json *object, ...)
{
    const char *key = NULL;
    va_list keys;

    va_start(keys, object);
    while ((key = va_arg(keys, const char *)) != NULL)
        object = json_get(object, key);
    va_end(keys);
    return object;
}

size_t json_len(const struct json *node)
{
    enum json_kind kind = json_kind(node);

    return kind == JSON_ARRAY || kind == JSON_OBJECT ? node->len : 0;
}

const struct json *json_at(const struct json *node, size_t index)
{
    if (index >= json_len(node))
        return NULL;
    return node->kind == JSON_ARRAY ? &node->items[index] : &node->members[index].value;
}

const char *json_key_at(const struct json *object, size_t index)
{
    if (json_kind(object) != JSON_OBJECT || index >= object->len)
        return NULL;
    return object->members[index].key;
}

const char *json_text(const struct json *node)
{
    enum json_kind kind = json_kind(node);

    return kind == JSON_STRING || kind == JSON_NUMBER ? node->text : NULL;
}

bool json_is_null(const struct json *node)
{
    return json_kind(node) == JSON_NULL;
}

bool json_int(const struct json *node, int64_t min, int64_t max, int64_t *ret_value)
{
    return number_whole(json_text(node), min, max, ret_value);
}

bool json_bool(const struct json *node, bool *ret_value)
{
    enum json_kind kind = json_kind(node);

    if (kind != JSON_TRUE && kind != JSON_FALSE)
        return false;
    *ret_value = kind == JSON_TRUE;
    return true;
}
