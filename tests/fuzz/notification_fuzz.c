/*
 * What an authentic sender may send: whatever normalize() and hints() make of it, every event that
 * comes out can be written, read back and written again as the same bytes.
 */
#include "lib/event/codec.h"

#include "tests/fuzz/fuzz.h"

static void check_event(const struct event *event, struct arena *arena)
{
    SCOPED(buf) struct buf bytes = {0};
    SCOPED(buf) struct buf again = {0};
    SCOPED(buf) struct buf line = {0};
    struct event read;
    struct err err = {0};

    event_encode(event, &bytes);
    if (!event_decode(arena, bytes.bytes, bytes.len, &read, &err))
        assert(!"an event that was written cannot be read");
    event_encode(&read, &again);
    assert(bytes.len == again.len && memcmp(bytes.bytes, again.bytes, bytes.len) == 0);
    event_to_json(event, &line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct fuzz_input input;
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct channel_hints hints = {0};
    struct err err = {0};

    fuzz_cut(arena, bytes, len, &input);
    const struct channel_kind *kind = input.account.kind;
    const struct channel_notification notification = fuzz_notification(&input);
    if (kind->is_ping != NULL)
        (void)kind->is_ping(&notification);
    if (kind->challenge != NULL)
        (void)kind->challenge(&input.account, input.argument, arena);
    if (kind->hints != NULL)
        (void)kind->hints(&input.account, &notification, arena, &hints, &err);
    err = (struct err){0};
    if (!channel_events(&input.account, &notification, "host", NULL, NULL, arena, &events, &bad,
                        &err))
        assert(err.code != ERR_NONE);
    for (size_t i = 0; i < events.len; i++)
        check_event(&events.events[i], arena);
    return 0;
}
