#include "tools/sandbox/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/stop.h"

#include "tools/sandbox/catalogue.h"
#include "tools/sandbox/sandbox.h"
#include "tools/sandbox/seed.h"

enum { COMMAND_AN_HOUR_MS = 3600000 };

static const char usage[] =
    "sandbox: marketplaces to try the suite on, without an account anywhere.\n"
    "\n"
    "  sandbox serve --config FILE [--port-file FILE] [--listen ADDRESS:PORT]\n"
    "      Plays the marketplaces of the file until SIGTERM or POST /control/stop.\n"
    "  sandbox catalogue [--seed S] [--products N] [--variants M] [--stock Q]\n"
    "          [--channels NAME:KIND,...] [--ingest-url URL] [--listen ADDRESS:PORT]\n"
    "      Prints such a file: every SKU on every channel, secrets from the seed.\n"
    "  sandbox seed --config FILE [--buffer N] [--occurred-at TIME] [--run NAME]\n"
    "      Prints the admin events that tell the suite of it, one a line.\n"
    "  sandbox channels --config FILE [--base-url URL | --port N] [--spec FILE]\n"
    "      Prints the suite's channels.yaml for it; channels of kind generic name the spec.\n"
    "  sandbox --help\n"
    "\n"
    "README.md tells of the kinds, the control API and the faults.\n";

/* All options of all subcommands; a subcommand looks at its own. */
struct options {
    const char *config;
    const char *port_file;
    const char *listen;
    const char *seed;
    const char *products;
    const char *variants;
    const char *stock;
    const char *channels;
    const char *ingest_url;
    const char *buffer;
    const char *occurred_at;
    const char *run;
    const char *base_url;
    const char *port;
    const char *spec;
};

static const struct {
    const char *name;
    const char *commands; /* that take it */
    size_t offset;
} option_rows[] = {
    {"--config",      "serve seed channels", offsetof(struct options, config)     },
    {"--port-file",   "serve",               offsetof(struct options, port_file)  },
    {"--listen",      "serve catalogue",     offsetof(struct options, listen)     },
    {"--seed",        "catalogue",           offsetof(struct options, seed)       },
    {"--products",    "catalogue",           offsetof(struct options, products)   },
    {"--variants",    "catalogue",           offsetof(struct options, variants)   },
    {"--stock",       "catalogue",           offsetof(struct options, stock)      },
    {"--channels",    "catalogue",           offsetof(struct options, channels)   },
    {"--ingest-url",  "catalogue",           offsetof(struct options, ingest_url) },
    {"--buffer",      "seed",                offsetof(struct options, buffer)     },
    {"--occurred-at", "seed",                offsetof(struct options, occurred_at)},
    {"--run",         "seed",                offsetof(struct options, run)        },
    {"--base-url",    "channels",            offsetof(struct options, base_url)   },
    {"--port",        "channels",            offsetof(struct options, port)       },
    {"--spec",        "channels",            offsetof(struct options, spec)       },
};

static int fail(int status, const struct err *err)
{
    fprintf(stderr, "sandbox: %s\n", err->text);
    return status;
}

static bool read_option(const char *command, const char *name, const char *value,
                        struct options *options, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
        if (strcmp(name, option_rows[i].name) != 0 ||
            strstr(option_rows[i].commands, command) == NULL)
            continue;
        if (value == NULL)
            return err_set(err, ERR_REJECT, "%s wants a value", name);
        *(const char **)(void *)((char *)options + option_rows[i].offset) = value;
        return true;
    }
    return err_set(err, ERR_REJECT, "%s has no option '%s': see sandbox --help", command, name);
}

static bool read_options(int argc, char **argv, struct options *options, struct err *err)
{
    for (int i = 2; i < argc; i += 2)
        if (!read_option(argv[1], argv[i], i + 1 < argc ? argv[i + 1] : NULL, options, err))
            return false;
    return true;
}

static bool read_number(const char *name, const char *text, int64_t max, int64_t *ret_number,
                        struct err *err)
{
    char *end = NULL;

    if (text == NULL)
        return true;
    errno = 0;
    long long number = strtoll(text, &end, 10);

    if (errno != 0 || end == text || *end != '\0' || number < 0 || number > max)
        return err_set(err, ERR_REJECT, "%s wants a whole number from 0 to %lld, not '%s'", name,
                       (long long)max, text);
    *ret_number = number;
    return true;
}

static int print(const struct buf *text)
{
    bool written = fwrite(buf_str(text), 1, text->len, stdout) == text->len;

    if (fflush(stdout) == 0 && written)
        return EXIT_OK;
    fprintf(stderr, "sandbox: can't write the output: %s\n", strerrordesc_np(errno));
    return EXIT_UNAVAILABLE;
}

static bool load(struct arena *arena, const struct options *options, struct sandbox_config *config,
                 struct err *err)
{
    if (options->config == NULL)
        return err_set(err, ERR_REJECT, "--config FILE is missing");
    return sandbox_config_load(arena, options->config, config, err);
}

static int command_serve(struct arena *arena, const struct options *options, struct err *err)
{
    struct sandbox_config config;

    if (!load(arena, options, &config, err))
        return fail(EXIT_USAGE, err);
    if (options->listen != NULL)
        config.listen = options->listen;
    if (!sandbox_run(&config, options->port_file, err))
        return fail(EXIT_UNAVAILABLE, err);
    return stop_exit_status();
}

static const char *text_or(const char *text, const char *fallback)
{
    return text == NULL ? fallback : text;
}

static int command_catalogue(struct arena *arena, const struct options *options, struct err *err)
{
    SCOPED(buf) struct buf text = {0};
    int64_t seed = 1;
    struct sandbox_config config;
    struct sandbox_catalogue_options wanted = {
        .products = 20,
        .variants = 3,
        .stock = 20,
        .channels = text_or(options->channels, "shopify-main:shopify,woo-main:woocommerce"),
        .ingest_url = text_or(options->ingest_url, "http://127.0.0.1:8080"),
        .listen = text_or(options->listen, "127.0.0.1:0"),
    };

    if (!read_number("--seed", options->seed, INT64_MAX, &seed, err) ||
        !read_number("--products", options->products, INT32_MAX, &wanted.products, err) ||
        !read_number("--variants", options->variants, INT32_MAX, &wanted.variants, err) ||
        !read_number("--stock", options->stock, SANDBOX_STOCK_MAX, &wanted.stock, err))
        return fail(EXIT_USAGE, err);
    wanted.seed = (uint64_t)seed;
    if (!sandbox_catalogue_make(arena, &wanted, &config, err))
        return fail(EXIT_USAGE, err);
    sandbox_config_write(&config, &text);
    return print(&text);
}

static int command_seed(struct arena *arena, const struct options *options, struct err *err)
{
    SCOPED(buf) struct buf text = {0};
    struct sandbox_config config;
    struct sandbox_seed_options wanted = {.occurred_ms = clock_now_ms() - COMMAND_AN_HOUR_MS,
                                          .run = text_or(options->run, "opening")};

    if (!read_number("--buffer", options->buffer, SANDBOX_STOCK_MAX, &wanted.buffer, err) ||
        !load(arena, options, &config, err))
        return fail(EXIT_USAGE, err);
    if (options->occurred_at != NULL && !clock_parse(options->occurred_at, &wanted.occurred_ms)) {
        err_set(err, ERR_REJECT, "--occurred-at wants a time such as 2026-11-21T09:00:00Z");
        return fail(EXIT_USAGE, err);
    }
    sandbox_seed_events(&config, &wanted, &text);
    return print(&text);
}

static int command_channels(struct arena *arena, const struct options *options, struct err *err)
{
    SCOPED(buf) struct buf text = {0};
    struct sandbox_config config;

    if (!load(arena, options, &config, err))
        return fail(EXIT_USAGE, err);
    const char *base_url = arena_printf(arena, "http://%s", config.listen);

    if (options->base_url != NULL)
        base_url = options->base_url;
    else if (options->port != NULL)
        base_url = arena_printf(arena, "http://127.0.0.1:%s", options->port);
    sandbox_seed_channels(&config, base_url, options->spec, &text);
    return print(&text);
}

static const struct {
    const char *name;
    int (*run)(struct arena *arena, const struct options *options, struct err *err);
} commands[] = {
    {"serve",     command_serve    },
    {"catalogue", command_catalogue},
    {"seed",      command_seed     },
    {"channels",  command_channels },
};

int sandbox_command_run(int argc, char **argv)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct options options = {0};
    struct err err = {0};

    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        fputs(usage, stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; argc >= 2 && i < ARRAY_LEN(commands); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (!read_options(argc, argv, &options, &err))
            return fail(EXIT_USAGE, &err);
        return commands[i].run(arena, &options, &err);
    }
    fputs(usage, stderr);
    return EXIT_USAGE;
}
