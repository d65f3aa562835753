#include <string.h>

#include "lib/base/buf.h"
#include "lib/kafka/internal.h"

/* Set once, before there are threads. */
static char *properties_text;

static const char *properties_trim(const char *from, const char *end, size_t *ret_len)
{
    while (from < end && strchr(" \t\r", *from) != NULL)
        from++;
    while (end > from && strchr(" \t\r", end[-1]) != NULL)
        end--;
    *ret_len = (size_t)(end - from);
    return from;
}

/* A refusal names the property and never its value, which may be a password. */
static bool properties_line(rd_kafka_conf_t *conf, const char *line, const char *end, int number,
                            struct err *err)
{
    SCOPED(buf) struct buf name = {0};
    SCOPED(buf) struct buf value = {0};
    size_t len = 0;
    const char *equals = memchr(line, '=', (size_t)(end - line));
    const char *start = properties_trim(line, end, &len);
    char why[1];

    if (len == 0 || *start == '#')
        return true;
    if (equals == NULL)
        return err_set(err, ERR_FATAL, "line %d: want name=value", number);
    start = properties_trim(line, equals, &len);
    buf_append(&name, start, len);
    start = properties_trim(equals + 1, end, &len);
    buf_append(&value, start, len);
    return rd_kafka_conf_set(conf, buf_str(&name), buf_str(&value), why, sizeof(why)) ==
               RD_KAFKA_CONF_OK ||
           err_set(err, ERR_FATAL, "line %d: librdkafka takes no such '%s'", number,
                   buf_str(&name));
}

static bool properties_apply(rd_kafka_conf_t *conf, const char *text, struct err *err)
{
    const char *line = text;

    for (int number = 1; line != NULL && *line != '\0'; number++) {
        const char *end = strchrnul(line, '\n');

        if (!properties_line(conf, line, end, number, err))
            return false;
        line = *end == '\0' ? NULL : end + 1;
    }
    return true;
}

bool kafka_properties_set(const char *text, struct err *err)
{
    SCOPED(kafka_conf) rd_kafka_conf_t *conf = rd_kafka_conf_new();

    if (!properties_apply(conf, text, err))
        return err_wrap(err, "STOCKBUS_KAFKA_PROPERTIES");
    mem_free(properties_text);
    properties_text = mem_strdup(text);
    return true;
}

bool kafka_properties_config(rd_kafka_conf_t *conf, struct err *err)
{
    return properties_text == NULL || properties_apply(conf, properties_text, err);
}
