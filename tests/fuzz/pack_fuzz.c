/* Any bytes as a packed report, then as text of some charset: what comes out keeps its limit. */
#include "lib/pack/pack.h"

#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const charsets[] = {"", "Cp1252", "Shift_JIS", "UTF-16"};
    SCOPED(arena) struct arena *arena = arena_new();
    const char *out = NULL;
    const char *text = NULL;
    size_t out_len = 0;
    size_t text_len = 0;
    struct err err = {0};

    if (!pack_open(arena, bytes, len, OUT_MAX, &out, &out_len, &err)) {
        assert(err.code == ERR_REJECT);
        return 0;
    }
    assert(out_len <= OUT_MAX);
    for (size_t i = 0; i < ARRAY_LEN(charsets); i++) {
        if (!pack_to_utf8(arena, charsets[i], out, out_len, OUT_MAX, &text, &text_len, &err))
            assert(err.code == ERR_REJECT);
        else
            assert(text_len <= OUT_MAX && text[text_len] == '\0');
    }
    return 0;
}
