/*
 * Structs to and from protobuf bytes (the topics) and JSON (command lines, admin endpoint).
 * protobuf-c and its long names stay inside. Decoding copies into the arena; unknown fields are
 * tolerated, an unknown kind of fact is ERR_REJECT, an unknown name of an enum is its 0. Messages
 * over CODEC_BYTES_MAX are refused, as are targets, outcomes and catalog entries out of bounds;
 * facts are checked by event_check(). Texts that are no UTF-8 are repaired when encoding.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/event/event.h"
#include "lib/event/push.h"
#include "lib/json/json.h"

enum { CODEC_BYTES_MAX = 4 * 1024 * 1024 };

void event_encode(const struct event *event, struct buf *out);
bool event_decode(struct arena *arena, const void *bytes, size_t len, struct event *ret_event,
                  struct err *err) MUST_CHECK;
void target_encode(const struct target *target, struct buf *out);
bool target_decode(struct arena *arena, const void *bytes, size_t len, struct target *ret_target,
                   struct err *err) MUST_CHECK;
void outcome_encode(const struct outcome *outcome, struct buf *out);
bool outcome_decode(struct arena *arena, const void *bytes, size_t len,
                    struct outcome *ret_outcome, struct err *err) MUST_CHECK;
void catalog_entry_encode(const struct catalog_entry *entry, struct buf *out);
bool catalog_entry_decode(struct arena *arena, const void *bytes, size_t len,
                          struct catalog_entry *ret_entry, struct err *err) MUST_CHECK;
void rejected_encode(const struct rejected *rejected, struct buf *out);
bool rejected_decode(struct arena *arena, const void *bytes, size_t len,
                     struct rejected *ret_rejected, struct err *err) MUST_CHECK;

/* One line of JSON, keys in a fixed order, times x_ms as x_at in RFC 3339 (null: unknown); without
   the host, and of the raw body only its length. Deterministic: golden files compare it. */
void event_to_json(const struct event *event, struct buf *out);
void target_to_json(const struct target *target, struct buf *out);
void outcome_to_json(const struct outcome *outcome, struct buf *out);
void rejected_to_json(const struct rejected *rejected, struct buf *out);

/*
 * A manual fact from the admin endpoint: {"kind":"stock_counted","fact_id":...,"occurred_at":...,
 * "actor":...,"sku":...,...}, the field names of the proto messages; a time x_ms may also come as
 * x_at in RFC 3339. Unknown keys, missing ones and wrong types are ERR_REJECT naming the key. Any
 * kind may be given, order facts and observations too (then "channel" must say whose). A mapping
 * may say "sku" and "units" (default 1) instead of "components"; [] retires the listing. Sets
 * source.channel to "admin" unless given (that of mappings, rules and latencies is theirs), and
 * captured_via to manual; leaves occurred_ms 0 when it is not given; does not identify or check.
 */
bool event_from_json(struct arena *arena, const struct json *object, struct event *ret_event,
                     struct err *err) MUST_CHECK;
/* True when event_from_json() reads such a member of such a fact. */
bool event_json_has_member(enum event_kind kind, const char *member);
/* {"channel","listing","address","quantity","version"...}: input of `publisher preview`. */
bool target_from_json(struct arena *arena, const struct json *object, struct target *ret_target,
                      struct err *err) MUST_CHECK;
