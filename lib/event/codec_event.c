#include <assert.h>
#include <string.h>

#include "lib/event/codec.h"
#include "lib/event/codec_record.h"
#include "lib/event/record.h"

#include "stockbus/v1/event.pb-c.h"

/* Facts have the same order in enum event_kind and in the message. */
enum { TAG_OF_KIND = STOCKBUS__V1__EVENT__FACT_ORDER_LINE - EVENT_ORDER_LINE };
static_assert(EVENT_DECIDED + TAG_OF_KIND == STOCKBUS__V1__EVENT__FACT_DECIDED, "order");
static_assert(EVENT_DECIDED + 1 == EVENT_KIND_COUNT, "the last fact is the one compared");

static const ProtobufCFieldDescriptor *fact_field(enum event_kind kind)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &stockbus__v1__event__descriptor, (unsigned)kind + TAG_OF_KIND);

    assert(field != NULL && strcmp(field->name, event_kind_name(kind)) == 0);
    return field;
}

static void fact_to_message(struct arena *arena, const struct event *event,
                            Stockbus__V1__Event *message)
{
    if (event->kind == EVENT_NONE)
        return;
    const ProtobufCFieldDescriptor *field = fact_field(event->kind);
    ProtobufCMessage **member = (ProtobufCMessage **)(void *)((char *)message + field->offset);

    *member = codec_record_to_message(arena, &record_facts[event->kind], &event->order_line,
                                      field->descriptor);
    message->fact_case = (Stockbus__V1__Event__FactCase)field->id;
}

void event_encode(const struct event *event, struct buf *out)
{
    SCOPED(arena) struct arena *arena = arena_new();
    Stockbus__V1__Event message = STOCKBUS__V1__EVENT__INIT;

    message.event_id = (char *)event->id;
    message.source = (Stockbus__V1__Source *)codec_record_to_message(
        arena, &record_source, &event->source, &stockbus__v1__source__descriptor);
    message.times = (Stockbus__V1__Times *)codec_record_to_message(
        arena, &record_times, &event->times, &stockbus__v1__times__descriptor);
    message.traceparent = (char *)event->traceparent;
    message.raw = (Stockbus__V1__Raw *)codec_record_to_message(arena, &record_raw, &event->raw,
                                                               &stockbus__v1__raw__descriptor);
    fact_to_message(arena, event, &message);
    codec_record_pack(&message.base, out);
}

static bool fact_from_message(struct arena *arena, const Stockbus__V1__Event *message,
                              struct event *ret_event, struct err *err)
{
    if (message->fact_case == STOCKBUS__V1__EVENT__FACT__NOT_SET)
        return err_set(err, ERR_REJECT, "event '%.36s': no fact, or a kind that is unknown here",
                       message->event_id);
    ret_event->kind = (enum event_kind)((int)message->fact_case - TAG_OF_KIND);
    const ProtobufCFieldDescriptor *field = fact_field(ret_event->kind);

    codec_record_from_message(
        arena, &record_facts[ret_event->kind],
        *(ProtobufCMessage *const *)(const void *)((const char *)message + field->offset),
        &ret_event->order_line);
    return true;
}

bool event_decode(struct arena *arena, const void *bytes, size_t len, struct event *ret_event,
                  struct err *err)
{
    struct event event = {0};
    const Stockbus__V1__Event *message = (const Stockbus__V1__Event *)codec_record_unpack(
        arena, &stockbus__v1__event__descriptor, bytes, len, err);

    if (message == NULL)
        return false;
    if (strlen(message->event_id) > EVENT_ID_LEN)
        return err_set(err, ERR_REJECT, "event: event_id is longer than %d bytes", EVENT_ID_LEN);
    if (!fact_from_message(arena, message, &event, err))
        return false;
    strcpy(event.id, message->event_id);
    event.traceparent = message->traceparent;
    codec_record_from_message(arena, &record_source, (ProtobufCMessage *)message->source,
                              &event.source);
    codec_record_from_message(arena, &record_times, (ProtobufCMessage *)message->times,
                              &event.times);
    codec_record_from_message(arena, &record_raw, (ProtobufCMessage *)message->raw, &event.raw);
    *ret_event = event;
    return true;
}
