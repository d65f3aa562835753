/* What a marketplace's API may answer to a push: each push gets a verdict and a class. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct fuzz_input input;
    struct channel_push pushes[FUZZ_PUSHES_MAX];
    struct channel_result results[FUZZ_PUSHES_MAX] = {{0}};
    struct channel_budget budget = {-1, -1, -1};
    struct channel_fetch next = {.request = {.url = ""}};
    struct channel_grant grant = {0};
    struct channel_request request = {.url = ""};
    struct err err = {0};
    void *state = NULL;

    fuzz_cut(arena, bytes, len, &input);
    const struct channel_kind *kind = input.account.kind;
    const struct channel_response response = fuzz_response(&input);
    size_t count = fuzz_pushes(kind, pushes);
    kind->answer(&input.account, pushes, count, &response, arena, results, &budget);
    for (size_t i = 0; i < count; i++) {
        assert(results[i].verdict < CHANNEL_VERDICT_COUNT);
        assert(results[i].error_class != NULL);
    }
    if (kind->push_next != NULL)
        (void)kind->push_next(&input.account, pushes, count, "key", &response, &state, arena, &next,
                              &err);
    if (kind->granted != NULL)
        (void)kind->granted(&input.account, &response, 1795252620000, arena, &grant, &err);
    if (kind->poll != NULL)
        kind->poll(&input.account, 1795252620000, 2, &response, arena, &request);
    return 0;
}
