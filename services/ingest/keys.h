/*
 * Public keys that channels sign notifications with: asked of the channel by their ids, kept for an
 * hour. What a channel does not know is kept for a while, too, and only so many ids a second are
 * asked for: strangers can make up as many as they like. Any thread gets keys; the thread that asks
 * channels asks for them.
 */
#pragma once

#include "services/ingest/errand.h"

struct ingest_keys;

enum ingest_key_answer {
    INGEST_KEY_HERE,
    INGEST_KEY_UNKNOWN, /* the channel has none of this id */
    INGEST_KEY_AWAY,    /* it could not be asked, or too much is asked */
    INGEST_KEY_LATER,   /* it will be told */
};

/* Once, from the thread that asks, or from who stops it. key: only with INGEST_KEY_HERE, until this
   returns. */
typedef void ingest_key_told(void *opaque, enum ingest_key_answer answer,
                             const struct channel_key *key);

/* Owned. */
struct ingest_keys *ingest_keys_new(void);
void ingest_keys_free(struct ingest_keys *keys);
SCOPE_DEFINE(ingest_keys, struct ingest_keys, ingest_keys_free)

/* *ret_key is filled, in the arena, with INGEST_KEY_HERE. told() is only called after
   INGEST_KEY_LATER, and perhaps before that is returned. */
enum ingest_key_answer ingest_keys_get(struct ingest_keys *keys, const char *channel,
                                       const char *key_id, struct arena *arena,
                                       struct channel_key *ret_key, ingest_key_told *told,
                                       void *opaque);

/* The asking thread's: what it asks with, what is to be done now, and that it ends. Who waits then
   is told INGEST_KEY_AWAY, as is who comes. */
void ingest_keys_attach(struct ingest_keys *keys, struct ingest_errands *shared);
void ingest_keys_turn(struct ingest_keys *keys);
void ingest_keys_detach(struct ingest_keys *keys);
