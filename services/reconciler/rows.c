#include "services/reconciler/rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "channels/kinds.h"
#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "lib/json/json.h"
#include "lib/pack/pack.h"

static bool rows_take(void *opaque, const struct channel_row *row, struct err *err)
{
    struct reconciler_rows *rows = opaque;

    if (rows->len == RECONCILER_ROWS_MAX)
        return err_set(err, ERR_REJECT, "the snapshot has more than %d rows", RECONCILER_ROWS_MAX);
    rows->rows =
        arena_grow(rows->arena, rows->rows, rows->len, &rows->capacity, sizeof(*rows->rows));
    rows->rows[rows->len++] = (struct channel_row){
        .listing = arena_strdup(rows->arena, row->listing == NULL ? "" : row->listing),
        .address = arena_strdup(rows->arena, row->address == NULL ? "" : row->address),
        .sku = arena_strdup(rows->arena, row->sku == NULL ? "" : row->sku),
        .tracked = row->tracked,
        .quantity = row->quantity,
        .version_ms = row->version_ms,
    };
    return true;
}

bool reconciler_rows_read(struct reconciler_rows *rows, const struct channel_account *account,
                          const char *format, const void *bytes, size_t len, struct err *err)
{
    return account->kind->rows(account, format, bytes, len, rows_take, rows, err);
}

/* ---- files ---- */

static bool file_read(FILE *file, struct buf *bytes, struct err *err)
{
    char chunk[65536];
    size_t len = 0;

    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        buf_append(bytes, chunk, len);
        if (bytes->len > RECONCILER_BYTES_MAX)
            return err_set(err, ERR_REJECT, "more than %d bytes", RECONCILER_BYTES_MAX);
    }
    if (ferror(file))
        return err_set(err, ERR_REJECT, "can't be read: %s", strerrordesc_np(errno));
    return true;
}

bool reconciler_rows_read_file(struct reconciler_rows *rows, const struct channel_account *account,
                               const char *format, const char *path, struct err *err)
{
    SCOPED(buf) struct buf bytes = {0};
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");

    if (file == NULL)
        return err_set(err, ERR_REJECT, "snapshot '%s': %s", path, strerrordesc_np(errno));
    bool ok = file_read(file, &bytes, err);
    if (!is_stdin)
        fclose(file);
    SCOPED(arena) struct arena *arena = arena_new();
    const char *rows_bytes = NULL;
    size_t rows_len = 0;
    if (!ok || !pack_open(arena, buf_str(&bytes), bytes.len, RECONCILER_BYTES_MAX, &rows_bytes,
                          &rows_len, err))
        return err_wrap(err, "snapshot '%s'", path);
    return reconciler_rows_read(rows, account, format, rows_bytes, rows_len, err);
}

bool reconciler_rows_check_format(const struct channel_kind *kind, const char *format,
                                  struct err *err)
{
    SCOPED(buf) struct buf known = {0};

    for (size_t i = 0; i < ARRAY_LEN(kind->snapshot_formats); i++) {
        const char *name = kind->snapshot_formats[i];

        if (name == NULL)
            break;
        if (format == NULL || strcmp(name, format) == 0)
            return true;
        buf_printf(&known, "%s%s", known.len == 0 ? "" : ", ", name);
    }
    return err_set(err, ERR_REJECT, "snapshots of %s have no format '%s', but: %s", kind->name,
                   format == NULL ? "" : format, buf_str(&known));
}

/* ---- the command ---- */

static void row_print(const struct channel_row *row)
{
    SCOPED(buf) struct buf text = {0};
    struct json_out out;

    json_begin(&out, &text);
    json_object(&out);
    json_put_member(&out, "listing", row->listing);
    json_put_member(&out, "address", row->address);
    json_put_member(&out, "sku", row->sku);
    json_key(&out, "tracked");
    json_put_bool(&out, row->tracked);
    json_put_member_int(&out, "quantity", row->quantity);
    json_put_member(&out, "version_at",
                    row->version_ms == 0
                        ? NULL
                        : clock_format(row->version_ms, (char[CLOCK_TEXT_LEN]){0}));
    json_object_end(&out);
    puts(buf_str(&text));
}

static int rows_usage(void)
{
    fputs("usage: reconciler rows --kind K [--spec FILE] [--format F] [--location L] < snapshot\n"
          "Prints each row of a channel's snapshot as one line of JSON.\n",
          stderr);
    return EXIT_USAGE;
}

static int rows_run(const struct channel_account *account, const char *format)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_rows rows = {.arena = arena};
    struct err err = {0};

    if (!reconciler_rows_check_format(account->kind, format, &err) ||
        !reconciler_rows_read_file(&rows, account, format, "-", &err)) {
        fprintf(stderr, "reconciler rows: %s\n", err.text);
        return EXIT_REFUSED;
    }
    for (size_t i = 0; i < rows.len; i++)
        row_print(&rows.rows[i]);
    return EXIT_OK;
}

int reconciler_rows_command(int argc, char **argv)
{
    struct channel_account account = {.name = "rows",
                                      .account = "",
                                      .base_url = "https://channel.example",
                                      .api_version = "",
                                      .location = "",
                                      .token = "",
                                      .token_secret = "",
                                      .return_bucket = "quarantine"};
    const char *format = NULL;
    const char *kind = NULL;
    const char *spec = NULL;
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};

    for (int i = 0; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--kind") == 0)
            kind = argv[i + 1];
        else if (strcmp(argv[i], "--spec") == 0)
            spec = argv[i + 1];
        else if (strcmp(argv[i], "--format") == 0)
            format = argv[i + 1];
        else if (strcmp(argv[i], "--location") == 0)
            account.location = argv[i + 1];
        else
            return rows_usage();
    }
    if (argc % 2 != 0 || kind == NULL)
        return rows_usage();
    account.kind = channel_kinds_find(kind);
    if (account.kind == NULL) {
        fprintf(stderr, "reconciler rows: there is no kind '%s'\n", kind);
        return EXIT_USAGE;
    }
    if (!channel_account_read_spec(&account, spec, arena, &err)) {
        fprintf(stderr, "reconciler rows: %s\n", err.text);
        return EXIT_USAGE;
    }
    return rows_run(&account, format);
}
