#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <uuid/uuid.h>

#include "lib/base/buf.h"
#include "lib/event/event.h"
#include "lib/event/record.h"

/* Ours; with another one every event would get another id. */
static const uuid_t id_namespace = {0x5e, 0x1c, 0x0f, 0x8a, 0x3b, 0x64, 0x4d, 0x27,
                                    0x9a, 0x71, 0xc4, 0x0e, 0x52, 0xd8, 0x96, 0x13};

/*
 * The canonical form is a list of texts, each behind its length, so that "a","bc" is not "ab","c".
 * A field is its name and value, and an empty one is left out: a field that is added one day does
 * not change the ids and hashes of the events before it.
 */
static void put(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    unsigned char prefix[4] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
                               (unsigned char)(len >> 8), (unsigned char)len};

    buf_append(out, prefix, sizeof(prefix));
    buf_append(out, text, len);
}

static void put_number(struct buf *out, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    put(out, text);
}

static void put_record(struct buf *out, const struct record *record, const void *from,
                       unsigned flags);

static void put_texts(struct buf *out, const struct record_field *field, const void *from)
{
    const char *const *texts = *(const char *const *const *)record_at(field, from);
    size_t len = record_len(field, from);

    put_number(out, (int64_t)len);
    for (size_t i = 0; i < len; i++)
        put(out, texts[i]);
}

static void put_list(struct buf *out, const struct record_field *field, const void *from)
{
    size_t len = record_len(field, from);

    put_number(out, (int64_t)len);
    for (size_t i = 0; i < len; i++) {
        put_record(out, field->of, record_element(field, from, i), 0);
        put(out, ""); /* no field has this name: the element ends */
    }
}

static void put_value(struct buf *out, const struct record_field *field, const void *from)
{
    switch (field->kind) {
    case RECORD_TEXT:
        put(out, record_text(field, from));
        break;
    case RECORD_INT64:
    case RECORD_INT32:
    case RECORD_TIME:
    case RECORD_BOOL:
    case RECORD_ENUM:
        put_number(out, record_number(field, from));
        break;
    case RECORD_TEXTS:
        put_texts(out, field, from);
        break;
    case RECORD_LIST:
        put_list(out, field, from);
        break;
    case RECORD_INLINE:
    case RECORD_BYTES: /* no fact has any */
        break;
    }
}

/* Fields that have all the flags. */
static void put_record(struct buf *out, const struct record *record, const void *from,
                       unsigned flags)
{
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct record_field *field = &record->fields[i];

        if (field->kind == RECORD_INLINE) {
            put_record(out, field->of, record_at(field, from), flags);
        } else if ((field->flags & flags) == flags && !record_is_empty(field, from)) {
            put(out, field->name);
            put_value(out, field, from);
        }
    }
}

static void put_event(struct buf *out, const struct event *event, unsigned flags)
{
    put(out, event_kind_name(event->kind));
    put(out, event->source.channel);
    put_record(out, &record_facts[event->kind], &event->order_line, flags);
}

void event_identify(struct event *event)
{
    SCOPED(buf) struct buf key = {0};
    uuid_t id;

    put_event(&key, event, RECORD_IN_ID);
    uuid_generate_sha1(id, id_namespace, key.bytes, key.len);
    uuid_unparse_lower(id, event->id);
}

void event_content_hash(const struct event *event, unsigned char hash[EVENT_HASH_LEN])
{
    SCOPED(buf) struct buf content = {0};

    put_number(&content, event->times.occurred_ms);
    put_event(&content, event, 0);
    SHA256((const unsigned char *)content.bytes, content.len, hash);
}
