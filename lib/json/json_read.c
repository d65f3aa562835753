#include <assert.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "lib/base/utf8.h"
#include "lib/json/internal.h"

enum { JSON_KEY_SHOWN_MAX = 60, JSON_VALUES_MIN = 64 };

struct json_frame {
    enum json_kind kind;
    const char *key; /* under which the container itself stands; void in an array */
    size_t first;    /* its first child on the stack of values */
};

/*
 * Texts are cut out of a copy of the input where they stand: a token's own bytes, or those right
 * behind it, have room for its NUL, so no text is allocated by itself. Finished values wait on one
 * stack until their container closes; then they move to the arena side by side.
 */
struct json_reader {
    struct arena *arena;
    struct err *err;
    yajl_handle yajl;
    const unsigned char *input;
    char *copy;
    size_t len;
    bool at_end;     /* yajl is being told that nothing follows; its offsets are void */
    size_t root_end; /* offset behind the whole document */
    const char *key; /* the last one seen: what the next value in an object stands under */
    struct json_member *values;
    size_t values_len;
    size_t values_capacity;
    size_t nodes;
    unsigned depth;
    struct json_frame frames[JSON_DEPTH_MAX];
};

static size_t json_offset(const struct json_reader *reader)
{
    return reader->at_end ? reader->len : yajl_get_bytes_consumed(reader->yajl);
}

/* Returns 0, which makes yajl stop. */
static int json_fail(struct json_reader *reader, const char *what, size_t offset)
{
    if (reader->key == NULL)
        err_set(reader->err, ERR_REJECT, "json: %s at byte %zu", what, offset);
    else
        err_set(reader->err, ERR_REJECT, "json: %s at byte %zu, after key '%.*s'", what, offset,
                JSON_KEY_SHOWN_MAX, reader->key);
    return 0;
}

static int json_push(struct json_reader *reader, struct json value, const char *key)
{
    if (reader->values_len == reader->values_capacity) {
        reader->values_capacity *= 2;
        reader->values =
            mem_realloc(reader->values, reader->values_capacity, sizeof(*reader->values));
    }
    reader->values[reader->values_len++] = (struct json_member){key, value};
    if (reader->depth == 0)
        reader->root_end = json_offset(reader);
    return 1;
}

static int json_count(struct json_reader *reader)
{
    reader->nodes += 1;
    return reader->nodes <= JSON_NODES_MAX ||
           json_fail(reader, "too many values", json_offset(reader));
}

static int json_leaf(struct json_reader *reader, enum json_kind kind, const char *text)
{
    return json_count(reader) &&
           json_push(reader, (struct json){.kind = kind, .text = text}, reader->key);
}

/* The closing quote's place in the copy takes the NUL. yajl hands out a buffer of its own if there
   were escapes; those only get shorter, so the text ends where the string ended. */
static const char *json_cut_string(struct json_reader *reader, const void *text, size_t len)
{
    size_t end = yajl_get_bytes_consumed(reader->yajl) - 1;
    char *cut = reader->copy + end - len;

    memcpy(cut, text, len);
    cut[len] = '\0';
    return cut;
}

static int json_on_null(void *opaque)
{
    return json_leaf(opaque, JSON_NULL, NULL);
}

static int json_on_boolean(void *opaque, int value)
{
    return json_leaf(opaque, value ? JSON_TRUE : JSON_FALSE, NULL);
}

static int json_on_number(void *opaque, const char *text, size_t len)
{
    struct json_reader *reader = opaque;

    if (reader->at_end) /* a lone number, of which yajl kept the beginning for itself */
        return json_leaf(reader, JSON_NUMBER, arena_strndup(reader->arena, text, len));
    size_t end = yajl_get_bytes_consumed(reader->yajl);
    reader->copy[end] = '\0';
    return json_leaf(reader, JSON_NUMBER, reader->copy + end - len);
}

static int json_on_string(void *opaque, const unsigned char *text, size_t len)
{
    return json_leaf(opaque, JSON_STRING, json_cut_string(opaque, text, len));
}

static int json_on_key(void *opaque, const unsigned char *text, size_t len)
{
    struct json_reader *reader = opaque;

    reader->key = json_cut_string(reader, text, len);
    return 1;
}

static int json_open(struct json_reader *reader, enum json_kind kind)
{
    if (!json_count(reader))
        return 0;
    if (reader->depth == JSON_DEPTH_MAX)
        return json_fail(reader, "nested too deeply", json_offset(reader) - 1);
    reader->frames[reader->depth++] = (struct json_frame){kind, reader->key, reader->values_len};
    return 1;
}

/* The opening quote's offset in the input, found from the text's place in the copy. Inner quotes
   have an odd number of backslashes before them. */
static size_t json_key_offset(const struct json_reader *reader, const char *key)
{
    size_t at = (size_t)(key - reader->copy) + strlen(key);
    size_t slashes = 0;

    do {
        at -= 1;
        slashes = 0;
        while (slashes < at && reader->input[at - 1 - slashes] == '\\')
            slashes += 1;
    } while (reader->input[at] != '"' || slashes % 2 != 0);
    return at;
}

static int json_fail_twice(const struct json_reader *reader, const char *key)
{
    err_set(reader->err, ERR_REJECT, "json: duplicate key '%.*s' at byte %zu", JSON_KEY_SHOWN_MAX,
            key, json_key_offset(reader, key));
    return 0;
}

static int json_close(struct json_reader *reader)
{
    const struct json_frame *frame = &reader->frames[--reader->depth];
    const struct json_member *children = reader->values + frame->first;
    const struct json_member *twice = NULL;
    size_t len = reader->values_len - frame->first;
    struct json value = {.kind = frame->kind, .len = (uint32_t)len};

    if (frame->kind == JSON_OBJECT) {
        value.members = json_members_new(reader->arena, children, len, &twice);
        if (value.members == NULL)
            return json_fail_twice(reader, twice->key);
    } else {
        struct json *items = arena_alloc(reader->arena, len * sizeof(*items));

        for (size_t i = 0; i < len; i++)
            items[i] = children[i].value;
        value.items = items;
    }
    reader->values_len = frame->first;
    return json_push(reader, value, frame->key);
}

static int json_on_open_object(void *opaque)
{
    return json_open(opaque, JSON_OBJECT);
}

static int json_on_open_array(void *opaque)
{
    return json_open(opaque, JSON_ARRAY);
}

static int json_on_close(void *opaque)
{
    return json_close(opaque);
}

static bool json_is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int json_hex(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* -1 when these are no four hex digits. */
static int json_hex4(const unsigned char *at, size_t len)
{
    int value = 0;

    for (size_t i = 0; i < 4; i++) {
        int digit = i < len ? json_hex(at[i]) : -1;

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Bytes of the escape that begins at `at`; 0 with *ret_why if yajl would let a bad one by. What
   yajl refuses itself counts as two bytes here. */
static size_t json_escape_len(const unsigned char *at, size_t len, const char **ret_why)
{
    int unit = len > 2 && at[1] == 'u' ? json_hex4(at + 2, len - 2) : -1;

    if (unit < 0)
        return 2;
    if (unit == 0)
        *ret_why = "embedded NUL";
    if (unit < 0xD800 || unit > 0xDFFF)
        return unit == 0 ? 0 : 6;
    if (unit < 0xDC00 && len > 8 && at[6] == '\\' && at[7] == 'u') {
        int low = json_hex4(at + 8, len - 8);

        if (low >= 0xDC00 && low <= 0xDFFF)
            return 12;
    }
    *ret_why = "lone surrogate";
    return 0;
}

/* Up to where the bytes are good UTF-8 with good escapes. yajl lets overlong forms by, takes \v and
   \f for blanks and turns a lone surrogate into '?' (before Debian's patch of CVE-2017-16516 it
   aborted), so this comes first. A backslash outside of a string is yajl's to refuse. */
static size_t json_good_len(const unsigned char *bytes, size_t len, const char **ret_why)
{
    size_t i = 0;

    *ret_why = NULL;
    while (i < len) {
        size_t step = 1;

        if (bytes[i] == '\\') {
            step = json_escape_len(bytes + i, len - i, ret_why);
        } else if (bytes[i] >= 0x80) {
            step = utf8_char_len(bytes + i, len - i);
            *ret_why = "invalid UTF-8";
        } else if (bytes[i] < ' ' && !json_is_blank(bytes[i])) {
            step = 0;
            *ret_why = "control character";
        }
        if (step == 0)
            return i;
        i += step;
    }
    *ret_why = NULL;
    return len;
}

static void json_fail_by_yajl(struct json_reader *reader, size_t offset)
{
    unsigned char *text = yajl_get_error(reader->yajl, 0, NULL, 0);
    char *why = (char *)text;

    why[strcspn(why, ".\n")] = '\0';
    json_fail(reader, why, offset);
    yajl_free_error(reader->yajl, text);
}

/* yajl forgives a second document that breaks off within a string: {} "abc */
static bool json_check_rest(struct json_reader *reader)
{
    for (size_t i = reader->root_end; i < reader->len; i++) {
        if (!json_is_blank(reader->input[i]))
            return json_fail(reader, "trailing bytes", i);
    }
    return true;
}

/* A callback that stopped yajl has set *err; else the reason is yajl's. */
static bool json_run(struct json_reader *reader)
{
    const char *why = NULL;
    size_t good_len = json_good_len(reader->input, reader->len, &why);
    yajl_status status = yajl_parse(reader->yajl, reader->input, good_len);

    /* What yajl has against the bytes before stands nearer to the beginning. */
    if (status == yajl_status_ok && why != NULL)
        return json_fail(reader, why, good_len);
    if (status == yajl_status_ok) {
        reader->at_end = true;
        status = yajl_complete_parse(reader->yajl);
    }
    if (status == yajl_status_error)
        json_fail_by_yajl(reader, json_offset(reader));
    return status == yajl_status_ok && json_check_rest(reader);
}

static void *json_malloc(void *opaque, size_t size)
{
    (void)opaque;
    return mem_calloc(size, 1);
}

static void *json_realloc(void *opaque, void *old, size_t size)
{
    (void)opaque;
    return mem_realloc(old, size, 1);
}

static void json_free(void *opaque, void *pointer)
{
    (void)opaque;
    mem_free(pointer);
}

static const yajl_callbacks json_callbacks = {
    .yajl_null = json_on_null,
    .yajl_boolean = json_on_boolean,
    .yajl_number = json_on_number,
    .yajl_string = json_on_string,
    .yajl_start_map = json_on_open_object,
    .yajl_map_key = json_on_key,
    .yajl_end_map = json_on_close,
    .yajl_start_array = json_on_open_array,
    .yajl_end_array = json_on_close,
};

/* Some writers put a byte order mark before it: blanks in its place keep the offsets. */
static const unsigned char *json_without_mark(struct arena *arena, const void *bytes, size_t len)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t mark_len = sizeof(mark) - 1;

    if (len < mark_len || memcmp(bytes, mark, mark_len) != 0)
        return bytes;
    unsigned char *copy = arena_memdup(arena, bytes, len);
    memset(copy, ' ', mark_len);
    return copy;
}

const struct json *json_parse(struct arena *arena, const void *bytes, size_t len, struct err *err)
{
    /* yajl itself does not look at what malloc() gives. */
    yajl_alloc_funcs memory = {json_malloc, json_realloc, json_free, NULL};
    const unsigned char *input = json_without_mark(arena, bytes, len);
    struct json_reader reader = {.arena = arena, .err = err, .input = input, .len = len};
    struct json *root = NULL;

    reader.values_capacity = JSON_VALUES_MIN;
    reader.values = mem_calloc(JSON_VALUES_MIN, sizeof(*reader.values));
    reader.copy = arena_strndup(arena, (const char *)input, len);
    reader.yajl = yajl_alloc(&json_callbacks, &memory, &reader);
    yajl_config(reader.yajl, yajl_dont_validate_strings, 1);
    if (json_run(&reader)) {
        assert(reader.values_len == 1 && reader.depth == 0);
        root = arena_memdup(arena, &reader.values[0].value, sizeof(*root));
    }
    yajl_free(reader.yajl);
    mem_free(reader.values);
    return root;
}
