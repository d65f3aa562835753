/*
 * Any struct that a table describes, to and from the protobuf message of the same shape. Table and
 * message have the same fields in the same order; it is asserted. Internal to the codec.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/event/record.h"

/* The struct as a message in the arena; texts are borrowed from the struct. */
ProtobufCMessage *codec_record_to_message(struct arena *arena, const struct record *record,
                                          const void *from,
                                          const ProtobufCMessageDescriptor *descriptor);
/* NULL message: all defaults. Texts and bytes stay those of the message. */
void codec_record_from_message(struct arena *arena, const struct record *record,
                               const ProtobufCMessage *message, void *ret_struct);

/* Appends. */
void codec_record_pack(const ProtobufCMessage *message, struct buf *out);
/* In the arena; NULL with ERR_REJECT. bytes may go away afterwards. */
ProtobufCMessage *codec_record_unpack(struct arena *arena,
                                      const ProtobufCMessageDescriptor *descriptor,
                                      const void *bytes, size_t len, struct err *err);
