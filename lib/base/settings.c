#include "lib/base/settings.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/near.h"

enum { SETTING_FILE_LEN_MAX = 64 * 1024, SETTING_NAME_LEN_MAX = 96 };

static const char setting_prefix[] = "STOCKBUS_";
static const char file_suffix[] = "_FILE";

/* Keeps what settings_load() handed out reachable, so that a leak checker counts it as ours. */
static struct arena *settings_texts;

/* NULL when the variable is not there. Nobody calls setenv while threads run: getenv is safe. */
static const char *settings_variable(const char *name, const char *suffix)
{
    char full[SETTING_NAME_LEN_MAX + sizeof(file_suffix)];

    assert(strlen(name) <= SETTING_NAME_LEN_MAX);
    snprintf(full, sizeof(full), "%s%s", name, suffix);
    return getenv(full); /* NOLINT(concurrency-mt-unsafe) */
}

static bool settings_read_all(FILE *file, struct buf *ret_text)
{
    char chunk[4096];
    size_t got = 0;

    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0 &&
           ret_text->len <= SETTING_FILE_LEN_MAX)
        buf_append(ret_text, chunk, got);
    return ferror(file) == 0;
}

static void settings_cut_line_end(struct buf *text)
{
    if (text->len > 0 && text->bytes[text->len - 1] == '\n')
        text->bytes[--text->len] = '\0';
    if (text->len > 0 && text->bytes[text->len - 1] == '\r')
        text->bytes[--text->len] = '\0';
}

static bool settings_read_file(const char *name, const char *path, struct buf *ret_text,
                               struct err *err)
{
    FILE *file = fopen(path, "re");

    errno = file == NULL ? errno : 0;
    bool read = file != NULL && settings_read_all(file, ret_text);
    int why = errno;
    if (file != NULL)
        fclose(file);
    if (!read)
        return err_set(err, ERR_RETRY, "%s_FILE: can't read '%s': %s", name, path,
                       strerrordesc_np(why));
    if (ret_text->len > SETTING_FILE_LEN_MAX)
        return err_set(err, ERR_RETRY, "%s_FILE: '%s' is longer than %d bytes", name, path,
                       SETTING_FILE_LEN_MAX);
    if (ret_text->len > 0 && memchr(ret_text->bytes, '\0', ret_text->len) != NULL)
        return err_set(err, ERR_RETRY, "%s_FILE: '%s' holds a NUL byte", name, path);
    settings_cut_line_end(ret_text);
    return true;
}

/* From NAME, NAME_FILE or the fallback. *ret_text lives as long as the process. */
static bool settings_text(const struct setting *setting, const char **ret_text, struct err *err)
{
    SCOPED(buf) struct buf content = {0};
    const char *value = settings_variable(setting->name, "");
    const char *path = settings_variable(setting->name, file_suffix);

    if (value != NULL && path != NULL)
        return err_set(err, ERR_FATAL, "%s and %s_FILE are both given: keep one", setting->name,
                       setting->name);
    if (path != NULL && !settings_read_file(setting->name, path, &content, err)) {
        err->code = ERR_FATAL;
        return false;
    }
    if (path != NULL)
        value = buf_str(&content);
    if (value == NULL && setting->fallback == NULL)
        return err_set(err, ERR_FATAL, "%s is not given: set it or %s_FILE (%s)", setting->name,
                       setting->name, setting->help);
    if (value == NULL)
        value = setting->fallback;
    else if (value[0] == '\0' && setting->fallback == NULL)
        return err_set(err, ERR_FATAL, "%s is empty: give it a value (%s)", setting->name,
                       setting->help);
    *ret_text = arena_strdup(settings_texts, value);
    return true;
}

static bool settings_number(const struct setting *setting, const char *text, int64_t *ret_value,
                            struct err *err)
{
    char *end = NULL;
    bool starts_well = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (!starts_well || end == text || *end != '\0')
        return err_set(err, ERR_FATAL, "%s is '%s': must be a whole number", setting->name, text);
    if (errno == ERANGE || value < setting->min || value > setting->max)
        return err_set(err, ERR_FATAL, "%s is '%s': must be from %" PRId64 " to %" PRId64,
                       setting->name, text, setting->min, setting->max);
    *ret_value = value;
    return true;
}

static bool settings_bool(const struct setting *setting, const char *text, bool *ret_value,
                          struct err *err)
{
    bool value = strcmp(text, "true") == 0;

    if (!value && strcmp(text, "false") != 0)
        return err_set(err, ERR_FATAL, "%s is '%s': must be true or false", setting->name, text);
    *ret_value = value;
    return true;
}

static bool settings_field(const struct setting *setting, void *settings, struct err *err)
{
    void *field = (char *)settings + setting->offset;
    const char *text = NULL;

    if (!settings_text(setting, &text, err))
        return false;
    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_SECRET:
        *(const char **)field = text;
        return true;
    case SETTING_NUMBER:
        return settings_number(setting, text, field, err);
    case SETTING_BOOL:
        return settings_bool(setting, text, field, err);
    }
    return err_set(err, ERR_FATAL, "%s has no kind", setting->name);
}

/* Finds variable among the names and their _FILE forms: returns its distance to the nearest. */
static size_t settings_nearest(const struct setting *table, const char *variable,
                               char nearest[SETTING_NAME_LEN_MAX + sizeof(file_suffix)])
{
    const char *const suffixes[] = {"", file_suffix};
    size_t best = SIZE_MAX;

    for (size_t i = 0; table[i].name != NULL; i++) {
        for (size_t j = 0; j < ARRAY_LEN(suffixes); j++) {
            char name[SETTING_NAME_LEN_MAX + sizeof(file_suffix)];

            snprintf(name, sizeof(name), "%s%s", table[i].name, suffixes[j]);
            size_t distance = near_distance(variable, name);
            if (distance >= best)
                continue;
            best = distance;
            memcpy(nearest, name, sizeof(name));
        }
    }
    return best;
}

static bool settings_check_known(const struct setting *table, const char *entry, struct err *err)
{
    char nearest[SETTING_NAME_LEN_MAX + sizeof(file_suffix)] = "";
    SCOPED(buf) struct buf variable = {0};

    buf_append(&variable, entry, strcspn(entry, "="));
    size_t distance = settings_nearest(table, buf_str(&variable), nearest);
    /* An overlong name is cut before it is compared, so the distance alone may lie. */
    if (distance == 0 && strcmp(buf_str(&variable), nearest) == 0)
        return true;
    if (nearest[0] == '\0')
        return err_set(err, ERR_FATAL, "unknown setting '%s': this program has none",
                       buf_str(&variable));
    return err_set(err, ERR_FATAL, "unknown setting '%s': did you mean '%s'?", buf_str(&variable),
                   nearest);
}

bool settings_load_some(const struct setting *table, void *settings, struct err *err)
{
    if (settings_texts == NULL)
        settings_texts = arena_new();
    for (const struct setting *setting = table; setting->name != NULL; setting++) {
        if (!settings_field(setting, settings, err))
            return false;
    }
    return true;
}

bool settings_load(const struct setting *table, void *settings, struct err *err)
{
    /* First: a misspelt name explains the missing one that the table would complain about. */
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, setting_prefix, strlen(setting_prefix)) == 0 &&
            !settings_check_known(table, *entry, err))
            return false;
    }
    return settings_load_some(table, settings, err);
}

static const char *settings_fallback_shown(const struct setting *setting)
{
    if (setting->fallback == NULL)
        return "(required)";
    if (setting->fallback[0] == '\0')
        return "(empty)";
    return setting->kind == SETTING_SECRET ? "(secret)" : setting->fallback;
}

void settings_print_help(const struct setting *table, FILE *out)
{
    int name_len = 0;
    int fallback_len = 0;

    for (const struct setting *setting = table; setting->name != NULL; setting++) {
        int len = (int)strlen(setting->name);
        int shown_len = (int)strlen(settings_fallback_shown(setting));

        name_len = len > name_len ? len : name_len;
        fallback_len = shown_len > fallback_len ? shown_len : fallback_len;
    }
    for (const struct setting *setting = table; setting->name != NULL; setting++) {
        fprintf(out, "  %-*s  %-*s  %s", name_len, setting->name, fallback_len,
                settings_fallback_shown(setting), setting->help);
        if (setting->kind == SETTING_NUMBER)
            fprintf(out, " (%" PRId64 " to %" PRId64 ")", setting->min, setting->max);
        fputs(setting->kind == SETTING_BOOL ? " (true or false)\n" : "\n", out);
    }
}

char *settings_fresh(const char *name, const char *held)
{
    SCOPED(buf) struct buf content = {0};
    struct err ignored = {0};
    const char *path = settings_variable(name, file_suffix);

    if (path == NULL || !settings_read_file(name, path, &content, &ignored) || content.len == 0)
        return mem_strdup(held);
    return mem_strdup(buf_str(&content));
}
