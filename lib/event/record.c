#include "lib/event/record.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/utf8.h"
#include "lib/event/breach.h"
#include "lib/event/words.h"

enum { NAME_LEN_MAX = 64, BUCKET_LEN_MAX = 32 };

void record_init(const struct record *record, void *ret_struct)
{
    memset(ret_struct, 0, record->size);
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct record_field *field = &record->fields[i];
        void *at = (char *)ret_struct + field->offset;

        if (field->kind == RECORD_TEXT)
            *(const char **)at = "";
        else if (field->kind == RECORD_INLINE)
            record_init(field->of, at);
    }
}

const char *record_text(const struct record_field *field, const void *from)
{
    const char *text = *(const char *const *)record_at(field, from);

    /* A struct that was written as a whole lacks the fields that came later. */
    return text == NULL ? "" : text;
}

int64_t record_number(const struct record_field *field, const void *from)
{
    const void *at = record_at(field, from);

    if (field->kind == RECORD_INT64 || field->kind == RECORD_TIME)
        return *(const int64_t *)at;
    if (field->kind == RECORD_BOOL)
        return *(const bool *)at;
    assert(field->kind == RECORD_INT32 || field->kind == RECORD_ENUM);
    return *(const int *)at;
}

void record_set_number(const struct record_field *field, void *to, int64_t value)
{
    void *at = (char *)to + field->offset;

    if (field->kind == RECORD_INT64 || field->kind == RECORD_TIME)
        *(int64_t *)at = value;
    else if (field->kind == RECORD_BOOL)
        *(bool *)at = value != 0;
    else
        *(int *)at = (int)value;
}

size_t record_len(const struct record_field *field, const void *from)
{
    return *(const size_t *)(const void *)((const char *)from + field->len_offset);
}

void record_set_len(const struct record_field *field, void *to, size_t len)
{
    *(size_t *)(void *)((char *)to + field->len_offset) = len;
}

const void *record_element(const struct record_field *field, const void *from, size_t index)
{
    const char *elements = *(const char *const *)record_at(field, from);

    return elements + index * field->of->size;
}

bool record_is_empty(const struct record_field *field, const void *from)
{
    switch (field->kind) {
    case RECORD_TEXT:
        return record_text(field, from)[0] == '\0';
    case RECORD_BYTES:
    case RECORD_TEXTS:
    case RECORD_LIST:
        return record_len(field, from) == 0;
    case RECORD_INLINE:
        return false;
    case RECORD_INT64:
    case RECORD_INT32:
    case RECORD_TIME:
    case RECORD_BOOL:
    case RECORD_ENUM:
        return record_number(field, from) == 0;
    }
    return false;
}

/* ---- checking ---- */

/* C0, DEL and, as U+0080 to U+009F, C1. The text is valid UTF-8. */
static bool has_control(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7F || (at[0] == 0xC2 && at[1] < 0xA0))
            return true;
    }
    return false;
}

static bool check_plain(const char *name, const char *text, struct err *err)
{
    size_t len = strnlen(text, EVENT_TEXT_MAX + 1);

    if (len > EVENT_TEXT_MAX)
        return err_set(err, ERR_REJECT, "%s is longer than %d bytes", name, EVENT_TEXT_MAX);
    if (!utf8_is_valid(text, len))
        return err_set(err, ERR_REJECT, "%s is not valid utf-8", name);
    if (has_control(text))
        return err_set(err, ERR_REJECT, "%s has a control character", name);
    return true;
}

static bool check_len(const struct record_field *field, size_t len, struct err *err)
{
    if (len > (size_t)field->max)
        return err_set(err, ERR_REJECT, "%s has %zu entries, want at most %" PRId64, field->name,
                       len, field->max);
    return true;
}

static bool check_form_of_texts(const struct record_field *field, const void *from, struct err *err)
{
    const char *const *texts = *(const char *const *const *)record_at(field, from);
    size_t len = record_len(field, from);

    if (!check_len(field, len, err))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!check_plain(field->name, texts[i], err))
            return false;
    }
    return true;
}

static bool check_form_of_list(const struct record_field *field, const void *from, struct err *err)
{
    size_t len = record_len(field, from);

    if (!check_len(field, len, err))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!record_check_form(field->of, record_element(field, from, i), err))
            return err_wrap(err, "%s[%zu]", field->name, i);
    }
    return true;
}

static bool check_form_of_field(const struct record_field *field, const void *from, struct err *err)
{
    switch (field->kind) {
    case RECORD_TEXT:
        return (field->flags & RECORD_FREE) != 0 ||
               check_plain(field->name, record_text(field, from), err);
    case RECORD_TEXTS:
        return check_form_of_texts(field, from, err);
    case RECORD_LIST:
        return check_form_of_list(field, from, err);
    case RECORD_INLINE:
        return record_check_form(field->of, record_at(field, from), err);
    case RECORD_INT64:
    case RECORD_INT32:
    case RECORD_TIME:
    case RECORD_BOOL:
    case RECORD_ENUM:
    case RECORD_BYTES:
        return true;
    }
    return true;
}

bool record_check_form(const struct record *record, const void *from, struct err *err)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        if (!check_form_of_field(&record->fields[i], from, err))
            return false;
    }
    return true;
}

/* What follows knows that the texts are plain. It says which rule is broken, for machines and for
   people. */
struct breach {
    const char **ret_reason;
    struct err *err;
};

#define BREAKS(breach, reason, ...) \
    (*(breach)->ret_reason = (reason), err_set((breach)->err, ERR_REJECT, __VA_ARGS__))

static bool check_bucket(const char *name, const char *text, struct breach *breach)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz_";
    size_t len = strlen(text);

    if (len > BUCKET_LEN_MAX || strspn(text, lower) != len)
        return BREAKS(breach, EVENT_UNKNOWN_BUCKET, "%s is '%.100s', want 1 to %d of a-z _", name,
                      text, BUCKET_LEN_MAX);
    /* A fact that names it would be added to what the ledger computes. */
    if (event_bucket_is_derived(text))
        return BREAKS(breach, EVENT_UNKNOWN_BUCKET,
                      "%s is '%s', which is derived and not for facts", name, text);
    if (len > 0 && !event_bucket_is_known(text))
        return BREAKS(breach, EVENT_UNKNOWN_BUCKET, "%s is '%s', want one that is known, like '%s'",
                      name, text, event_buckets[0].name);
    return true;
}

static bool check_name(const char *name, const char *text, struct breach *breach)
{
    static const char any[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(text);

    if (len > NAME_LEN_MAX || strspn(text, any) != len)
        return BREAKS(breach, EVENT_BAD_NAME, "%s is '%.100s', want 1 to %d of A-Z a-z 0-9 . _ -",
                      name, text, NAME_LEN_MAX);
    return true;
}

static bool check_text(const struct record_field *field, const char *text, unsigned flags,
                       struct breach *breach)
{
    if ((flags & RECORD_NEEDED) != 0 && text[0] == '\0')
        return BREAKS(breach,
                      (flags & RECORD_REASON) != 0 ? EVENT_REASON_MISSING : EVENT_FIELD_MISSING,
                      "%s is missing", field->name);
    return ((flags & RECORD_NAME) == 0 || check_name(field->name, text, breach)) &&
           ((flags & RECORD_BUCKET) == 0 || check_bucket(field->name, text, breach));
}

static const char *number_reason(int64_t min, int64_t value)
{
    if (value > min || min < 0)
        return EVENT_OVERFLOW;
    return value < 0 ? EVENT_NEGATIVE_QUANTITY : EVENT_ZERO_QUANTITY;
}

static bool check_number(const struct record_field *field, int64_t min, int64_t max, int64_t value,
                         struct breach *breach)
{
    if (value < min || value > max)
        return BREAKS(breach, number_reason(min, value),
                      "%s is %" PRId64 ", want %" PRId64 " to %" PRId64, field->name, value, min,
                      max);
    if (value == 0 && (field->flags & RECORD_NONZERO) != 0)
        return BREAKS(breach, EVENT_ZERO_QUANTITY, "%s is 0, want another number", field->name);
    return true;
}

/* Times and enums, whose 0 says "unknown". */
static bool check_known(const struct record_field *field, int64_t max, int64_t value,
                        struct breach *breach)
{
    if (value == 0 && (field->flags & RECORD_NEEDED) != 0)
        return BREAKS(breach, EVENT_FIELD_MISSING, "%s is missing", field->name);
    if (value < 0 || value > max)
        return BREAKS(breach, EVENT_OUT_OF_RANGE, "%s is %" PRId64 ", want 0 to %" PRId64,
                      field->name, value, max);
    return true;
}

static bool check_texts(const struct record_field *field, const void *from, struct breach *breach)
{
    const char *const *texts = *(const char *const *const *)record_at(field, from);
    size_t len = record_len(field, from);

    for (size_t i = 0; i < len; i++) {
        if (!check_text(field, texts[i], field->flags | RECORD_NEEDED, breach))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(texts[i], texts[j]) == 0)
                return BREAKS(breach, EVENT_NAMED_TWICE, "%s names '%s' twice", field->name,
                              texts[i]);
        }
    }
    return true;
}

static bool check_rules(const struct record *record, const void *from, struct breach *breach);

static bool check_list(const struct record_field *field, const void *from, struct breach *breach)
{
    size_t len = record_len(field, from);

    for (size_t i = 0; i < len; i++) {
        if (!check_rules(field->of, record_element(field, from, i), breach))
            return err_wrap(breach->err, "%s[%zu]", field->name, i);
    }
    return true;
}

static bool check_field(const struct record_field *field, const void *from, struct breach *breach)
{
    switch (field->kind) {
    case RECORD_TEXT:
        return check_text(field, record_text(field, from), field->flags, breach);
    case RECORD_INT64:
    case RECORD_INT32:
        return check_number(field, field->min, field->max, record_number(field, from), breach);
    case RECORD_TIME:
        return check_known(field, RECORD_TIME_MAX, record_number(field, from), breach);
    case RECORD_ENUM:
        return check_known(field, field->max, record_number(field, from), breach);
    case RECORD_TEXTS:
        return check_texts(field, from, breach);
    case RECORD_LIST:
        return check_list(field, from, breach);
    case RECORD_INLINE:
        return check_rules(field->of, record_at(field, from), breach);
    case RECORD_BOOL:
    case RECORD_BYTES:
        return true;
    }
    return true;
}

static bool check_rules(const struct record *record, const void *from, struct breach *breach)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        if (!check_field(&record->fields[i], from, breach))
            return false;
    }
    return true;
}

bool record_check_rules(const struct record *record, const void *from, const char **ret_reason,
                        struct err *err)
{
    return check_rules(record, from, &(struct breach){ret_reason, err});
}

bool record_check(const struct record *record, const void *from, struct err *err)
{
    const char *ignored = "";

    return record_check_form(record, from, err) && record_check_rules(record, from, &ignored, err);
}
