/* How marketplaces write times, money and JSON; what a parser has to live with. */
#pragma once

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/json/json.h"

enum { SANDBOX_TIME_LEN = 40 };

/* 2024-04-02T08:59:11-05:00; whole seconds. */
const char *sandbox_time_offset(char text[SANDBOX_TIME_LEN], int64_t ms, int64_t offset_minutes);
/* 2017-03-22T16:28:02, without a zone. */
const char *sandbox_time_plain(char text[SANDBOX_TIME_LEN], int64_t ms, int64_t offset_minutes);
/* 2024-04-02T13:59:11Z */
const char *sandbox_time_zulu(char text[SANDBOX_TIME_LEN], int64_t ms);
/* 2024-04-02T13:59:11.123000000Z */
const char *sandbox_time_nanos(char text[SANDBOX_TIME_LEN], int64_t ms);

/* Tue, 02 Apr 2024 13:59:11 +0000 */
const char *sandbox_time_mail(char text[SANDBOX_TIME_LEN], int64_t ms);

/* "12.00", as text. */
void sandbox_put_money(struct json_out *json, const char *key, int64_t cents);
void sandbox_put_null(struct json_out *json, const char *key);
void sandbox_put_bool(struct json_out *json, const char *key, bool value);
/* An id that is a JSON number. */
void sandbox_put_id(struct json_out *json, const char *key, const char *id);
void sandbox_put_gid(struct json_out *json, const char *key, const char *type, const char *id);
void sandbox_put_empty_array(struct json_out *json, const char *key);

/* The same document as PHP's json_encode() writes it: slashes escaped, and everything beyond ASCII
   as \uXXXX when `ascii`. */
void sandbox_escape_json(const struct buf *json, bool ascii, struct buf *out);
/* Writes a parsed value again, members in their order: equal values give equal text. */
void sandbox_put_json(struct json_out *json, const struct json *node);
