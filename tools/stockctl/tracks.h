/*
 * Growing lists of numbers, one for each name of up to three words: some bytes a number. Pure.
 */
#pragma once

#include "tools/stockctl/rows.h"

struct stockctl_track {
    struct buf bytes; /* numbers, packed */
    /* of the user, zeroed */
    int64_t last;
    int64_t after;
    size_t before;
    size_t fold;
};

struct stockctl_tracks;

struct stockctl_tracks *stockctl_tracks_new(struct stockctl_names *names);
void stockctl_tracks_free(struct stockctl_tracks *tracks);
/* Words that are not needed are "". Borrowed until another one is made. */
struct stockctl_track *stockctl_tracks_make(struct stockctl_tracks *tracks, const char *a,
                                            const char *b, const char *c);
/* NULL: there is none. */
struct stockctl_track *stockctl_tracks_find(struct stockctl_tracks *tracks, const char *a,
                                            const char *b, const char *c);
/* Calls back for each one whose first word this is; its other words live as long as the names. */
void stockctl_tracks_each(struct stockctl_tracks *tracks, const char *a,
                          void (*each)(void *opaque, struct stockctl_track *track, const char *b,
                                       const char *c),
                          void *opaque);
