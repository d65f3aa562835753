#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "tools/stockctl/command.h"

static int fail(int status, const char *text)
{
    fprintf(stderr, "stockctl: %s\n", text);
    return status;
}

static int usage(const char *command)
{
    if (command == NULL)
        stockctl_command_help_all(stderr);
    else
        fprintf(stderr, "stockctl: unknown command '%s': see 'stockctl --help'\n", command);
    return EXIT_USAGE;
}

static int run(const struct stockctl_command *command, int argc, char **argv)
{
    struct stockctl_options options = {0};
    struct err err = {0};
    uint64_t allowed = command->options | OPTION_BIT(OPTION_HELP);

    if (!stockctl_options_parse(argc, argv, allowed, &options, &err))
        return fail(EXIT_USAGE, err.text);
    if (options.help) {
        stockctl_command_help(command, stdout);
        return EXIT_OK;
    }
    if (!stockctl_command_check(command, &options, &err))
        return fail(EXIT_USAGE, err.text);
    int status = command->run(&options, &err);
    return err.code == ERR_NONE ? status : fail(status, err.text);
}

/* A full disk must not look like an empty answer. */
static int close_output(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    return fail(EXIT_INTERNAL, "the output can't be written");
}

int main(int argc, char **argv)
{
    int words = 0;

    /* Warnings of the libraries would bury the one clear line. */
    log_setup("stockctl", LOG_LEVEL_ERROR);
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        stockctl_command_help_all(stdout);
        return close_output(EXIT_OK);
    }
    const struct stockctl_command *command = stockctl_command_find(argc - 1, argv + 1, &words);
    if (command == NULL)
        return usage(argc > 1 ? argv[1] : NULL);
    return close_output(run(command, argc - 1 - words, argv + 1 + words));
}
