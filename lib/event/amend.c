#include "lib/event/amend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/event/record.h"

/* ---- values ---- */

static bool value_number(const char *text, int64_t *ret_value)
{
    char *end = NULL;

    errno = 0;
    *ret_value = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0;
}

static bool value_time(const char *text, int64_t *ret_ms)
{
    return clock_parse(text, ret_ms) || value_number(text, ret_ms);
}

static bool value_name(const struct record_field *field, const char *text, int64_t *ret_value)
{
    for (int64_t i = 0; i <= field->max; i++) {
        *ret_value = i;
        if (strcmp(field->names[i], text) == 0)
            return true;
    }
    return false;
}

static bool value_truth(const char *text, int64_t *ret_value)
{
    *ret_value = strcmp(text, "true") == 0;
    return *ret_value != 0 || strcmp(text, "false") == 0;
}

static void set_texts(struct arena *arena, const struct record_field *field, const char *text,
                      void *to)
{
    const char **texts = NULL;
    size_t capacity = 0;
    size_t len = 0;

    while (*text != '\0') {
        size_t name_len = strcspn(text, ",");

        texts = arena_grow(arena, texts, len, &capacity, sizeof(*texts));
        texts[len++] = arena_strndup(arena, text, name_len);
        text += name_len + (text[name_len] == ',');
    }
    *(const char *const **)(void *)((char *)to + field->offset) = texts;
    record_set_len(field, to, len);
}

static bool set_value(struct arena *arena, const struct record_field *field, const char *text,
                      void *to)
{
    int64_t value = 0;
    bool ok = false;

    switch (field->kind) {
    case RECORD_TEXT:
        *(const char **)(void *)((char *)to + field->offset) = text;
        return true;
    case RECORD_TEXTS:
        set_texts(arena, field, text, to);
        return true;
    case RECORD_INT64:
    case RECORD_INT32:
        ok = value_number(text, &value);
        break;
    case RECORD_TIME:
        ok = value_time(text, &value);
        break;
    case RECORD_ENUM:
        ok = value_name(field, text, &value);
        break;
    case RECORD_BOOL:
        ok = value_truth(text, &value);
        break;
    case RECORD_LIST: /* nothing that a line of text says well: post a new fact */
    case RECORD_BYTES:
    case RECORD_INLINE:
        return false;
    }
    if (ok)
        record_set_number(field, to, value);
    return ok;
}

/* ---- fields ---- */

/* "placed_at" names the field placed_ms, too. */
static bool is_named(const struct record_field *field, const char *name)
{
    size_t stem = strlen(field->name) - strlen("ms");

    if (strcmp(field->name, name) == 0)
        return true;
    return field->kind == RECORD_TIME && strncmp(field->name, name, stem) == 0 &&
           strcmp(name + stem, "at") == 0;
}

/* The field and, as *to, the struct that it is in; NULL: there is none. */
static const struct record_field *find_field(const struct record *record, const char *name,
                                             void **to)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct record_field *field = &record->fields[i];
        void *inner = (char *)*to + field->offset;

        if (field->kind == RECORD_INLINE) {
            field = find_field(field->of, name, &inner);
            if (field == NULL)
                continue;
            *to = inner;
            return field;
        }
        if (is_named(field, name))
            return field;
    }
    return NULL;
}

static const struct record_field time_field[] = {
    {.name = "occurred_ms", RECORD_TIME, offsetof(struct event_times, occurred_ms)},
};
static const struct record time_of_fact = {"times", sizeof(struct event_times), time_field, 1};

static bool amend_one(struct arena *arena, const struct event_change *change, struct event *event,
                      struct err *err)
{
    void *to = &event->order_line;
    const struct record_field *field = find_field(&record_facts[event->kind], change->field, &to);

    if (field == NULL) {
        to = &event->times;
        field = find_field(&time_of_fact, change->field, &to);
    }
    if (field == NULL)
        return err_set(err, ERR_REJECT, "%s has no field '%.100s'", event_kind_name(event->kind),
                       change->field);
    if (!set_value(arena, field, change->value, to))
        return err_set(err, ERR_REJECT, "%s can't be '%.100s'", change->field, change->value);
    return true;
}

bool event_amend(struct arena *arena, const struct event *event,
                 const struct event_change *changes, size_t count, struct event *ret_event,
                 struct err *err)
{
    struct event amended = *event;

    for (size_t i = 0; i < count; i++) {
        if (!amend_one(arena, &changes[i], &amended, err))
            return false;
    }
    if (!event_check_form(&amended, err))
        return false;
    *ret_event = amended;
    return true;
}
