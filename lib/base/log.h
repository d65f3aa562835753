/*
 * One JSON object per line on stderr: time, level, service, event, then the fields given.
 * log_info("ledger.posted", "sku", sku, "delta", log_int(delta)): names and values are text.
 * Never secrets, never buyers' names or addresses. Library code does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Once, from main, before any thread. service is borrowed for ever. */
void log_setup(const char *service, enum log_level level);
/* "debug", "info", "warn", "error". */
bool log_level_parse(const char *text, enum log_level *ret_level);

/* event is dotted and stable; then pairs of name and text, closed by NULL. A NULL value is null. */
void log_line(enum log_level level, const char *event, ...) __attribute__((sentinel));
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__, NULL)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__, NULL)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__, NULL)
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__, NULL)

/* A number as text, in a compound literal that lives as long as the enclosing block. */
#define log_int(value) log_int_text((char[24]){0}, (int64_t)(value))
const char *log_int_text(char text[24], int64_t value);
