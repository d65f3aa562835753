#include "channels/account.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"

#include "channels/channel.h"
#include "channels/kinds.h"

/*
 * Read by libyaml's own document tree, not by libcyaml on top of it: that one reports the place of
 * the value before an unknown key, knows no place for what is wrong between keys, and takes the
 * number "-1x" for -1.
 */

enum { FILE_BYTES_MAX = 1024 * 1024, SECRET_BYTES_MAX = 4096, TEXT_BYTES_MAX = 2048 };

struct channel_accounts {
    struct arena *arena;
    struct channel_account *accounts;
    size_t len;
};

enum row_kind { ROW_NAME, ROW_KIND, ROW_TEXT, ROW_URL, ROW_WORD, ROW_FILE, ROW_REAL, ROW_WHOLE };

/* A key. Two rows with one offset are two ways to say the same. */
struct row {
    const char *key;
    enum row_kind kind;
    size_t offset;
    bool needed;
    double max; /* of numbers */
};

#define AT(member) offsetof(struct channel_account, member)
static const struct row rows[] = {
    {"name",               ROW_NAME,  AT(name),             true,  0    },
    {"kind",               ROW_KIND,  AT(kind),             true,  0    },
    {"account",            ROW_TEXT,  AT(account),          false, 0    },
    {"base_url",           ROW_URL,   AT(base_url),         true,  0    },
    {"api_version",        ROW_WORD,  AT(api_version),      false, 0    },
    {"location",           ROW_TEXT,  AT(location),         false, 0    },
    {"secret",             ROW_TEXT,  AT(secrets[0]),       false, 0    },
    {"secret_file",        ROW_FILE,  AT(secrets[0]),       false, 0    },
    {"second_secret",      ROW_TEXT,  AT(secrets[1]),       false, 0    },
    {"second_secret_file", ROW_FILE,  AT(secrets[1]),       false, 0    },
    {"token",              ROW_TEXT,  AT(token),            false, 0    },
    {"token_file",         ROW_FILE,  AT(token),            false, 0    },
    {"token_secret",       ROW_TEXT,  AT(token_secret),     false, 0    },
    {"token_secret_file",  ROW_FILE,  AT(token_secret),     false, 0    },
    {"return_bucket",      ROW_WORD,  AT(return_bucket),    false, 0    },
    {"rate_per_second",    ROW_REAL,  AT(rate_per_second),  false, 1e5  },
    {"rate_burst",         ROW_REAL,  AT(rate_burst),       false, 1e6  },
    {"batch_max",          ROW_WHOLE, AT(batch_max),        false, 1000 },
    {"concurrency",        ROW_WHOLE, AT(concurrency),      false, 1000 },
    {"timeout_ms",         ROW_WHOLE, AT(timeout_ms),       false, 6e5  },
    {"poll_interval_ms",   ROW_WHOLE, AT(poll_interval_ms), false, 864e5},
};
#undef AT

struct reading {
    const char *path;
    struct arena *arena;
    yaml_document_t document;
    struct channel_accounts *accounts;
    struct err *err;
};

static void *field_of(const struct row *row, struct channel_account *account)
{
    return (char *)account + row->offset;
}

/* ---- places ---- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* Puts "channels.yaml:12:5: " before it. */
static bool fail_at(struct reading *reading, yaml_mark_t mark, const char *what)
{
    return err_set(reading->err, ERR_FATAL, "%s:%zu:%zu: %s", file_name(reading->path),
                   mark.line + 1, mark.column + 1, what);
}

static bool fail(struct reading *reading, const yaml_node_t *node, const char *format, ...)
    PRINTF_LIKE(3, 4);
static bool fail(struct reading *reading, const yaml_node_t *node, const char *format, ...)
{
    char what[400];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return fail_at(reading, node->start_mark, what);
}

/* ---- files ---- */

static bool file_read(const char *path, size_t max, struct buf *bytes, struct err *err)
{
    FILE *file = fopen(path, "re");
    char chunk[4096];
    size_t len = 0;

    if (file == NULL)
        return err_set(err, ERR_FATAL, "%s: %s", path, strerrordesc_np(errno));
    while (bytes->len <= max && (len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(bytes, chunk, len);
    int failed = ferror(file) != 0 ? errno : 0;
    fclose(file);
    if (failed != 0)
        return err_set(err, ERR_FATAL, "%s: %s", path, strerrordesc_np(failed));
    if (bytes->len > max)
        return err_set(err, ERR_FATAL, "%s: more than %zu bytes", path, max);
    return true;
}

/* "secret" within "/etc/stockbus/channels.yaml" is "/etc/stockbus/secret". */
static const char *file_beside(struct reading *reading, const char *name)
{
    size_t folder = (size_t)(file_name(reading->path) - reading->path);

    if (name[0] == '/')
        return name;
    return arena_printf(reading->arena, "%.*s%s", (int)folder, reading->path, name);
}

/* Editors end a file with a newline; no secret does. */
static bool read_secret_file(struct reading *reading, const yaml_node_t *node, const char *name,
                             const char **ret_text)
{
    SCOPED(buf) struct buf bytes = {0};
    struct err why = {0};

    if (!file_read(file_beside(reading, name), SECRET_BYTES_MAX, &bytes, &why))
        return fail(reading, node, "%s", why.text);
    size_t len = strcspn(buf_str(&bytes), "\r\n");
    if (len == 0 || strspn(buf_str(&bytes) + len, "\r\n") != bytes.len - len)
        return fail(reading, node, "%s: want one line of text", name);
    *ret_text = arena_strndup(reading->arena, bytes.bytes, len);
    return true;
}

/* ---- values ---- */

static bool read_number(const char *text, double max, double *ret_value)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (strspn(text, "0123456789.") != strlen(text) || end == text || *end != '\0' || value < 0 ||
        value > max)
        return false;
    *ret_value = value;
    return true;
}

static bool is_made_of(const char *text, size_t max, const char *letters)
{
    size_t len = strlen(text);

    return len > 0 && len <= max && strspn(text, letters) == len;
}

static bool read_name(struct reading *reading, const yaml_node_t *node, const char *text,
                      const char **ret_name)
{
    if (!is_made_of(text, CHANNEL_NAME_MAX, "abcdefghijklmnopqrstuvwxyz0123456789-"))
        return fail(reading, node, "name '%.100s': want 1 to %d of a-z 0-9 -", text,
                    CHANNEL_NAME_MAX);
    if (channel_accounts_find(reading->accounts, text) != NULL)
        return fail(reading, node, "name '%s' is there twice", text);
    *ret_name = text;
    return true;
}

static bool read_kind(struct reading *reading, const yaml_node_t *node, const char *text,
                      const struct channel_kind **ret_kind)
{
    SCOPED(buf) struct buf known = {0};

    *ret_kind = channel_kinds_find(text);
    if (*ret_kind != NULL)
        return true;
    for (size_t i = 0; i < channel_kinds_len(); i++)
        buf_printf(&known, " %s", channel_kinds_at(i)->name);
    return fail(reading, node, "there is no kind '%.100s'; want one of%s", text, buf_str(&known));
}

static bool read_url(struct reading *reading, const yaml_node_t *node, char *text,
                     const char **ret_url)
{
    size_t len = strlen(text);

    if ((strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0) ||
        strpbrk(text, " ?#\"\\") != NULL)
        return fail(reading, node, "'%.100s' is no http or https address", text);
    while (len > 0 && text[len - 1] == '/')
        text[--len] = '\0';
    *ret_url = text;
    return true;
}

static bool read_word(struct reading *reading, const yaml_node_t *node, const char *text,
                      const char **ret_word)
{
    if (!is_made_of(text, CHANNEL_NAME_MAX, "abcdefghijklmnopqrstuvwxyz0123456789-_."))
        return fail(reading, node, "'%.100s': want 1 to %d of a-z 0-9 - _ .", text,
                    CHANNEL_NAME_MAX);
    *ret_word = text;
    return true;
}

static bool read_amount(struct reading *reading, const yaml_node_t *node, const struct row *row,
                        const char *text, struct channel_account *account)
{
    double value = 0;

    if (!read_number(text, row->max, &value) || (row->kind == ROW_WHOLE && value != floor(value)))
        return fail(reading, node, "%s '%.100s': want %s number from 0 to %.0f", row->key, text,
                    row->kind == ROW_WHOLE ? "a whole" : "a", row->max);
    if (row->kind == ROW_WHOLE)
        *(int64_t *)field_of(row, account) = (int64_t)value;
    else
        *(double *)field_of(row, account) = value;
    return true;
}

static bool read_text(struct reading *reading, const yaml_node_t *node, const struct row *row,
                      char **ret_text)
{
    if (node->type != YAML_SCALAR_NODE)
        return fail(reading, node, "%s: want one text or number", row->key);
    size_t len = node->data.scalar.length;
    const char *text = (const char *)node->data.scalar.value;
    if (len == 0 || len > TEXT_BYTES_MAX || strlen(text) != len || strpbrk(text, "\r\n") != NULL)
        return fail(reading, node, "%s: want one line of 1 to %d bytes", row->key, TEXT_BYTES_MAX);
    *ret_text = arena_strdup(reading->arena, text);
    return true;
}

static bool read_value(struct reading *reading, const yaml_node_t *node, const struct row *row,
                       struct channel_account *account)
{
    const char **field = field_of(row, account);
    char *text = NULL;

    if (!read_text(reading, node, row, &text))
        return false;
    switch (row->kind) {
    case ROW_NAME:
        return read_name(reading, node, text, field);
    case ROW_KIND:
        return read_kind(reading, node, text, &account->kind);
    case ROW_URL:
        return read_url(reading, node, text, field);
    case ROW_WORD:
        return read_word(reading, node, text, field);
    case ROW_FILE:
        return read_secret_file(reading, node, text, field);
    case ROW_REAL:
    case ROW_WHOLE:
        return read_amount(reading, node, row, text, account);
    case ROW_TEXT:
        *field = text;
        break;
    }
    return true;
}

/* ---- mappings ---- */

static const char *key_of(struct reading *reading, const yaml_node_pair_t *pair,
                          const yaml_node_t **ret_node)
{
    *ret_node = yaml_document_get_node(&reading->document, pair->key);
    return (*ret_node)->type == YAML_SCALAR_NODE ? (const char *)(*ret_node)->data.scalar.value
                                                 : "";
}

static const struct row *row_of(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    }
    return NULL;
}

static bool read_pair(struct reading *reading, const yaml_node_pair_t *pair,
                      const struct row *seen[ARRAY_LEN(rows)], struct channel_account *account)
{
    const yaml_node_t *node = NULL;
    const char *key = key_of(reading, pair, &node);
    const struct row *row = row_of(key);

    if (row == NULL)
        return fail(reading, node, "unknown key '%.100s'", key);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (seen[i] == row)
            return fail(reading, node, "key '%s' is there twice", key);
        if (seen[i] != NULL && seen[i]->offset == row->offset)
            return fail(reading, node, "'%s' and '%s' are both there", seen[i]->key, key);
    }
    seen[row - rows] = row;
    return read_value(reading, yaml_document_get_node(&reading->document, pair->value), row,
                      account);
}

static bool read_account(struct reading *reading, const yaml_node_t *node,
                         struct channel_account *account)
{
    const struct row *seen[ARRAY_LEN(rows)] = {NULL};

    *account = (struct channel_account){
        .account = "",
        .api_version = "",
        .location = "",
        .secrets = {"", ""},
        .token = "",
        .token_secret = "",
        .return_bucket = "quarantine",
        .poll_interval_ms = -1
    };
    if (node->type != YAML_MAPPING_NODE)
        return fail(reading, node, "want a channel: name, kind, ...");
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        if (!read_pair(reading, pair, seen, account))
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].needed && seen[i] == NULL)
            return fail(reading, node, "key '%s' is missing", rows[i].key);
    }
    return true;
}

static bool read_accounts(struct reading *reading, const yaml_node_t *list)
{
    size_t count = 0;

    if (list->type != YAML_SEQUENCE_NODE)
        return fail(reading, list, "channels: want a list");
    count = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
    if (count == 0 || count > CHANNELS_MAX)
        return fail(reading, list, "%zu channels, want 1 to %d", count, CHANNELS_MAX);
    reading->accounts->accounts =
        arena_alloc(reading->arena, count * sizeof(struct channel_account));
    for (size_t i = 0; i < count; i++) {
        struct channel_account account;

        if (!read_account(
                reading,
                yaml_document_get_node(&reading->document, list->data.sequence.items.start[i]),
                &account))
            return false;
        reading->accounts->accounts[reading->accounts->len++] = account;
    }
    return true;
}

static bool read_root(struct reading *reading)
{
    const yaml_node_t *root = yaml_document_get_root_node(&reading->document);
    const yaml_node_t *channels = NULL;

    if (root == NULL || root->type != YAML_MAPPING_NODE)
        return fail_at(reading, root == NULL ? (yaml_mark_t){0} : root->start_mark,
                       "want 'channels:' and a list");
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *node = NULL;
        const char *key = key_of(reading, pair, &node);

        if (strcmp(key, "channels") != 0)
            return fail(reading, node, "unknown key '%.100s'", key);
        if (channels != NULL)
            return fail(reading, node, "key 'channels' is there twice");
        channels = yaml_document_get_node(&reading->document, pair->value);
    }
    if (channels == NULL)
        return fail(reading, root, "key 'channels' is missing");
    return read_accounts(reading, channels);
}

/* ---- the file ---- */

/* Loads the next document and has it read. */
static bool read_document(struct reading *reading, yaml_parser_t *parser,
                          bool (*read)(struct reading *reading))
{
    if (!yaml_parser_load(parser, &reading->document))
        return fail_at(reading, parser->problem_mark,
                       parser->problem == NULL ? "no yaml" : parser->problem);
    bool done = read(reading);
    yaml_document_delete(&reading->document);
    return done;
}

static bool read_end(struct reading *reading)
{
    const yaml_node_t *root = yaml_document_get_root_node(&reading->document);

    return root == NULL || fail(reading, root, "want one document");
}

static bool read_file(struct reading *reading, const struct buf *bytes)
{
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser))
        return err_set(reading->err, ERR_FATAL, "%s: libyaml can't start", reading->path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)buf_str(bytes), bytes->len);
    bool done =
        read_document(reading, &parser, read_root) && read_document(reading, &parser, read_end);
    yaml_parser_delete(&parser);
    return done;
}

struct channel_accounts *channel_accounts_read(const char *path, struct err *err)
{
    SCOPED(buf) struct buf bytes = {0};
    SCOPED(channel_accounts) struct channel_accounts *accounts = NULL;

    if (!file_read(path, FILE_BYTES_MAX, &bytes, err))
        return NULL;
    accounts = mem_calloc(1, sizeof(*accounts));
    accounts->arena = arena_new();
    struct reading reading = {
        .path = path, .arena = accounts->arena, .accounts = accounts, .err = err};
    return read_file(&reading, &bytes) ? STEAL(accounts) : NULL;
}

void channel_accounts_free(struct channel_accounts *accounts)
{
    if (accounts == NULL)
        return;
    arena_free(accounts->arena);
    mem_free(accounts);
}

size_t channel_accounts_len(const struct channel_accounts *accounts)
{
    return accounts->len;
}

const struct channel_account *channel_accounts_at(const struct channel_accounts *accounts,
                                                  size_t index)
{
    return &accounts->accounts[index];
}

const struct channel_account *channel_accounts_find(const struct channel_accounts *accounts,
                                                    const char *name)
{
    for (size_t i = 0; i < accounts->len; i++) {
        if (strcmp(accounts->accounts[i].name, name) == 0)
            return &accounts->accounts[i];
    }
    return NULL;
}
