#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/json/json.h"
#include "tools/stockctl/actor.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/post.h"

enum { IMPORT_PROGRESS_MS = 200 };

struct import {
    const struct stockctl_options *options;
    struct stockctl_settings settings;
    const char *name;
    FILE *file;
    char *line;
    size_t line_capacity;
    int64_t line_number;
    const char *occurred_at; /* of lines that do not say */
    const char *actor;
    struct arena *arena; /* of the batch */
    struct buf batch;    /* "[{...},{...}" */
    size_t batch_len;
    int64_t batch_lines[STOCKCTL_POST_FACTS_MAX];
    int64_t facts;
    int64_t requests;
    int64_t shown_ms;
};

/* ---- lines to facts */

/* Puts the member in front of the others when the object lacks it. */
static void import_fill(struct json_out *out, const struct json *object, const char *key,
                        const char *value)
{
    if (json_get(object, key) == NULL)
        json_put_member(out, key, value);
}

/* The line's own text follows, so that whatever else it holds goes on unchanged. */
static void import_fact(struct import *import, const struct json *object, const char *text,
                        size_t len, struct buf *ret_fact)
{
    struct json_out out;

    json_begin(&out, ret_fact);
    json_object(&out);
    if (json_get(object, "occurred_ms") == NULL)
        import_fill(&out, object, "occurred_at", import->occurred_at);
    import_fill(&out, object, "actor", import->actor);
    bool has_own = ret_fact->len > 1;
    json_object_end(&out);
    if (!has_own || json_len(object) == 0) {
        buf_clear(ret_fact);
        buf_append(ret_fact, text, len);
        return;
    }
    ret_fact->bytes[ret_fact->len - 1] = ',';
    buf_append(ret_fact, text + 1, len - 1);
}

/* Without white space around it. */
static const char *import_trim(const char *text, size_t *len)
{
    while (*len > 0 && strchr(" \t\r\n", text[*len - 1]) != NULL)
        (*len)--;
    while (*len > 0 && strchr(" \t", *text) != NULL) {
        text++;
        (*len)--;
    }
    return text;
}

/* ---- batches */

static void import_progress(struct import *import, bool last)
{
    int64_t now_ms = clock_monotonic_ms();

    if (!isatty(STDERR_FILENO) || (!last && now_ms - import->shown_ms < IMPORT_PROGRESS_MS))
        return;
    import->shown_ms = now_ms;
    fprintf(stderr, "\r%" PRId64 " facts, line %" PRId64 "%s", import->facts, import->line_number,
            last ? "\n" : "");
}

static bool import_refused(struct import *import, int64_t fact, struct err *err)
{
    int64_t first = import->batch_lines[0];
    int64_t last = import->batch_lines[import->batch_len - 1];

    import_progress(import, true);
    if (fact >= 0 && fact < (int64_t)import->batch_len)
        return err_wrap(err, "%s:%" PRId64, import->name, import->batch_lines[fact]);
    return err_wrap(err, "%s: lines %" PRId64 " to %" PRId64, import->name, first, last);
}

static bool import_send(struct import *import, struct err *err)
{
    struct stockctl_posted posted = {0};
    int64_t fact = -1;

    if (import->batch_len == 0)
        return true;
    buf_char(&import->batch, ']');
    if (!import->options->dry_run) {
        if (!stockctl_post(&import->settings, import->arena, import->batch.bytes,
                           import->batch.len, &posted, &fact, err))
            return import_refused(import, fact, err);
        import->requests++;
    }
    import->facts += (int64_t)import->batch_len;
    import->batch_len = 0;
    buf_clear(&import->batch);
    arena_reset(import->arena);
    import_progress(import, false);
    return true;
}

static bool import_add(struct import *import, const struct buf *fact, struct err *err)
{
    bool full = import->batch_len == STOCKCTL_POST_FACTS_MAX ||
                import->batch.len + fact->len + 2 > STOCKCTL_POST_BYTES_MAX;

    if (full && !import_send(import, err))
        return false;
    buf_char(&import->batch, import->batch_len == 0 ? '[' : ',');
    buf_append(&import->batch, fact->bytes, fact->len);
    import->batch_lines[import->batch_len++] = import->line_number;
    if (import->options->dry_run)
        puts(fact->bytes);
    return true;
}

/* A line that is no JSON would take its whole batch with it, and ingest could not say which. */
static bool import_line(struct import *import, const char *text, size_t len, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf fact = {0};

    text = import_trim(text, &len);
    if (len == 0)
        return true;
    if (len > STOCKCTL_POST_BYTES_MAX / 2)
        return err_set(err, ERR_REJECT, "%s:%" PRId64 ": the line has %zu bytes, at most %d go",
                       import->name, import->line_number, len, STOCKCTL_POST_BYTES_MAX / 2);
    const struct json *object = json_parse(arena, text, len, err);
    if (object != NULL && json_kind(object) != JSON_OBJECT)
        err_set(err, ERR_REJECT, "%s, want an object", json_kind_name(json_kind(object)));
    if (object == NULL || json_kind(object) != JSON_OBJECT)
        return err_wrap(err, "%s:%" PRId64, import->name, import->line_number);
    import_fact(import, object, text, len, &fact);
    return import_add(import, &fact, err);
}

/* ---- the file */

static bool import_open(struct import *import, struct err *err)
{
    const char *path =
        import->options->arguments_len == 0 ? "-" : import->options->arguments[0];

    import->name = strcmp(path, "-") == 0 ? "standard input" : path;
    import->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (import->file == NULL)
        return err_set(err, ERR_REJECT, "can't read '%s': no such file, or no permission", path);
    return true;
}

static bool import_all(struct import *import, struct err *err)
{
    ssize_t len = 0;

    while ((len = getline(&import->line, &import->line_capacity, import->file)) >= 0) {
        import->line_number++;
        if (!import_line(import, import->line, (size_t)len, err))
            return false;
    }
    if (ferror(import->file) != 0)
        return err_set(err, ERR_REJECT, "can't read '%s' to its end", import->name);
    return import_send(import, err);
}

static void import_report(struct import *import)
{
    if (import->options->dry_run)
        return;
    if (import->requests > 0)
        import_progress(import, true);
    if (import->options->json)
        printf("{\"facts\":%" PRId64 ",\"requests\":%" PRId64 "}\n", import->facts,
               import->requests);
    else
        printf("%" PRId64 " facts in %" PRId64 " requests\n", import->facts, import->requests);
}

static void import_close(struct import *import)
{
    if (import->file != NULL && import->file != stdin)
        fclose(import->file);
    free(import->line); /* getline()'s, not mem_*'s */
    buf_release(&import->batch);
    arena_free(import->arena);
}

static bool import_setup(struct import *import, struct err *err)
{
    struct stockctl_settings *settings = &import->settings;

    if (!stockctl_settings_load(STOCKCTL_NEED_SHELL, settings, err))
        return false;
    if (import->options->dry_run)
        return true;
    return stockctl_settings_load(STOCKCTL_NEED_INGEST, settings, err) &&
           stockctl_settings_load(STOCKCTL_NEED_TOKEN, settings, err);
}

int stockctl_import(const struct stockctl_options *options, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct import import = {.options = options, .arena = arena_new()};
    int status = EXIT_OK;
    char now[CLOCK_TEXT_LEN];

    if (!import_setup(&import, err) || !import_open(&import, err)) {
        import_close(&import);
        return EXIT_USAGE;
    }
    import.occurred_at = clock_format(options->at_ms < 0 ? clock_now_ms() : options->at_ms, now);
    import.actor = stockctl_actor(arena, options->actor, import.settings.user);
    if (!import_all(&import, err))
        status = stockctl_command_status(err);
    import_report(&import);
    import_close(&import);
    return status;
}
