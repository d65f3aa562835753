/*
 * Rows of cells as spreadsheets, shops and marketplaces export them: RFC 4180 with any delimiter of
 * one byte, line ends LF or CR LF, and lines that hold nothing left out. Pure; UTF-8 in (other
 * character sets: lib/pack), one row at a time, so that a file of a million rows needs the memory
 * of one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

enum { CSV_CELLS_MAX = 1024 };

struct csv_cell {
    const char *text;
    size_t line;   /* where it begins, from 1 */
    size_t column; /* in characters, from 1 */
};

struct csv_row {
    struct csv_cell cells[CSV_CELLS_MAX];
    size_t len;
};

struct csv {
    const char *at;
    const char *end;
    size_t line;
    const char *counted; /* up to here the line has been counted */
    size_t column;       /* of that place */
    char delimiter;
    bool is_plain; /* quotes are text like any other */
};

/* The bytes are borrowed; a byte order mark before them is no text. */
void csv_begin(struct csv *csv, const char *text, size_t len, char delimiter, bool is_plain);

/* The next row, its texts in the arena; len 0: that was all. ERR_REJECT: "line 3, column 7: ...".
 */
bool csv_next(struct csv *csv, struct arena *arena, struct csv_row *ret_row,
              struct err *err) MUST_CHECK;
