/* Signature headers and bodies of senders who do not know the secret: none may get in. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct fuzz_input input;

    fuzz_cut(arena, bytes, len, &input);
    const struct channel_notification notification = fuzz_notification(&input);
    assert(!channel_verify(&input.account, &notification));
    return 0;
}
