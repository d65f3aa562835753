#include "services/publisher/preview.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/stop.h"
#include "lib/event/codec.h"

#include "channels/channel.h"
#include "channels/kinds.h"

enum { PREVIEW_BYTES_MAX = 64 * 1024 * 1024 };

/* The same every time, so that two previews compare. A real push draws a new one. */
static const char preview_key[] = "00000000-0000-4000-8000-000000000000";

struct preview {
    struct arena *arena;
    struct channel_account account;
    struct target *targets;
    size_t len;
    size_t capacity;
};

static bool preview_read(struct buf *input, struct err *err)
{
    char chunk[65536];
    size_t len = 0;

    while ((len = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
        buf_append(input, chunk, len);
        if (input->len > PREVIEW_BYTES_MAX)
            return err_set(err, ERR_REJECT, "more than %d bytes of input", PREVIEW_BYTES_MAX);
    }
    return true;
}

static bool preview_parse(struct preview *preview, char *text, struct err *err)
{
    size_t number = 0;

    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        number++;
        const struct json *object = json_parse(preview->arena, line, strlen(line), err);
        if (object == NULL)
            return err_wrap(err, "line %zu", number);
        preview->targets = arena_grow(preview->arena, preview->targets, preview->len,
                                      &preview->capacity, sizeof(*preview->targets));
        if (!target_from_json(preview->arena, object, &preview->targets[preview->len], err))
            return err_wrap(err, "line %zu", number);
        preview->len++;
    }
    return true;
}

static void preview_print(const struct channel_request *request)
{
    SCOPED(buf) struct buf text = {0};
    struct json_out out;

    json_begin(&out, &text);
    json_object(&out);
    json_put_member(&out, "method", request->method);
    json_put_member(&out, "url", request->url);
    json_key(&out, "headers");
    json_object(&out);
    for (size_t i = 0; i < request->headers_len; i++)
        json_put_member(&out, request->headers[i].name, request->headers[i].value);
    json_object_end(&out);
    if (request->user != NULL)
        json_put_member(&out, "user", request->user);
    json_key(&out, "body");
    if (request->body[0] == '{' || request->body[0] == '[')
        json_put_raw(&out, request->body);
    else
        json_put_text(&out, request->body); /* XML, a form, or nothing */
    json_object_end(&out);
    puts(buf_str(&text));
}

/* How many targets like this one share a request: the kind's limit, the account's, that of the
   kind's API that it goes to. */
static size_t preview_batch(const struct channel_account *account, const struct target *target)
{
    const struct channel_kind *kind = account->kind;
    int64_t max = kind->batch_max;
    int64_t own = kind->batch == NULL ? max : kind->batch(account, target);

    if (account->batch_max > 0 && account->batch_max < max)
        max = account->batch_max;
    return (size_t)(own > 0 && own < max ? own : max);
}

/* Targets of one group, in the order of the input, share a request up to the limit. */
static bool preview_requests(struct preview *preview, struct err *err)
{
    const struct channel_account *account = &preview->account;
    bool *done = arena_alloc(preview->arena, preview->len * sizeof(*done));
    struct channel_push *pushes =
        arena_alloc(preview->arena, (size_t)account->kind->batch_max * sizeof(*pushes));

    for (size_t first = 0; first < preview->len; first++) {
        struct channel_request request = {0};
        size_t count = 0;

        if (done[first])
            continue;
        const char *group = account->kind->group(account, &preview->targets[first], preview->arena);
        if (group == NULL)
            return err_set(err, ERR_REJECT, "target %zu: address '%s' of listing '%s' is not %s's",
                           first + 1, preview->targets[first].address,
                           preview->targets[first].listing, account->kind->name);
        size_t max = preview_batch(account, &preview->targets[first]);
        for (size_t i = first; i < preview->len && count < max; i++) {
            const char *own =
                done[i] ? NULL
                        : account->kind->group(account, &preview->targets[i], preview->arena);

            if (own == NULL || strcmp(own, group) != 0)
                continue;
            done[i] = true;
            preview->targets[i].quantity = channel_written(account, &preview->targets[i]);
            pushes[count++] = (struct channel_push){.target = &preview->targets[i]};
        }
        if (!account->kind->push(account, pushes, count, preview_key, preview->arena, &request,
                                 err))
            return false;
        preview_print(&request);
    }
    return true;
}

static int preview_run(struct preview *preview, struct err *err)
{
    SCOPED(buf) struct buf input = {0};

    if (preview_read(&input, err) && input.len > 0 && preview_parse(preview, input.bytes, err) &&
        preview_requests(preview, err))
        return EXIT_OK;
    if (err->code == ERR_NONE)
        err_set(err, ERR_REJECT, "no targets on standard input");
    fprintf(stderr, "publisher preview: %s\n", err->text);
    return EXIT_REFUSED;
}

static int preview_usage(void)
{
    fputs("usage: publisher preview --kind K [--spec FILE] [--location L] [--base-url URL]"
          " < targets.jsonl\n"
          "One target per line, as 'stockctl topics cat targets.CHANNEL' prints them, or:\n"
          "{\"channel\":\"shop\",\"listing\":\"123\",\"address\":\"...\",\"quantity\":3}\n",
          stderr);
    return EXIT_USAGE;
}

int publisher_preview(int argc, char **argv)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct preview preview = {
        .arena = arena,
        .account = {.name = "preview",
                    .account = "",
                    .base_url = "https://channel.example",
                    .api_version = "",
                    .location = "",
                    .token = "TOKEN",
                    .token_secret = "SECRET",
                    .return_bucket = "quarantine"}
    };
    const char *spec = NULL;
    struct err err = {0};

    for (int i = 0; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--kind") == 0)
            preview.account.kind = channel_kinds_find(argv[i + 1]);
        else if (strcmp(argv[i], "--spec") == 0)
            spec = argv[i + 1];
        else if (strcmp(argv[i], "--location") == 0)
            preview.account.location = argv[i + 1];
        else if (strcmp(argv[i], "--base-url") == 0)
            preview.account.base_url = argv[i + 1];
        else
            return preview_usage();
        if (preview.account.kind == NULL && strcmp(argv[i], "--kind") == 0) {
            fprintf(stderr, "publisher preview: there is no kind '%s'\n", argv[i + 1]);
            return EXIT_USAGE;
        }
    }
    if (argc % 2 != 0 || preview.account.kind == NULL)
        return preview_usage();
    if (!channel_account_read_spec(&preview.account, spec, arena, &err)) {
        fprintf(stderr, "publisher preview: %s\n", err.text);
        return EXIT_USAGE;
    }
    return preview_run(&preview, &err);
}
