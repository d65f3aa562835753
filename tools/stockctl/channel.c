#include <stdio.h>
#include <string.h>

#include "channels/account.h"
#include "channels/channel.h"
#include "channels/kinds.h"
#include "tools/stockctl/command.h"

/* What the services would read at their start, specs and files of secrets included. */
int stockctl_channel_lint(const struct stockctl_options *options, struct err *err)
{
    const char *path = options->arguments[0];
    SCOPED(channel_accounts) struct channel_accounts *accounts = channel_accounts_read(path, err);

    if (accounts == NULL)
        return EXIT_REFUSED;
    for (size_t i = 0; i < channel_accounts_len(accounts); i++) {
        const struct channel_account *account = channel_accounts_at(accounts, i);

        printf("%s: %s%s%s\n", account->name, account->kind->name,
               account->spec_file[0] == '\0' ? "" : ", spec ", account->spec_file);
    }
    return EXIT_OK;
}

/* For editors, which then know the keys while they are written. */
int stockctl_channel_schema(const struct stockctl_options *options, struct err *err)
{
    const struct channel_kind *kind = channel_kinds_find(options->arguments[0]);
    SCOPED(buf) struct buf schema = {0};

    if (kind == NULL || kind->spec_schema == NULL) {
        err_set(err, ERR_REJECT, "'%.50s' is no kind that takes a spec", options->arguments[0]);
        return EXIT_USAGE;
    }
    kind->spec_schema(&schema);
    puts(buf_str(&schema));
    return EXIT_OK;
}
