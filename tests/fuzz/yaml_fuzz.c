/* Any bytes as a channels file, and as the spec of every kind that takes one. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/yaml/yaml.h"

#include "channels/account.h"
#include "tests/fuzz/fuzz.h"

static void read_accounts(const uint8_t *bytes, size_t len)
{
    static int file = -1;
    char path[64];
    struct err err = {0};

    if (file < 0)
        file = memfd_create("channels.yaml", 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    if (ftruncate(file, 0) != 0 || pwrite(file, bytes, len, 0) != (ssize_t)len)
        abort();
    struct channel_accounts *accounts = channel_accounts_read(path, &err);
    assert(accounts != NULL || err.code != ERR_NONE);
    channel_accounts_free(accounts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *text = arena_strndup(arena, (const char *)bytes, len);

    read_accounts(bytes, len);
    for (size_t i = 0; i < channel_kinds_len(); i++) {
        struct channel_account account = {.name = "fuzz", .kind = channel_kinds_at(i)};
        struct err err = {0};

        if (account.kind->read_spec != NULL &&
            !account.kind->read_spec(&account, arena, "spec.yaml", text, len, &err))
            assert(err.code != ERR_NONE);
    }
    return 0;
}
