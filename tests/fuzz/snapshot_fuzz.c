/* Snapshots in every format of every kind, and the answers on the way to one. */
#include "tests/fuzz/fuzz.h"

static bool visit(void *opaque, const struct channel_row *row, struct err *err)
{
    (void)opaque;
    (void)err;
    assert(row->listing != NULL && row->address != NULL && row->sku != NULL);
    assert(*row->listing != '\0' || *row->address != '\0' || *row->sku != '\0');
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct fuzz_input input;
    char state[CHANNEL_SNAPSHOT_STATE_LEN] = {0};
    struct channel_fetch next = {.request = {.url = ""}};
    const char *rows = NULL;
    const char *format = NULL;
    size_t rows_len = 0;
    struct err err = {0};

    fuzz_cut(arena, bytes, len, &input);
    const struct channel_kind *kind = input.account.kind;
    struct channel_response response = fuzz_response(&input);
    for (size_t i = 0; i < ARRAY_LEN(kind->snapshot_formats) && kind->snapshot_formats[i] != NULL;
         i++) {
        if (*input.argument != '\0' && strcmp(input.argument, kind->snapshot_formats[i]) != 0)
            continue;
        err = (struct err){0};
        if (!kind->rows(&input.account, kind->snapshot_formats[i], input.body, input.body_len,
                        visit, NULL, &err))
            assert(err.code != ERR_NONE);
    }
    response.status = 200;
    err = (struct err){0};
    for (int i = 0; i < 3; i++) {
        if (!kind->snapshot(&input.account, i == 0 ? NULL : &response, state, arena, &next, &rows,
                            &rows_len, &format, &err) ||
            next.request.url == NULL || *next.request.url == '\0')
            break;
    }
    return 0;
}
