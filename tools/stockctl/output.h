/*
 * Rows for people or for programs: an aligned table with a header, or JSON lines. Control bytes
 * never reach the terminal: marketplaces' words are among the cells.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/scope.h"

enum { STOCKCTL_COLUMNS_MAX = 24 };

enum stockctl_column_kind {
    COLUMN_TEXT,
    COLUMN_NUMBER,
    COLUMN_BOOL, /* "t" or "f", as PostgreSQL writes it */
    COLUMN_TIME, /* milliseconds since 1970, and the name ends in _ms; JSON has x_at, too */
};

/* A list of columns is closed by one without a name. */
struct stockctl_column {
    const char *name; /* member in JSON, and heading */
    enum stockctl_column_kind kind;
    bool json_only;
};

struct stockctl_output;

/* Owned. Keeps at most limit rows, the last ones. Columns are borrowed. */
struct stockctl_output *stockctl_output_new(const struct stockctl_column *columns, bool json,
                                            int64_t limit);
void stockctl_output_free(struct stockctl_output *output);
SCOPE_DEFINE(stockctl_output, struct stockctl_output, stockctl_output_free)
/* One cell a column; NULL: no value. Copied. */
void stockctl_output_row(struct stockctl_output *output, const char *const *cells);
/* How many rows were given. */
int64_t stockctl_output_rows(const struct stockctl_output *output);
void stockctl_output_write(const struct stockctl_output *output, bool bold_header, struct buf *out);
/* To standard output; the header is bold on a terminal unless NO_COLOR is set. */
void stockctl_output_print(const struct stockctl_output *output);
/* Appends the text with "?" for control bytes and for what is no UTF-8; returns its characters. */
size_t stockctl_output_clean(const char *text, struct buf *out);
