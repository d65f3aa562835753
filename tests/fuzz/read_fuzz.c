/* What a marketplace's API may answer to the reading of a hint, or a queue to being asked. */
#include "tests/fuzz/fuzz.h"

static void read_hint(const struct fuzz_input *input, const struct channel_response *response,
                      struct arena *arena)
{
    struct channel_fetch next = {.request = {.url = ""}};
    const char *read = NULL;
    size_t read_len = 0;
    struct err err = {0};
    void *state = NULL;

    /* The first call asks; the second has the answer. */
    for (int i = 0; i < 3; i++) {
        if (!input->account.kind->read(&input->account, input->argument, i == 0 ? NULL : response,
                                       &state, arena, &next, &read, &read_len, &err))
            return;
        if (next.request.url == NULL || *next.request.url == '\0')
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct fuzz_input input;
    struct channel_message messages[CHANNEL_MESSAGES_MAX];
    size_t messages_len = 0;
    struct err err = {0};

    fuzz_cut(arena, bytes, len, &input);
    const struct channel_kind *kind = input.account.kind;
    struct channel_response response = fuzz_response(&input);
    response.status = 200;
    if (kind->read != NULL)
        read_hint(&input, &response, arena);
    if (kind->received != NULL &&
        kind->received(&input.account, &response, arena, messages, &messages_len, &err))
        assert(messages_len <= CHANNEL_MESSAGES_MAX);
    return 0;
}
