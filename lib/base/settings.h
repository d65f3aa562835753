/*
 * Settings from the environment, one table per program. Each row prints in --help, is bounded and
 * checked at start, and can be given as NAME or, for any of them, as NAME_FILE (the file's content
 * without its last line end: Kubernetes secrets). An unknown STOCKBUS_* variable is an error, so a
 * misspelt setting is never silently ignored; pods therefore need enableServiceLinks: false, else a
 * Service named stockbus-x puts STOCKBUS_X_PORT there. getenv is called nowhere else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/err.h"

enum setting_kind {
    SETTING_TEXT,   /* const char * */
    SETTING_SECRET, /* const char *, masked when printed */
    SETTING_NUMBER, /* int64_t, between min and max */
    SETTING_BOOL,   /* bool: true, false */
};

struct setting {
    const char *name; /* STOCKBUS_... */
    enum setting_kind kind;
    size_t offset;        /* of the field in the program's settings struct */
    const char *fallback; /* default as text; NULL: required */
    int64_t min;          /* of a SETTING_NUMBER, as is max */
    int64_t max;
    const char *help; /* one line */
};

/* Fills the struct from the environment by the table (closed by a row without a name). Texts are
   owned by the process for its life. An empty value is a value, but a required text must not be
   empty. ERR_FATAL names the setting and says what to do; it never shows a secret. */
bool settings_load(const struct setting *table, void *settings, struct err *err) MUST_CHECK;
/* The same for tools that run in the shell of the services: variables that the table does not know
   are theirs, and let be. */
bool settings_load_some(const struct setting *table, void *settings, struct err *err) MUST_CHECK;

/* For --help: name, default, meaning, one row each. */
void settings_print_help(const struct setting *table, FILE *out);

/* The text as its NAME_FILE says now, for rotation without a restart; what was held where it is
   given as NAME, or the file can't be read or is empty (half replaced). Owned. Any thread. */
char *settings_fresh(const char *name, const char *held) MUST_CHECK;
