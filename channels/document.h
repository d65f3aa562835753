/*
 * A JSON document on its way to events, and which of a kind's readers it is for: the topic that its
 * notification names says so; without one (a read-back, a page of a poll, a sample) its shape does.
 */
#pragma once

#include "lib/json/json.h"

#include "channels/channel.h"

struct channel_document {
    const struct channel_account *account;
    const struct channel_notification *notification;
    struct arena *arena;
    struct event_list *events;
    struct channel_bad_lines *bad;
    struct err *err;
};

/* Adds the events of an object. False with ERR_REJECT: the object is not understood. */
typedef bool channel_document_read(const struct channel_document *document,
                                   const struct json *object);

struct channel_document_reader {
    const char *name; /* a topic, in any case, or a member that no shape below it has */
    channel_document_read *read;
};

struct channel_document_readers {
    const struct channel_document_reader *topics; /* both closed by a NULL name */
    const struct channel_document_reader *shapes;
};

/*
 * Parses the notification's body and reads it. A topic that is not in the table means nothing to
 * us: true, without events. Without a topic an outer object that only wraps is taken off, and each
 * element of a list is read by its own shape; elements without one say nothing, and one that is not
 * understood is a bad line.
 */
bool channel_document_normalize(const struct channel_document *document, const char *topic,
                                const struct channel_document_readers *readers) MUST_CHECK;

/* The node; of a text that holds a document, what it holds: queues and topics carry them so. */
const struct json *channel_document_carried(struct arena *arena, const struct json *node);

/* "refund: 'created_at' is missing or wrong", ERR_REJECT. Returns false. */
bool channel_document_refuse(const struct channel_document *document, const char *what,
                             const char *key);
