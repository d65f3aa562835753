/*
 * Tables that describe the structs of this folder field by field, in the order of the proto message
 * of the same name. Defaults, checking, hashing, protobuf and JSON all walk the same rows, so a new
 * field is one row. Internal to this folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/event/event.h"
#include "lib/event/push.h"

/* 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can write. */
#define RECORD_TIME_MAX INT64_C(253402300799999)

enum record_kind {
    RECORD_TEXT,   /* const char * */
    RECORD_INT64,  /* int64_t between min and max */
    RECORD_INT32,  /* int, the same */
    RECORD_TIME,   /* int64_t, milliseconds since 1970; the name ends in _ms */
    RECORD_BOOL,   /* bool */
    RECORD_ENUM,   /* an enum; names has max + 1 entries */
    RECORD_BYTES,  /* const void * and a length */
    RECORD_TEXTS,  /* const char *const * and a count, at most max */
    RECORD_LIST,   /* an array of the struct that `of` describes and a count, at most max */
    RECORD_INLINE, /* the struct that `of` describes, within this one; flat in JSON */
};

enum record_flag {
    RECORD_NEEDED = 1 << 0,      /* JSON must give it; a text, time or enum must not be empty */
    RECORD_NONZERO = 1 << 1,     /* numbers */
    RECORD_IN_ID = 1 << 2,       /* part of the business key */
    RECORD_IF_SET = 1 << 3,      /* left out of JSON when empty */
    RECORD_NOT_IN_JSON = 1 << 4, /* left out of JSON always */
    RECORD_NAME = 1 << 5,        /* text: [A-Za-z0-9._-]{1,64} */
    RECORD_BUCKET = 1 << 6,      /* text: [a-z_]{1,32}, never the derived bucket */
    RECORD_FREE = 1 << 7,        /* text of others: neither bounded nor checked for control bytes */
    RECORD_REASON = 1 << 8,      /* text: a word of event_reasons[]; another may be waived */
};

struct record_field {
    const char *name; /* as in the proto message; JSON too, but for times: x_ms is x_at there */
    enum record_kind kind;
    size_t offset;
    unsigned flags;
    int64_t min;
    int64_t max;
    size_t len_offset; /* of the length or count, where there is one */
    const struct record *of;
    const char *const *names;
};

struct record {
    const char *name;
    size_t size;
    const struct record_field *fields;
    size_t fields_len;
};

/* Zeroes the struct and makes every text "". */
void record_init(const struct record *record, void *ret_struct);
/* Whether it can be stored at all: no text is too long, no UTF-8 or has control bytes, and no list
   is too long. */
bool record_check_form(const struct record *record, const void *from, struct err *err) MUST_CHECK;
/* Every other bound, for what passed that. *ret_reason: which rule is broken (breach.h). */
bool record_check_rules(const struct record *record, const void *from, const char **ret_reason,
                        struct err *err) MUST_CHECK;
/* Both. ERR_REJECT naming the field: "ordered is -2, want 0 to 1000000000". */
bool record_check(const struct record *record, const void *from, struct err *err) MUST_CHECK;

/* Where the field is within the struct. */
static inline const void *record_at(const struct record_field *field, const void *from)
{
    return (const char *)from + field->offset;
}

const char *record_text(const struct record_field *field, const void *from);
/* Of any number, time, bool or enum. */
int64_t record_number(const struct record_field *field, const void *from);
void record_set_number(const struct record_field *field, void *to, int64_t value);
/* Count of elements or bytes. */
size_t record_len(const struct record_field *field, const void *from);
void record_set_len(const struct record_field *field, void *to, size_t len);
/* Element of a RECORD_LIST. */
const void *record_element(const struct record_field *field, const void *from, size_t index);
/* "", 0, false, no elements, no bytes. Never true of RECORD_INLINE. */
bool record_is_empty(const struct record_field *field, const void *from);

/* ---- the tables ---- */

extern const struct record record_source;
extern const struct record record_times;
extern const struct record record_raw;
/* Of struct event's union, by kind; the name is the kind's. [EVENT_NONE] has no fields. */
extern const struct record record_facts[EVENT_KIND_COUNT];
extern const struct record record_target;
extern const struct record record_outcome;
extern const struct record record_catalog_entry;
extern const struct record record_rejected;

extern const char *const record_decision_names[EVENT_FIX + 1];
extern const char *const record_via_names[EVENT_VIA_COUNT];
extern const char *const record_result_names[OUTCOME_RESULT_COUNT];
