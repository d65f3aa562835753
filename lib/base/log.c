#include "lib/base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/utf8.h"

static struct {
    const char *service;
    enum log_level level;
} log_state = {"stockbus", LOG_LEVEL_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(const char *service, enum log_level level)
{
    log_state.service = service;
    log_state.level = level;
}

bool log_level_parse(const char *text, enum log_level *ret_level)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

const char *log_int_text(char text[24], int64_t value)
{
    snprintf(text, 24, "%" PRId64, value);
    return text;
}

static void log_json_text(struct buf *line, const char *text)
{
    if (text == NULL) {
        buf_text(line, "null");
        return;
    }
    buf_char(line, '"');
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        size_t step = utf8_char_len(text + i, len - i);

        if (text[i] == '"' || text[i] == '\\')
            buf_char(line, '\\');
        if (step == 0) /* not UTF-8: one bad byte must not make the whole line unreadable */
            buf_text(line, "\\ufffd");
        else if (step == 1 && text[i] < 0x20)
            buf_printf(line, "\\u%04x", (unsigned)text[i]);
        else
            buf_append(line, text + i, step);
        i += step == 0 ? 1 : step;
    }
    buf_char(line, '"');
}

static void log_field(struct buf *line, const char *name, const char *value)
{
    buf_char(line, ',');
    log_json_text(line, name);
    buf_char(line, ':');
    log_json_text(line, value);
}

void log_line(enum log_level level, const char *event, ...)
{
    SCOPED(buf) struct buf line = {0};
    char now[CLOCK_TEXT_LEN];
    va_list args;

    if (level < log_state.level)
        return;
    buf_printf(&line, "{\"time\":\"%s\"", clock_format(clock_now_ms(), now));
    log_field(&line, "level", level_names[level]);
    log_field(&line, "service", log_state.service);
    log_field(&line, "event", event);
    va_start(args, event);
    for (const char *name = va_arg(args, const char *); name != NULL;
         name = va_arg(args, const char *))
        log_field(&line, name, va_arg(args, const char *));
    va_end(args);
    buf_text(&line, "}\n");
    /* One write: lines of several threads never mix. A full or closed stderr must not stop us. */
    ssize_t ignored = write(STDERR_FILENO, line.bytes, line.len);
    (void)ignored;
}
