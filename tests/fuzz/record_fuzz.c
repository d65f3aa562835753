/* Any bytes as the records of every topic; what is read writes and reads the same again. */
#include "lib/event/codec.h"

#include "tests/fuzz/fuzz.h"

#define CHECK(name)                                                                      \
    static void check_##name(struct arena *arena, const uint8_t *bytes, size_t len)      \
    {                                                                                    \
        SCOPED(buf) struct buf once = {0};                                               \
        SCOPED(buf) struct buf twice = {0};                                              \
        SCOPED(buf) struct buf line = {0};                                               \
        struct name value;                                                               \
        struct name again;                                                               \
        struct err err = {0};                                                            \
                                                                                         \
        if (!name##_decode(arena, bytes, len, &value, &err)) {                           \
            assert(err.code != ERR_NONE);                                                \
            return;                                                                      \
        }                                                                                \
        name##_encode(&value, &once);                                                    \
        if (!name##_decode(arena, once.bytes, once.len, &again, &err))                   \
            assert(!"what was written cannot be read");                                  \
        name##_encode(&again, &twice);                                                   \
        assert(once.len == twice.len && memcmp(once.bytes, twice.bytes, once.len) == 0); \
        LINE(name)                                                                       \
    }

#define LINE(name) name##_to_json(&value, &line);
CHECK(event)
CHECK(target)
CHECK(outcome)
CHECK(rejected)
#undef LINE
#define LINE(name)
CHECK(catalog_entry)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();

    check_event(arena, bytes, len);
    check_target(arena, bytes, len);
    check_outcome(arena, bytes, len);
    check_rejected(arena, bytes, len);
    check_catalog_entry(arena, bytes, len);
    return 0;
}
