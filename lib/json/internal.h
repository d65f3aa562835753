/* The tree's nodes, shared by the reader that builds them and the functions that walk them. */
#pragma once

#include "lib/json/json.h"

/* Up to this many members are searched one by one; bigger objects carry an index behind them. */
enum { JSON_LINEAR_MAX = 16 };

struct json {
    enum json_kind kind;
    uint32_t len; /* of an array or object */
    union {
        const char *text; /* string; number's digits */
        const struct json *items;
        const struct json_member *members;
    };
};

struct json_member {
    const char *key;
    struct json value;
};

/* Lays the members down in the arena, with their index. NULL: *ret_twice is the member whose key
   was there before. */
const struct json_member *json_members_new(struct arena *arena, const struct json_member *members,
                                           size_t len, const struct json_member **ret_twice);
