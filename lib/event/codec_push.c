#include "lib/event/codec.h"

#include <string.h>

#include "lib/event/codec_record.h"
#include "lib/event/record.h"
#include "stockbus/v1/outcome.pb-c.h"
#include "stockbus/v1/target.pb-c.h"

struct shape {
    const struct record *record;
    const ProtobufCMessageDescriptor *descriptor;
    bool checked; /* after decoding; what was rejected once is shown as it is */
};

static const struct shape target_shape = {&record_target, &stockbus__v1__target__descriptor, true};
static const struct shape outcome_shape = {&record_outcome, &stockbus__v1__outcome__descriptor,
                                           true};
static const struct shape catalog_entry_shape = {&record_catalog_entry,
                                                 &stockbus__v1__catalog_entry__descriptor, true};
static const struct shape rejected_shape = {&record_rejected, &stockbus__v1__rejected__descriptor,
                                            false};

static void encode(const struct shape *shape, const void *from, struct buf *out)
{
    SCOPED(arena) struct arena *arena = arena_new();

    codec_record_pack(codec_record_to_message(arena, shape->record, from, shape->descriptor), out);
}

static bool decode(struct arena *arena, const struct shape *shape, const void *bytes, size_t len,
                   void *ret_struct, struct err *err)
{
    const ProtobufCMessage *message =
        codec_record_unpack(arena, shape->descriptor, bytes, len, err);

    if (message == NULL)
        return false;
    void *decoded = arena_alloc(arena, shape->record->size);

    codec_record_from_message(arena, shape->record, message, decoded);
    if (shape->checked && !record_check(shape->record, decoded, err))
        return err_wrap(err, "%s", shape->record->name);
    memcpy(ret_struct, decoded, shape->record->size);
    return true;
}

void target_encode(const struct target *target, struct buf *out)
{
    encode(&target_shape, target, out);
}

bool target_decode(struct arena *arena, const void *bytes, size_t len, struct target *ret_target,
                   struct err *err)
{
    return decode(arena, &target_shape, bytes, len, ret_target, err);
}

void outcome_encode(const struct outcome *outcome, struct buf *out)
{
    encode(&outcome_shape, outcome, out);
}

bool outcome_decode(struct arena *arena, const void *bytes, size_t len,
                    struct outcome *ret_outcome, struct err *err)
{
    return decode(arena, &outcome_shape, bytes, len, ret_outcome, err);
}

void catalog_entry_encode(const struct catalog_entry *entry, struct buf *out)
{
    encode(&catalog_entry_shape, entry, out);
}

bool catalog_entry_decode(struct arena *arena, const void *bytes, size_t len,
                          struct catalog_entry *ret_entry, struct err *err)
{
    return decode(arena, &catalog_entry_shape, bytes, len, ret_entry, err);
}

void rejected_encode(const struct rejected *rejected, struct buf *out)
{
    encode(&rejected_shape, rejected, out);
}

bool rejected_decode(struct arena *arena, const void *bytes, size_t len,
                     struct rejected *ret_rejected, struct err *err)
{
    return decode(arena, &rejected_shape, bytes, len, ret_rejected, err);
}
