/*
 * Any struct that a table describes, to and from members of a JSON object. Rows are members of the
 * same name, but a time x_ms is written as x_at in RFC 3339 (null: unknown), and of a body only the
 * number of "bytes". Internal to this folder.
 */
#pragma once

#include "lib/base/mem.h"
#include "lib/event/record.h"
#include "lib/json/json.h"

/* Adds the members to the object that is open. */
void record_to_json(const struct record *record, const void *from, struct json_out *out);
/* Reads the members that are there into an initialised struct; texts go to the arena. Times come as
   x_at or, as a number, x_ms. ERR_REJECT names the key; bounds are record_check()'s affair. */
bool record_from_json(struct arena *arena, const struct record *record, const struct json *object,
                      void *to, struct err *err) MUST_CHECK;
/* The same for a whole object: initialises, and refuses keys that the table does not know. The
   struct is in any state after a failure. */
bool record_from_json_object(struct arena *arena, const struct record *record,
                             const struct json *object, void *ret_struct,
                             struct err *err) MUST_CHECK;
/* True when record_from_json() reads such a key. */
bool record_knows_key(const struct record *record, const char *key);
