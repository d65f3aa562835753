/*
 * The hints that wait for their reading, as the cursors topic tells of them: what a thin
 * notification only named. Every notification has a note of its own there, so that one which comes
 * while its hint is being read is not crossed out with it. No I/O; one thread. Times are
 * milliseconds, of any one clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/scope.h"

struct ingest_hints;

/* The note is of no more use: it may be crossed out. */
typedef void ingest_hints_cross(void *opaque, const char *channel, const char *note);

/* Keeps at most notes_max notes of each channel. Owned. */
struct ingest_hints *ingest_hints_new(size_t notes_max, ingest_hints_cross *cross, void *opaque);
void ingest_hints_free(struct ingest_hints *hints);
SCOPE_DEFINE(ingest_hints, struct ingest_hints, ingest_hints_free)

struct ingest_hint_note {
    const char *note; /* names it for ever */
    const char *channel;
    const char *hint;
    const char *traceparent;
    int32_t partition;
    int64_t noted_ms;
};

/* A note of the topic; known ones change nothing. False: there is no room for it, for the first
   time since there was; it is left out. */
bool ingest_hints_add(struct ingest_hints *hints, const struct ingest_hint_note *note) MUST_CHECK;
/* Some notes of a channel were left out, and there is room for them now: the topic has them. */
bool ingest_hints_lack(const struct ingest_hints *hints);
/* Somebody crossed it out. */
void ingest_hints_remove(struct ingest_hints *hints, const char *note);
/* Another process has the partition now: forgets its notes, crosses nothing out. */
void ingest_hints_lose(struct ingest_hints *hints, int32_t partition);

/* One reading. */
struct ingest_hint {
    const char *hint;        /* borrowed until the next call of this module, as is traceparent */
    const char *traceparent; /* of the oldest note */
    int64_t noted_ms;        /* that one's */
    int failures;            /* readings of this hint before, since the last that went well */
    int64_t reading;         /* its number */
};

/* The channel's next hint that may be read at now_ms; it stands for every note of it that is known
   by now. False: none. */
bool ingest_hints_begin(struct ingest_hints *hints, const char *channel, int64_t now_ms,
                        struct ingest_hint *ret_hint);
/* It was read: its notes are crossed out. One that came since makes it be read again. */
void ingest_hints_done(struct ingest_hints *hints, const char *channel, const char *hint,
                       int64_t reading);
/* It was not: again from again_ms on. */
void ingest_hints_failed(struct ingest_hints *hints, const char *channel, const char *hint,
                         int64_t reading, int64_t again_ms);

/* Hints of the channel that wait or are being read, and the oldest note's time; 0: none. */
size_t ingest_hints_waiting(const struct ingest_hints *hints, const char *channel,
                            int64_t *ret_oldest_ms);
