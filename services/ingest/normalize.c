#include "services/ingest/normalize.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "lib/event/codec.h"

#include "channels/kinds.h"
#include "services/ingest/intake.h"
#include "services/ingest/settings.h"

enum { NORMALIZE_HEADERS_MAX = 100, NORMALIZE_SETTINGS_MAX = 100, NORMALIZE_READ_BYTES = 65536 };

struct normalize {
    struct arena *arena;
    struct channel_account account;
    const char *spec; /* NULL: none */
    struct channel_header headers[NORMALIZE_HEADERS_MAX];
    const char *settings[NORMALIZE_SETTINGS_MAX];
    struct channel_notification notification;
};

static int usage(const char *what, const char *value)
{
    fprintf(stderr, "ingest normalize: %s: '%s'\n", what, value);
    fputs("usage: ingest normalize --kind KIND [--spec FILE] [--channel NAME]"
          " [--account NAME] [--setting NAME=VALUE]... [--header 'Name: value']..."
          " [--hint HINT | --via push|poll] [--received RFC3339] < body\nkinds:",
          stderr);
    for (size_t i = 0; i < channel_kinds_len(); i++)
        fprintf(stderr, " %s", channel_kinds_at(i)->name);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

/* ---- arguments */

static bool normalize_header(struct normalize *normalize, const char *text)
{
    const char *colon = strchr(text, ':');
    struct channel_notification *notification = &normalize->notification;

    if (colon == NULL || colon == text || notification->headers_len == NORMALIZE_HEADERS_MAX)
        return false;
    normalize->headers[notification->headers_len++] = (struct channel_header){
        .name = arena_strndup(normalize->arena, text, (size_t)(colon - text)),
        .value = colon + 1 + strspn(colon + 1, " \t"),
    };
    return true;
}

/* "app_key=abc" of the kind, which is named before; the value is borrowed. */
static bool normalize_setting(struct normalize *normalize, const char *text)
{
    const char *equals = strchr(text, '=');
    const struct channel_setting *settings =
        normalize->account.kind == NULL ? NULL : normalize->account.kind->settings;
    size_t len = equals == NULL ? 0 : (size_t)(equals - text);

    for (size_t i = 0; settings != NULL && settings[i].name != NULL; i++) {
        if (i < NORMALIZE_SETTINGS_MAX && strlen(settings[i].name) == len &&
            strncmp(settings[i].name, text, len) == 0) {
            normalize->settings[i] = equals + 1;
            return true;
        }
    }
    return false;
}

static int normalize_option(struct normalize *normalize, int option, const char *value)
{
    switch (option) {
    case 'k':
        normalize->account.kind = channel_kinds_find(value);
        return normalize->account.kind != NULL ? EXIT_OK : usage("there is no such kind", value);
    case 's':
        normalize->spec = value;
        return EXIT_OK;
    case 'c':
        normalize->account.name = value;
        return EXIT_OK;
    case 'h':
        return normalize_header(normalize, value)
                   ? EXIT_OK
                   : usage("a header is 'Name: value', and they are at most 100", value);
    case 'a':
        normalize->account.account = value;
        return EXIT_OK;
    case 'i':
        normalize->notification.hint = value;
        normalize->notification.captured_via = EVENT_VIA_READ;
        return EXIT_OK;
    case 'v':
        normalize->notification.captured_via =
            strcmp(value, "poll") == 0 ? EVENT_VIA_POLL : EVENT_VIA_PUSH;
        return strcmp(value, "poll") == 0 || strcmp(value, "push") == 0
                   ? EXIT_OK
                   : usage("a body comes via push or poll", value);
    case 'e':
        return normalize_setting(normalize, value)
                   ? EXIT_OK
                   : usage("a setting is NAME=VALUE, of the kind that is named before it", value);
    case 'r':
        return clock_parse(value, &normalize->notification.received_ms)
                   ? EXIT_OK
                   : usage("want a time like 2026-11-21T09:17:00Z", value);
    default:
        return usage("an option is unknown or lacks its value", value);
    }
}

static int normalize_arguments(struct normalize *normalize, int argc, char **argv)
{
    static const struct option options[] = {
        {"kind",     required_argument, NULL, 'k'},
        {"spec",     required_argument, NULL, 's'},
        {"channel",  required_argument, NULL, 'c'},
        {"header",   required_argument, NULL, 'h'},
        {"account",  required_argument, NULL, 'a'},
        {"hint",     required_argument, NULL, 'i'},
        {"setting",  required_argument, NULL, 'e'},
        {"via",      required_argument, NULL, 'v'},
        {"received", required_argument, NULL, 'r'},
        {NULL,       0,                 NULL, 0  },
    };
    struct err err = {0};
    int option = 0;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *value = option == '?' ? argv[optind - 1] : optarg;
        int status = normalize_option(normalize, option, value);

        if (status != EXIT_OK)
            return status;
    }
    if (optind < argc)
        return usage("unexpected argument", argv[optind]);
    if (normalize->account.kind == NULL)
        return usage("an option is missing", "--kind");
    if (normalize->account.name == NULL)
        normalize->account.name = normalize->account.kind->name;
    if (!channel_account_read_spec(&normalize->account, normalize->spec, normalize->arena, &err))
        return usage("--spec", err.text);
    return EXIT_OK;
}

/* ---- work */

static bool normalize_read_body(struct buf *body)
{
    char *piece = mem_calloc(1, NORMALIZE_READ_BYTES);
    size_t len = 0;

    while (body->len <= INGEST_BODY_BYTES_MAX &&
           (len = fread(piece, 1, NORMALIZE_READ_BYTES, stdin)) > 0)
        buf_append(body, piece, len);
    mem_free(piece);
    return ferror(stdin) == 0 && body->len <= INGEST_BODY_BYTES_MAX;
}

static void normalize_print_hint(const char *hint)
{
    SCOPED(buf) struct buf line = {0};
    struct json_out out;

    json_begin(&out, &line);
    json_object(&out);
    json_put_member(&out, "hint", hint);
    json_object_end(&out);
    puts(buf_str(&line));
}

static void normalize_print(const struct ingest_intake *intake)
{
    for (size_t i = 0; i < intake->events.len; i++) {
        SCOPED(buf) struct buf line = {0};

        event_to_json(&intake->events.events[i], &line);
        puts(buf_str(&line));
    }
    for (size_t i = 0; i < intake->hints.len; i++)
        normalize_print_hint(intake->hints.hints[i]);
    for (size_t i = 0; i < intake->bad.len; i++)
        fprintf(stderr, "ingest normalize: bad line: %s\n", intake->bad.reasons[i]);
}

/* No secret is asked for: nothing is taken from anybody here. */
static int normalize_run(struct normalize *normalize)
{
    SCOPED(buf) struct buf body = {0};

    if (!normalize_read_body(&body)) {
        fprintf(stderr, "ingest normalize: body can't be read, or has more than %d bytes\n",
                INGEST_BODY_BYTES_MAX);
        return EXIT_REFUSED;
    }
    normalize->account.settings = normalize->settings;
    normalize->notification.headers = normalize->headers;
    normalize->notification.body = buf_str(&body);
    normalize->notification.body_len = body.len;
    const struct ingest_intake intake = ingest_intake_read(
        &normalize->account, &normalize->notification, "localhost", NULL, NULL, normalize->arena);
    if (intake.refused != NULL) {
        fprintf(stderr, "ingest normalize: %s\n", intake.refused);
        return EXIT_REFUSED;
    }
    normalize_print(&intake);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_UNAVAILABLE;
}

int ingest_normalize(int argc, char **argv)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct normalize normalize = {
        .arena = arena,
        .account = {.account = "",
                    .base_url = "",
                    .api_version = "",
                    .location = "",
                    .token = "",
                    .token_secret = "",
                    .return_bucket = "quarantine"},
        .notification = {.received_ms = clock_now_ms(), .captured_via = EVENT_VIA_PUSH   },
    };
    int status = normalize_arguments(&normalize, argc, argv);

    return status == EXIT_OK ? normalize_run(&normalize) : status;
}
