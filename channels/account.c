#include "channels/account.h"

#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/base/near.h"
#include "lib/yaml/yaml.h"

#include "channels/channel.h"
#include "channels/kinds.h"

enum { FILE_BYTES_MAX = 1024 * 1024, SECRET_BYTES_MAX = 4096, TEXT_BYTES_MAX = 2048 };

struct channel_accounts {
    struct arena *arena;
    struct channel_account *accounts;
    size_t len;
    size_t capacity;
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
    {"spec",               ROW_TEXT,  AT(spec_file),        false, 0    },
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
    struct channel_accounts *accounts;
    struct err *err;
};

static void *field_of(const struct row *row, struct channel_account *account)
{
    return (char *)account + row->offset;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
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
const char *channel_secret_read(const char *path, struct arena *arena, struct err *err)
{
    SCOPED(buf) struct buf bytes = {0};

    if (!file_read(path, SECRET_BYTES_MAX, &bytes, err))
        return NULL;
    size_t len = strcspn(buf_str(&bytes), "\r\n");
    if (len == 0 || strspn(buf_str(&bytes) + len, "\r\n") != bytes.len - len) {
        err_set(err, ERR_FATAL, "%s: want one line of text", file_name(path));
        return NULL;
    }
    return arena_strndup(arena, bytes.bytes, len);
}

static bool read_secret_file(struct reading *reading, const struct yaml *node, const char *path,
                             const char **ret_text)
{
    struct err why = {0};

    *ret_text = channel_secret_read(path, reading->arena, &why);
    return *ret_text != NULL || yaml_fail(node, reading->err, "%s", why.text);
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

static bool read_name(struct reading *reading, const struct yaml *node, const char *text,
                      const char **ret_name)
{
    if (!is_made_of(text, CHANNEL_NAME_MAX, "abcdefghijklmnopqrstuvwxyz0123456789-"))
        return yaml_fail(node, reading->err, "name '%.100s': want 1 to %d of a-z 0-9 -", text,
                         CHANNEL_NAME_MAX);
    if (channel_accounts_find(reading->accounts, text) != NULL)
        return yaml_fail(node, reading->err, "name '%s' is there twice", text);
    *ret_name = text;
    return true;
}

static bool read_kind(struct reading *reading, const struct yaml *node, const char *text,
                      const struct channel_kind **ret_kind)
{
    SCOPED(buf) struct buf known = {0};

    *ret_kind = channel_kinds_find(text);
    if (*ret_kind != NULL)
        return true;
    for (size_t i = 0; i < channel_kinds_len(); i++)
        buf_printf(&known, " %s", channel_kinds_at(i)->name);
    return yaml_fail(node, reading->err, "there is no kind '%.100s'; want one of%s", text,
                     buf_str(&known));
}

static bool read_url(struct reading *reading, const struct yaml *node, char *text,
                     const char **ret_url)
{
    size_t len = strlen(text);

    if ((strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0) ||
        strpbrk(text, " ?#\"\\") != NULL)
        return yaml_fail(node, reading->err, "'%.100s' is no http or https address", text);
    while (len > 0 && text[len - 1] == '/')
        text[--len] = '\0';
    *ret_url = text;
    return true;
}

static bool read_word(struct reading *reading, const struct yaml *node, const char *text,
                      const char **ret_word)
{
    if (!is_made_of(text, CHANNEL_NAME_MAX, "abcdefghijklmnopqrstuvwxyz0123456789-_."))
        return yaml_fail(node, reading->err, "'%.100s': want 1 to %d of a-z 0-9 - _ .", text,
                         CHANNEL_NAME_MAX);
    *ret_word = text;
    return true;
}

static bool read_amount(struct reading *reading, const struct yaml *node, const struct row *row,
                        const char *text, struct channel_account *account)
{
    double value = 0;

    if (!read_number(text, row->max, &value) || (row->kind == ROW_WHOLE && value != floor(value)))
        return yaml_fail(node, reading->err, "%s '%.100s': want %s number from 0 to %.0f", row->key,
                         text, row->kind == ROW_WHOLE ? "a whole" : "a", row->max);
    if (row->kind == ROW_WHOLE)
        *(int64_t *)field_of(row, account) = (int64_t)value;
    else
        *(double *)field_of(row, account) = value;
    return true;
}

static bool read_text(struct reading *reading, const struct yaml *node, const struct row *row,
                      char **ret_text)
{
    const char *text = yaml_text(node);

    if (yaml_kind(node) != YAML_TEXT)
        return yaml_fail(node, reading->err, "%s: want one text or number", row->key);
    if (text == NULL || *text == '\0' || strlen(text) > TEXT_BYTES_MAX ||
        strpbrk(text, "\r\n") != NULL)
        return yaml_fail(node, reading->err, "%s: want one line of 1 to %d bytes", row->key,
                         TEXT_BYTES_MAX);
    *ret_text = arena_strdup(reading->arena, text);
    return true;
}

static bool read_value(struct reading *reading, const struct yaml *node, const struct row *row,
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
        return read_secret_file(reading, node, file_beside(reading, text), field);
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

static const struct row *row_of(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    }
    return NULL;
}

static bool fail_unknown_key(struct reading *reading, const struct yaml *key)
{
    struct near near = near_to(yaml_text(key));
    char hint[NEAR_HINT_LEN];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        near_offer(&near, rows[i].key);
    near_offer(&near, "settings");
    return yaml_fail(key, reading->err, "unknown key '%.100s'%s", yaml_text(key),
                     near_hint(&near, hint));
}

static bool read_pair(struct reading *reading, const struct yaml *key, const struct yaml *value,
                      const struct row *seen[ARRAY_LEN(rows)], struct channel_account *account)
{
    const struct row *row = row_of(yaml_text(key));

    if (row == NULL)
        return fail_unknown_key(reading, key);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (seen[i] != NULL && seen[i]->offset == row->offset)
            return yaml_fail(key, reading->err, "'%s' and '%s' are both there", seen[i]->key,
                             row->key);
    }
    seen[row - rows] = row;
    return read_value(reading, value, row, account);
}

bool channel_account_read_spec(struct channel_account *account, const char *path,
                               struct arena *arena, struct err *err)
{
    SCOPED(buf) struct buf bytes = {0};

    if (path == NULL || account->kind->read_spec == NULL)
        return (path == NULL && account->kind->read_spec == NULL) ||
               err_set(err, ERR_FATAL, "kind '%s' %s", account->kind->name,
                       path == NULL ? "needs a spec" : "takes no spec");
    if (!file_read(path, FILE_BYTES_MAX, &bytes, err))
        return false;
    account->spec_text = arena_strndup(arena, buf_str(&bytes), bytes.len);
    return account->kind->read_spec(account, arena, file_name(path), account->spec_text, bytes.len,
                                    err);
}

static bool read_spec(struct reading *reading, const struct yaml *node,
                      struct channel_account *account)
{
    const struct yaml *named = yaml_get(node, "spec");
    struct err why = {0};

    if (channel_account_read_spec(account,
                                  named == NULL ? NULL : file_beside(reading, account->spec_file),
                                  reading->arena, &why))
        return true;
    return yaml_fail(named == NULL ? node : named, reading->err, "%s", why.text);
}

/* ---- settings of the kind ---- */

static bool is_key_of_setting(const struct channel_setting *setting, const char *key,
                              bool *ret_file)
{
    size_t len = strlen(setting->name);

    *ret_file = setting->is_secret && strncmp(key, setting->name, len) == 0 &&
                strcmp(key + len, "_file") == 0;
    return *ret_file || strcmp(key, setting->name) == 0;
}

static bool fail_unknown_setting(struct reading *reading, const struct yaml *key,
                                 const struct channel_setting *settings)
{
    struct near near = near_to(yaml_text(key));
    char hint[NEAR_HINT_LEN];

    for (; settings->name != NULL; settings++)
        near_offer(&near, settings->name);
    return yaml_fail(key, reading->err, "unknown setting '%.100s'%s", yaml_text(key),
                     near_hint(&near, hint));
}

static bool read_setting(struct reading *reading, const struct yaml *key, const struct yaml *value,
                         const struct channel_setting *settings, const char **values,
                         const char **files)
{
    const char *name = yaml_text(key);
    bool is_file = false;
    size_t at = 0;

    while (settings[at].name != NULL && !is_key_of_setting(&settings[at], name, &is_file))
        at++;
    if (settings[at].name == NULL)
        return fail_unknown_setting(reading, key, settings);
    if (values[at] != NULL)
        return yaml_fail(key, reading->err, "'%s' and '%s_file' are both there", settings[at].name,
                         settings[at].name);
    const struct row row = {.key = name};
    char *text = NULL;
    if (!read_text(reading, value, &row, &text))
        return false;
    values[at] = text;
    if (!is_file)
        return true;
    files[at] = file_beside(reading, text);
    return read_secret_file(reading, value, files[at], &values[at]);
}

static bool read_settings(struct reading *reading, const struct yaml *node,
                          struct channel_account *account)
{
    static const struct channel_setting none[] = {{0}};
    const struct channel_setting *settings =
        account->kind->settings == NULL ? none : account->kind->settings;
    const struct yaml *given = yaml_get(node, "settings");
    size_t len = 0;

    while (settings[len].name != NULL)
        len++;
    const char **values = arena_alloc(reading->arena, (len + 1) * sizeof(*values));
    const char **files = arena_alloc(reading->arena, (len + 1) * sizeof(*files));
    if (given != NULL && yaml_kind(given) != YAML_MAP)
        return yaml_fail(given, reading->err, "settings: want names and values");
    for (size_t i = 0; given != NULL && i < yaml_len(given); i++) {
        if (!read_setting(reading, yaml_key_at(given, i), yaml_at(given, i), settings, values,
                          files))
            return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (values[i] == NULL && settings[i].preset == NULL)
            return yaml_fail(given == NULL ? node : given, reading->err, "setting '%s' is missing",
                             settings[i].name);
    }
    account->settings = values;
    account->setting_files = files;
    return true;
}

const char *channel_account_setting(const struct channel_account *account, const char *name)
{
    const struct channel_setting *settings = account->kind->settings;

    for (size_t i = 0; settings != NULL && settings[i].name != NULL; i++) {
        const char *given = account->settings == NULL ? NULL : account->settings[i];

        if (strcmp(settings[i].name, name) == 0)
            return given != NULL ? given : settings[i].preset == NULL ? "" : settings[i].preset;
    }
    abort(); /* no setting of this kind: a fault of the program */
}

bool channel_account_setting_has(const struct channel_account *account, const char *name,
                                 const char *text)
{
    size_t text_len = strlen(text);

    for (const char *at = channel_account_setting(account, name); *at != '\0';) {
        at += strspn(at, " ,");
        size_t len = strcspn(at, ",");
        size_t word_len = len;
        while (word_len > 0 && at[word_len - 1] == ' ')
            word_len--;
        if (word_len == text_len && text_len > 0 && strncmp(at, text, word_len) == 0)
            return true;
        at += len;
    }
    return false;
}

static bool read_account(struct reading *reading, const struct yaml *node,
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
        .spec_file = "",
        .spec_text = "",
        .return_bucket = "quarantine",
        .poll_interval_ms = -1
    };
    if (yaml_kind(node) != YAML_MAP)
        return yaml_fail(node, reading->err, "want a channel: name, kind, ...");
    for (size_t i = 0; i < yaml_len(node); i++) {
        const struct yaml *key = yaml_key_at(node, i);

        if (strcmp(yaml_text(key), "settings") != 0 &&
            !read_pair(reading, key, yaml_at(node, i), seen, account))
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].needed && seen[i] == NULL)
            return yaml_fail(node, reading->err, "key '%s' is missing", rows[i].key);
    }
    return read_settings(reading, node, account) && read_spec(reading, node, account);
}

static bool read_accounts(struct reading *reading, const struct yaml *list)
{
    struct channel_accounts *accounts = reading->accounts;
    size_t count = yaml_len(list);

    if (yaml_kind(list) != YAML_LIST)
        return yaml_fail(list, reading->err, "channels: want a list");
    size_t total = count == 0 ? 0 : accounts->len + count;
    if (total == 0 || total > CHANNELS_MAX)
        return yaml_fail(list, reading->err, "%zu channels, want 1 to %d", total, CHANNELS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct channel_account account;

        if (!read_account(reading, yaml_at(list, i), &account))
            return false;
        accounts->accounts = arena_grow(reading->arena, accounts->accounts, accounts->len,
                                        &accounts->capacity, sizeof(account));
        accounts->accounts[accounts->len++] = account;
    }
    return true;
}

static bool read_root(struct reading *reading, const struct yaml *root)
{
    const struct yaml *channels = yaml_get(root, "channels");

    if (yaml_kind(root) != YAML_MAP)
        return yaml_fail(root, reading->err, "want 'channels:' and a list");
    for (size_t i = 0; i < yaml_len(root); i++) {
        const struct yaml *key = yaml_key_at(root, i);

        if (strcmp(yaml_text(key), "channels") != 0)
            return yaml_fail(key, reading->err, "unknown key '%.100s'", yaml_text(key));
    }
    if (channels == NULL)
        return yaml_fail(root, reading->err, "key 'channels' is missing");
    return read_accounts(reading, channels);
}

static bool read_file(struct channel_accounts *accounts, const char *path, struct err *err)
{
    SCOPED(buf) struct buf bytes = {0};
    struct reading reading = {
        .path = path, .arena = accounts->arena, .accounts = accounts, .err = err};

    if (!file_read(path, FILE_BYTES_MAX, &bytes, err))
        return false;
    const struct yaml *root =
        yaml_parse(accounts->arena, file_name(path), buf_str(&bytes), bytes.len, err);
    return root != NULL && read_root(&reading, root);
}

/* Kubernetes puts links of its own there, whose names begin with a dot. */
static bool read_folder(struct channel_accounts *accounts, const char *path, struct err *err)
{
    glob_t found = {0};
    bool ok = true;
    int failed = glob(arena_printf(accounts->arena, "%s/*.yaml", path), 0, NULL, &found);

    if (failed != 0)
        ok = err_set(err, ERR_FATAL, "%s: there is no *.yaml that can be read", path);
    for (size_t i = 0; ok && i < found.gl_pathc; i++)
        ok = read_file(accounts, arena_strdup(accounts->arena, found.gl_pathv[i]), err);
    globfree(&found);
    return ok;
}

struct channel_accounts *channel_accounts_read(const char *path, struct err *err)
{
    SCOPED(channel_accounts) struct channel_accounts *accounts = NULL;
    struct stat about = {0};

    accounts = mem_calloc(1, sizeof(*accounts));
    accounts->arena = arena_new();
    bool is_folder = stat(path, &about) == 0 && S_ISDIR(about.st_mode);
    bool ok = is_folder ? read_folder(accounts, path, err) : read_file(accounts, path, err);
    return ok ? STEAL(accounts) : NULL;
}

void channel_accounts_free(struct channel_accounts *accounts)
{
    if (accounts == NULL)
        return;
    arena_free(accounts->arena);
    mem_free(accounts);
}

/* ---- copies ---- */

static const char *const *copy_texts(const char *const *texts, size_t len, struct arena *arena)
{
    const char **copy = arena_alloc(arena, (len + 1) * sizeof(*copy));

    for (size_t i = 0; texts != NULL && i < len; i++)
        copy[i] = arena_strdup(arena, texts[i]);
    return texts == NULL ? NULL : copy;
}

struct channel_account channel_account_copy(const struct channel_account *account,
                                            struct arena *arena)
{
    const struct channel_setting *settings = account->kind->settings;
    struct channel_account copy = *account;
    struct err ignored = {0};
    size_t len = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].kind == ROW_KIND || rows[i].kind == ROW_REAL || rows[i].kind == ROW_WHOLE)
            continue;
        const char **field = field_of(&rows[i], &copy);
        *field = arena_strdup(arena, *field);
    }
    while (settings != NULL && settings[len].name != NULL)
        len++;
    copy.settings = copy_texts(account->settings, len, arena);
    copy.setting_files = copy_texts(account->setting_files, len, arena);
    copy.spec_text = arena_strdup(arena, account->spec_text);
    copy.spec = NULL;
    if (account->spec != NULL &&
        !copy.kind->read_spec(&copy, arena, file_name(copy.spec_file), copy.spec_text,
                              strlen(copy.spec_text), &ignored))
        abort(); /* it was read before */
    return copy;
}

/* ---- digests ---- */

static void digest_put(struct buf *out, const char *text)
{
    buf_text(out, text == NULL ? "" : text);
    buf_char(out, '\n');
}

static void digest_row(struct buf *out, const struct row *row,
                       const struct channel_account *account)
{
    const void *field = (const char *)account + row->offset;

    if (row->kind == ROW_KIND)
        digest_put(out, account->kind->name);
    else if (row->kind == ROW_REAL)
        buf_double(out, *(const double *)field);
    else if (row->kind == ROW_WHOLE)
        buf_printf(out, " %lld", (long long)*(const int64_t *)field);
    else
        digest_put(out, *(const char *const *)field);
}

static void digest_account(struct buf *out, const struct channel_account *account,
                           const char *except)
{
    const struct channel_setting *settings = account->kind->settings;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        digest_row(out, &rows[i], account);
    digest_put(out, account->spec_text);
    for (size_t i = 0; settings != NULL && settings[i].name != NULL; i++) {
        if (except == NULL || strcmp(settings[i].name, except) != 0)
            digest_put(out, channel_account_setting(account, settings[i].name));
    }
}

uint64_t channel_account_digest(const struct channel_account *account, const char *except)
{
    SCOPED(buf) struct buf text = {0};

    digest_account(&text, account, except);
    return hash_text(buf_str(&text));
}

uint64_t channel_accounts_digest(const struct channel_accounts *accounts)
{
    SCOPED(buf) struct buf text = {0};

    for (size_t i = 0; i < accounts->len; i++)
        digest_account(&text, &accounts->accounts[i], NULL);
    return hash_text(buf_str(&text));
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
