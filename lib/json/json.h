/*
 * JSON in and out, the one door to yajl. Reading builds a small read-only tree in an arena; numbers
 * stay the text that was sent, because ids above 2^53 are real. Stricter than yajl: duplicate keys,
 * depth, size, invalid UTF-8, trailing bytes and several documents are errors with a byte offset.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

enum { JSON_DEPTH_MAX = 64, JSON_NODES_MAX = 1000000 };

struct json; /* a node; borrowed from its arena */

/* The root, living as long as the arena, or NULL with ERR_REJECT: "json: duplicate key 'id' at byte
   17"; bytes count from 0. A byte order mark in front does no harm. bytes may go away
   afterwards. */
const struct json *json_parse(struct arena *arena, const void *bytes, size_t len, struct err *err);

enum json_kind json_kind(const struct json *node); /* NULL node: JSON_NULL */
const char *json_kind_name(enum json_kind kind);

/* Member of an object; NULL when absent or when node is no object (or NULL). */
const struct json *json_get(const struct json *object, const char *key);
/* Walks members: json_path(order, "a", "b", NULL). */
const struct json *json_path(const struct json *object, ...) __attribute__((sentinel));
/* Array elements and object members, in document order. 0 / NULL for other kinds. */
size_t json_len(const struct json *node);
const struct json *json_at(const struct json *node, size_t index);
const char *json_key_at(const struct json *object, size_t index);

/* The text of a string, or the exact digits of a number; NULL for everything else. This is how ids
   are read. An embedded NUL is refused at parsing, so the text is complete. */
const char *json_text(const struct json *node);
/* True for null and absent. */
bool json_is_null(const struct json *node);
/* A whole number in [min, max], sent as number or as string of digits ("12", "-3"; never "1e3",
   "1.0",
   "+1" or ""). False, and *ret_value untouched: absent, another kind, a fraction, or out of range.
 */
bool json_int(const struct json *node, int64_t min, int64_t max, int64_t *ret_value);
bool json_bool(const struct json *node, bool *ret_value);

/* Writer: appends to a buffer, adds the commas itself. Misuse (a key in an array, a second root,
   more than JSON_DEPTH_MAX levels) asserts. Texts are UTF-8; each byte that is not becomes U+FFFD.
 */
struct json_out {
    struct buf *buf;
    unsigned depth;
    bool after_key;
    bool need_comma[JSON_DEPTH_MAX + 1]; /* by depth; [0] is the root */
    bool in_object[JSON_DEPTH_MAX + 1];
};

void json_begin(struct json_out *out, struct buf *buf);
void json_object(struct json_out *out);
void json_object_end(struct json_out *out);
void json_array(struct json_out *out);
void json_array_end(struct json_out *out);
void json_key(struct json_out *out, const char *key);
void json_put_text(struct json_out *out, const char *text); /* NULL writes null */
void json_put_bytes(struct json_out *out, const char *text, size_t len);
void json_put_int(struct json_out *out, int64_t value);
/* The shortest digits that read back as the same double; not-a-number and infinity write null. */
void json_put_double(struct json_out *out, double value);
void json_put_bool(struct json_out *out, bool value);
void json_put_null(struct json_out *out);
/* A value that is JSON already (a number's digits, a whole document). */
void json_put_raw(struct json_out *out, const char *json);
/* Key and value in one. */
void json_put_member(struct json_out *out, const char *key, const char *text);
void json_put_member_int(struct json_out *out, const char *key, int64_t value);
