#include "lib/event/codec_record.h"

#include <assert.h>
#include <string.h>

#include "lib/base/utf8.h"
#include "lib/event/codec.h"

/* ---- struct to message ---- */

/* Other readers of the topics refuse a whole message for one text that is no UTF-8. Facts have been
   checked before; words of channels and rejected notifications may be anything. */
static char *valid_text(struct arena *arena, const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    size_t len = strlen(text);
    size_t step = 0;

    if (utf8_is_valid(text, len))
        return (char *)text;
    char *valid = arena_alloc(arena, len * (sizeof(replacement) - 1) + 1);
    char *end = valid;
    for (size_t i = 0; i < len; i += step == 0 ? 1 : step) {
        step = utf8_char_len(text + i, len - i);
        end = mempcpy(end, step == 0 ? replacement : text + i, step == 0 ? 3 : step);
    }
    return valid;
}

static char **texts_to_message(struct arena *arena, const char *const *texts, size_t len)
{
    char **copies = arena_alloc(arena, len * sizeof(*copies));

    for (size_t i = 0; i < len; i++)
        copies[i] = valid_text(arena, texts[i]);
    return copies;
}

static ProtobufCMessage **list_to_message(struct arena *arena, const struct record_field *field,
                                          const void *from,
                                          const ProtobufCMessageDescriptor *descriptor)
{
    size_t len = record_len(field, from);
    ProtobufCMessage **messages = arena_alloc(arena, len * sizeof(ProtobufCMessage *));

    for (size_t i = 0; i < len; i++)
        messages[i] = codec_record_to_message(arena, field->of, record_element(field, from, i),
                                              descriptor);
    return messages;
}

static void field_to_message(struct arena *arena, const struct record_field *field,
                             const void *from, const ProtobufCFieldDescriptor *descriptor,
                             ProtobufCMessage *message)
{
    void *to = (char *)message + descriptor->offset;
    size_t *count = (size_t *)(void *)((char *)message + descriptor->quantifier_offset);

    switch (field->kind) {
    case RECORD_TEXT:
        *(char **)to = valid_text(arena, record_text(field, from));
        break;
    case RECORD_INT64:
    case RECORD_TIME:
        *(int64_t *)to = record_number(field, from);
        break;
    case RECORD_INT32:
    case RECORD_ENUM:
        *(int32_t *)to = (int32_t)record_number(field, from);
        break;
    case RECORD_BOOL:
        *(protobuf_c_boolean *)to = record_number(field, from) != 0;
        break;
    case RECORD_BYTES:
        *(ProtobufCBinaryData *)to = (ProtobufCBinaryData){
            record_len(field, from), *(uint8_t *const *)record_at(field, from)};
        break;
    case RECORD_TEXTS:
        *count = record_len(field, from);
        *(char ***)to = texts_to_message(
            arena, *(const char *const *const *)record_at(field, from), *count);
        break;
    case RECORD_LIST:
        *count = record_len(field, from);
        *(ProtobufCMessage ***)to = list_to_message(arena, field, from, descriptor->descriptor);
        break;
    case RECORD_INLINE:
        *(ProtobufCMessage **)to = codec_record_to_message(arena, field->of, record_at(field, from),
                                                           descriptor->descriptor);
        break;
    }
}

/* The field of the message that a row stands for. */
static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *descriptor,
                                                const struct record *record, size_t index)
{
    assert(descriptor->n_fields == record->fields_len);
    const ProtobufCFieldDescriptor *field = &descriptor->fields[index];

    assert(strcmp(field->name, record->fields[index].name) == 0);
    return field;
}

ProtobufCMessage *codec_record_to_message(struct arena *arena, const struct record *record,
                                          const void *from,
                                          const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);

    protobuf_c_message_init(descriptor, message);
    for (size_t i = 0; i < record->fields_len; i++)
        field_to_message(arena, &record->fields[i], from, field_of(descriptor, record, i), message);
    return message;
}

/* ---- message to struct ---- */

static void *list_from_message(struct arena *arena, const struct record *record,
                               ProtobufCMessage *const *messages, size_t len)
{
    char *elements = arena_alloc(arena, len * record->size);

    for (size_t i = 0; i < len; i++)
        codec_record_from_message(arena, record, messages[i], elements + i * record->size);
    return elements;
}

/* Values that a newer sender knows and we don't are as good as unspecified. */
static int64_t known_enum(const struct record_field *field, int32_t value)
{
    return value < 0 || value > field->max ? 0 : value;
}

static void field_from_message(struct arena *arena, const struct record_field *field,
                               const ProtobufCFieldDescriptor *descriptor,
                               const ProtobufCMessage *message, void *to)
{
    const void *from = (const char *)message + descriptor->offset;
    size_t count = *(const size_t *)(const void *)((const char *)message +
                                                   descriptor->quantifier_offset);
    void *at = (char *)to + field->offset;

    switch (field->kind) {
    case RECORD_TEXT:
        *(const char **)at = *(char *const *)from;
        break;
    case RECORD_INT64:
    case RECORD_TIME:
        record_set_number(field, to, *(const int64_t *)from);
        break;
    case RECORD_INT32:
        record_set_number(field, to, *(const int32_t *)from);
        break;
    case RECORD_ENUM:
        record_set_number(field, to, known_enum(field, *(const int32_t *)from));
        break;
    case RECORD_BOOL:
        record_set_number(field, to, *(const protobuf_c_boolean *)from);
        break;
    case RECORD_BYTES:
        *(const void **)at = ((const ProtobufCBinaryData *)from)->data;
        record_set_len(field, to, ((const ProtobufCBinaryData *)from)->len);
        break;
    case RECORD_TEXTS:
        *(char ***)at = *(char **const *)from;
        record_set_len(field, to, count);
        break;
    case RECORD_LIST:
        *(void **)at =
            list_from_message(arena, field->of, *(ProtobufCMessage **const *)from, count);
        record_set_len(field, to, count);
        break;
    case RECORD_INLINE:
        codec_record_from_message(arena, field->of, *(ProtobufCMessage *const *)from, at);
        break;
    }
}

void codec_record_from_message(struct arena *arena, const struct record *record,
                               const ProtobufCMessage *message, void *ret_struct)
{
    record_init(record, ret_struct);
    if (message == NULL)
        return;
    for (size_t i = 0; i < record->fields_len; i++)
        field_from_message(arena, &record->fields[i], field_of(message->descriptor, record, i),
                           message, ret_struct);
}

/* ---- messages and bytes ---- */

struct buf_sink {
    ProtobufCBuffer base; /* first, so that its address is ours */
    struct buf *out;
};

static void buf_sink_append(ProtobufCBuffer *base, size_t len, const uint8_t *bytes)
{
    buf_append(((struct buf_sink *)(void *)base)->out, bytes, len);
}

void codec_record_pack(const ProtobufCMessage *message, struct buf *out)
{
    struct buf_sink sink = {.base.append = buf_sink_append, .out = out};

    protobuf_c_message_pack_to_buffer(message, &sink.base);
}

static void *arena_allocator_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

/* What a failed unpacking leaves goes with the arena. */
static void arena_allocator_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

ProtobufCMessage *codec_record_unpack(struct arena *arena,
                                      const ProtobufCMessageDescriptor *descriptor,
                                      const void *bytes, size_t len, struct err *err)
{
    ProtobufCAllocator allocator = {arena_allocator_alloc, arena_allocator_free, arena};

    if (len > CODEC_BYTES_MAX) {
        err_set(err, ERR_REJECT, "%s: %zu bytes, want at most %d", descriptor->short_name, len,
                CODEC_BYTES_MAX);
        return NULL;
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, len, bytes);

    if (message == NULL)
        err_set(err, ERR_REJECT, "%s: %zu bytes are no such protobuf message",
                descriptor->short_name, len);
    return message;
}
