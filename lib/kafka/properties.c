#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/kafka/internal.h"

enum { PROPERTIES_FILE_MAX = 1024 * 1024, PROPERTIES_PATH_LEN = 32 };

/* Properties that name a file. */
static const char *const properties_files[] = {
    "ssl.ca.location",       "ssl.certificate.location", "ssl.key.location",
    "ssl.keystore.location", "ssl.crl.location",         "sasl.kerberos.keytab",
};

struct kafka_properties {
    char *source;                                /* as it was given */
    char *text;                                  /* the same, but its files are our copies */
    uint64_t digest;                             /* of the source and of what the files hold */
    int copies[2 * ARRAY_LEN(properties_files)]; /* files without a name */
    size_t copies_len;
};

/* Guards both. The one before is kept: somebody may be making a client with it. */
static pthread_mutex_t properties_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kafka_properties *properties_now;
static struct kafka_properties *properties_before;

/* ---- lines */

static const char *properties_trim(const char *from, const char *end, size_t *ret_len)
{
    while (from < end && strchr(" \t\r", *from) != NULL)
        from++;
    while (end > from && strchr(" \t\r", end[-1]) != NULL)
        end--;
    *ret_len = (size_t)(end - from);
    return from;
}

/* False: the line is no name=value. Empty lines and comments have an empty name. */
static bool properties_split(const char *line, const char *end, struct buf *name, struct buf *value)
{
    size_t len = 0;
    const char *equals = memchr(line, '=', (size_t)(end - line));
    const char *start = properties_trim(line, end, &len);

    buf_clear(name);
    buf_clear(value);
    if (len == 0 || *start == '#')
        return true;
    if (equals == NULL)
        return false;
    start = properties_trim(line, equals, &len);
    buf_append(name, start, len);
    start = properties_trim(equals + 1, end, &len);
    buf_append(value, start, len);
    return true;
}

/* A refusal names the property and never its value, which may be a password. */
static bool properties_apply_line(rd_kafka_conf_t *conf, const char *line, const char *end,
                                  int number, struct err *err)
{
    SCOPED(buf) struct buf name = {0};
    SCOPED(buf) struct buf value = {0};
    char why[1];

    if (!properties_split(line, end, &name, &value))
        return err_set(err, ERR_FATAL, "line %d: want name=value", number);
    return name.len == 0 ||
           rd_kafka_conf_set(conf, buf_str(&name), buf_str(&value), why, sizeof(why)) ==
               RD_KAFKA_CONF_OK ||
           err_set(err, ERR_FATAL, "line %d: librdkafka takes no such '%s'", number,
                   buf_str(&name));
}

bool kafka_properties_apply(rd_kafka_conf_t *conf, const char *text, struct err *err)
{
    for (int number = 1; *text != '\0'; number++) {
        const char *end = strchrnul(text, '\n');

        if (!properties_apply_line(conf, text, end, number, err))
            return err_wrap(err, "STOCKBUS_KAFKA_PROPERTIES");
        text = *end == '\0' ? end : end + 1;
    }
    return true;
}

/* ---- copies of files: a client that is made later must not meet others, or halves of them */

static bool properties_is_file(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(properties_files); i++) {
        if (strcmp(properties_files[i], name) == 0)
            return true;
    }
    return false;
}

/* Whole, or not at all: a folder, or what can't be read, stays what it is called. */
static bool properties_read_file(const char *path, struct buf *content)
{
    struct stat about;
    char chunk[4096];
    ssize_t len = -1;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
        while ((len = read(file, chunk, sizeof(chunk))) > 0 && content->len < PROPERTIES_FILE_MAX)
            buf_append(content, chunk, (size_t)len);
    }
    if (file >= 0)
        close(file);
    return len == 0;
}

static bool properties_copy(struct kafka_properties *properties, const struct buf *content,
                            char path[PROPERTIES_PATH_LEN])
{
    int copy = properties->copies_len == ARRAY_LEN(properties->copies)
                   ? -1
                   : memfd_create("stockbus-kafka", MFD_CLOEXEC);

    if (copy < 0)
        return false;
    properties->copies[properties->copies_len++] = copy;
    snprintf(path, PROPERTIES_PATH_LEN, "/proc/self/fd/%d", copy);
    return write(copy, content->bytes, content->len) == (ssize_t)content->len;
}

static void properties_add_line(struct kafka_properties *properties, const char *line,
                                const char *end, struct buf *text, struct buf *all)
{
    SCOPED(buf) struct buf name = {0};
    SCOPED(buf) struct buf value = {0};
    SCOPED(buf) struct buf content = {0};
    char path[PROPERTIES_PATH_LEN];

    buf_append(all, line, (size_t)(end - line));
    if (properties_split(line, end, &name, &value) && properties_is_file(buf_str(&name)) &&
        properties_read_file(buf_str(&value), &content) &&
        properties_copy(properties, &content, path))
        buf_printf(text, "%s=%s", buf_str(&name), path);
    else
        buf_append(text, line, (size_t)(end - line));
    buf_append(all, content.bytes, content.len);
}

struct kafka_properties *kafka_properties_read(const char *source)
{
    struct kafka_properties *properties = mem_calloc(1, sizeof(*properties));
    SCOPED(buf) struct buf text = {0};
    SCOPED(buf) struct buf all = {0};

    properties->source = mem_strdup(source);
    while (*source != '\0') {
        const char *end = strchrnul(source, '\n');

        properties_add_line(properties, source, end, &text, &all);
        buf_text(&text, "\n");
        buf_text(&all, "\n");
        source = *end == '\0' ? end : end + 1;
    }
    properties->text = mem_strdup(buf_str(&text));
    properties->digest = hash_bytes((struct hash_key){{0}}, all.bytes, all.len);
    return properties;
}

void kafka_properties_free(struct kafka_properties *properties)
{
    if (properties == NULL)
        return;
    for (size_t i = 0; i < properties->copies_len; i++)
        close(properties->copies[i]);
    mem_free(properties->source);
    mem_free(properties->text);
    mem_free(properties);
}

uint64_t kafka_properties_digest(const struct kafka_properties *properties)
{
    return properties->digest;
}

const char *kafka_properties_text(const struct kafka_properties *properties)
{
    return properties->text;
}

/* ---- those in force */

void kafka_properties_install(struct kafka_properties *properties)
{
    pthread_mutex_lock(&properties_lock);
    kafka_properties_free(properties_before);
    properties_before = properties_now;
    properties_now = properties;
    pthread_mutex_unlock(&properties_lock);
}

bool kafka_properties_set(const char *text, struct err *err)
{
    SCOPED(kafka_properties) struct kafka_properties *properties = kafka_properties_read(text);
    SCOPED(kafka_conf) rd_kafka_conf_t *conf = rd_kafka_conf_new();

    if (!kafka_properties_apply(conf, properties->text, err))
        return false;
    kafka_properties_install(STEAL(properties));
    return true;
}

void kafka_properties_now(char **ret_source, char **ret_text, uint64_t *ret_digest)
{
    pthread_mutex_lock(&properties_lock);
    *ret_source = mem_strdup(properties_now == NULL ? "" : properties_now->source);
    *ret_text = mem_strdup(properties_now == NULL ? "" : properties_now->text);
    *ret_digest = properties_now == NULL ? 0 : properties_now->digest;
    pthread_mutex_unlock(&properties_lock);
}
