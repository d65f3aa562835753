#include "tools/stockctl/tracks.h"

enum { TRACKS_CAPACITY_MIN = 64 };

struct track_key {
    const char *words[3];
};

struct stockctl_tracks {
    struct stockctl_rows *keys; /* marked with the number of the track + 1 */
    struct stockctl_track *tracks;
    size_t len;
    size_t capacity;
};

static const struct stockctl_field key_fields[] = {
    {"a", FIELD_NAME, offsetof(struct track_key, words[0])},
    {"b", FIELD_NAME, offsetof(struct track_key, words[1])},
    {"c", FIELD_NAME, offsetof(struct track_key, words[2])},
};
static const struct stockctl_table key_table = {
    "tracks", "tracks", key_fields, ARRAY_LEN(key_fields), 3, 1, sizeof(struct track_key)};

struct stockctl_tracks *stockctl_tracks_new(struct stockctl_names *names)
{
    struct stockctl_tracks *tracks = mem_calloc(1, sizeof(*tracks));

    tracks->keys = stockctl_rows_new(&key_table, names);
    return tracks;
}

void stockctl_tracks_free(struct stockctl_tracks *tracks)
{
    if (tracks == NULL)
        return;
    for (size_t i = 0; i < tracks->len; i++)
        buf_release(&tracks->tracks[i].bytes);
    mem_free(tracks->tracks);
    stockctl_rows_free(tracks->keys);
    mem_free(tracks);
}

static struct stockctl_track *track_of(struct stockctl_tracks *tracks,
                                       const struct stockctl_row *row)
{
    return row == NULL ? NULL : &tracks->tracks[*stockctl_rows_mark(row) - 1];
}

struct stockctl_track *stockctl_tracks_find(struct stockctl_tracks *tracks, const char *a,
                                            const char *b, const char *c)
{
    const struct track_key key = {
        {a, b, c}
    };

    return track_of(tracks, stockctl_rows_find(tracks->keys, &key));
}

struct stockctl_track *stockctl_tracks_make(struct stockctl_tracks *tracks, const char *a,
                                            const char *b, const char *c)
{
    const struct track_key key = {
        {a, b, c}
    };
    const struct stockctl_row *row = stockctl_rows_find(tracks->keys, &key);

    if (row != NULL)
        return track_of(tracks, row);
    if (tracks->len == tracks->capacity) {
        tracks->capacity = tracks->capacity == 0 ? TRACKS_CAPACITY_MIN : 2 * tracks->capacity;
        tracks->tracks = mem_realloc(tracks->tracks, tracks->capacity, sizeof(*tracks->tracks));
    }
    tracks->tracks[tracks->len++] = (struct stockctl_track){0};
    row = stockctl_rows_put(tracks->keys, &key);
    *stockctl_rows_mark(row) = (uint32_t)tracks->len;
    return track_of(tracks, row);
}

void stockctl_tracks_each(struct stockctl_tracks *tracks, const char *a,
                          void (*each)(void *opaque, struct stockctl_track *track, const char *b,
                                       const char *c),
                          void *opaque)
{
    const struct track_key group = {
        {a, "", ""}
    };
    const struct stockctl_row *row = stockctl_rows_first(tracks->keys, &group);

    for (; row != NULL; row = stockctl_rows_next(tracks->keys, row)) {
        struct track_key key;

        stockctl_rows_read(tracks->keys, row, NULL, &key); /* names need no arena */
        each(opaque, track_of(tracks, row), key.words[1], key.words[2]);
    }
}
