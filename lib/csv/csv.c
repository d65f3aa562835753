#include "lib/csv/csv.h"

#include <string.h>

void csv_begin(struct csv *csv, const char *text, size_t len, char delimiter, bool is_plain)
{
    static const char mark[] = "\xef\xbb\xbf";
    bool is_marked = len >= sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0;
    const char *begin = text + (is_marked ? sizeof(mark) - 1 : 0);

    *csv = (struct csv){.at = begin,
                        .end = text + len,
                        .line = 1,
                        .counted = begin,
                        .column = 1,
                        .delimiter = delimiter,
                        .is_plain = is_plain};
}

/* ---- places ---- */

/* Of a place in the line that is not before the last one asked for. */
static size_t column_of(struct csv *csv, const char *at)
{
    for (; csv->counted < at; csv->counted++)
        csv->column += ((unsigned char)*csv->counted & 0xC0) != 0x80;
    return csv->column;
}

static void begin_line(struct csv *csv, const char *at)
{
    csv->line++;
    csv->counted = at;
    csv->column = 1;
}

static bool fail(struct csv *csv, const char *at, struct err *err, const char *what)
{
    return err_set(err, ERR_REJECT, "line %zu, column %zu: %s", csv->line, column_of(csv, at),
                   what);
}

/* ---- lines ---- */

/* How many bytes end the line here: 0, 1 or 2. A lone CR is text, unless it is the last byte. */
static size_t line_end_len(const struct csv *csv, const char *at)
{
    if (*at == '\n')
        return 1;
    if (*at != '\r')
        return 0;
    return at + 1 == csv->end ? 1 : at[1] == '\n' ? 2 : 0;
}

static void next_line(struct csv *csv, size_t end_len)
{
    csv->at += end_len;
    begin_line(csv, csv->at);
}

static void skip_empty_lines(struct csv *csv)
{
    size_t len = 0;

    while (csv->at < csv->end && (len = line_end_len(csv, csv->at)) > 0)
        next_line(csv, len);
}

/* ---- cells ---- */

/* Behind the opening quote; "" within is one quote, line ends are text. */
static bool take_quoted(struct csv *csv, struct arena *arena, struct csv_cell *cell,
                        struct err *err)
{
    const char *begin = csv->at++;
    const char *close = csv->at;
    size_t len = 0;

    while (close < csv->end && (*close != '"' || (close + 1 < csv->end && close[1] == '"')))
        close += *close == '"' ? 2 : 1;
    if (close >= csv->end)
        return fail(csv, begin, err, "a quote is not closed");
    char *text = arena_alloc(arena, (size_t)(close - csv->at) + 1);
    for (; csv->at < close; csv->at++) {
        csv->at += *csv->at == '"';
        text[len++] = *csv->at;
        if (*csv->at == '\n')
            begin_line(csv, csv->at + 1);
    }
    csv->at = close + 1;
    cell->text = text;
    if (csv->at < csv->end && *csv->at != csv->delimiter && line_end_len(csv, csv->at) == 0)
        return fail(csv, csv->at, err, "text behind a quote that is closed");
    return true;
}

static void take_plain(struct csv *csv, struct arena *arena, struct csv_cell *cell)
{
    const char *begin = csv->at;

    while (csv->at < csv->end && *csv->at != csv->delimiter && line_end_len(csv, csv->at) == 0)
        csv->at++;
    cell->text = arena_strndup(arena, begin, (size_t)(csv->at - begin));
}

static bool take_cell(struct csv *csv, struct arena *arena, struct csv_cell *cell, struct err *err)
{
    const char *begin = csv->at;

    *cell = (struct csv_cell){.line = csv->line, .column = column_of(csv, begin)};
    if (!csv->is_plain && begin < csv->end && *begin == '"') {
        if (!take_quoted(csv, arena, cell, err))
            return false;
    } else {
        take_plain(csv, arena, cell);
    }
    return memchr(begin, '\0', (size_t)(csv->at - begin)) == NULL ||
           fail(csv, csv->at, err, "a NUL byte before this place");
}

bool csv_next(struct csv *csv, struct arena *arena, struct csv_row *ret_row, struct err *err)
{
    ret_row->len = 0;
    skip_empty_lines(csv);
    if (csv->at >= csv->end)
        return true;
    for (;;) {
        if (ret_row->len == CSV_CELLS_MAX)
            return fail(csv, csv->at, err, "more than 1024 cells");
        if (!take_cell(csv, arena, &ret_row->cells[ret_row->len++], err))
            return false;
        if (csv->at >= csv->end || *csv->at != csv->delimiter)
            break;
        csv->at++;
    }
    if (csv->at < csv->end)
        next_line(csv, line_end_len(csv, csv->at));
    return true;
}
