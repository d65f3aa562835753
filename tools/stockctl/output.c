#include "tools/stockctl/output.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/json/json.h"
#include "tools/stockctl/settings.h"

enum { OUTPUT_NAME_LEN_MAX = 64 };

struct stockctl_output {
    const struct stockctl_column *columns;
    size_t columns_len;
    bool json;
    char **cells; /* rows of columns_len each; a ring once there are limit rows */
    size_t capacity;
    int64_t limit;
    int64_t rows;
};

struct stockctl_output *stockctl_output_new(const struct stockctl_column *columns, bool json,
                                            int64_t limit)
{
    struct stockctl_output *output = mem_calloc(1, sizeof(*output));

    output->columns = columns;
    while (columns[output->columns_len].name != NULL)
        output->columns_len++;
    assert(output->columns_len <= STOCKCTL_COLUMNS_MAX && limit > 0);
    output->json = json;
    output->limit = limit;
    return output;
}

static size_t output_kept(const struct stockctl_output *output)
{
    return (size_t)(output->rows < output->limit ? output->rows : output->limit);
}

void stockctl_output_free(struct stockctl_output *output)
{
    if (output == NULL)
        return;
    for (size_t i = 0; i < output_kept(output) * output->columns_len; i++)
        mem_free(output->cells[i]);
    mem_free(output->cells);
    mem_free(output);
}

int64_t stockctl_output_rows(const struct stockctl_output *output)
{
    return output->rows;
}

static void output_grow(struct stockctl_output *output, size_t rows)
{
    if (rows <= output->capacity)
        return;
    output->capacity = output->capacity == 0 ? 16 : output->capacity * 2;
    output->cells = mem_realloc(output->cells, output->capacity * output->columns_len,
                                sizeof(*output->cells));
}

void stockctl_output_row(struct stockctl_output *output, const char *const *cells)
{
    size_t row = (size_t)(output->rows % output->limit);
    bool reused = output->rows >= output->limit;

    output_grow(output, row + 1);
    for (size_t i = 0; i < output->columns_len; i++) {
        char **cell = &output->cells[row * output->columns_len + i];

        if (reused)
            mem_free(*cell);
        *cell = cells[i] == NULL ? NULL : mem_strdup(cells[i]);
    }
    output->rows++;
}

/* Rows by age. */
static char *const *output_cells(const struct stockctl_output *output, size_t row)
{
    size_t first = output->rows > output->limit ? (size_t)(output->rows % output->limit) : 0;

    return &output->cells[(first + row) % output_kept(output) * output->columns_len];
}

/* ---- JSON lines */

static void output_json_time(struct json_out *out, const char *name, const char *cell)
{
    char key[OUTPUT_NAME_LEN_MAX];
    char text[CLOCK_TEXT_LEN];

    snprintf(key, sizeof(key), "%.*s_at", (int)(strlen(name) - strlen("_ms")), name);
    json_put_member(out, key,
                    cell == NULL ? NULL : clock_format(strtoll(cell, NULL, 10), text));
    json_key(out, name);
    json_put_raw(out, cell == NULL ? "null" : cell);
}

static void output_json_cell(struct json_out *out, const struct stockctl_column *column,
                             const char *cell)
{
    if (column->kind == COLUMN_TIME) {
        output_json_time(out, column->name, cell);
        return;
    }
    json_key(out, column->name);
    if (cell == NULL)
        json_put_null(out);
    else if (column->kind == COLUMN_NUMBER)
        json_put_raw(out, cell);
    else if (column->kind == COLUMN_BOOL)
        json_put_bool(out, cell[0] == 't');
    else
        json_put_text(out, cell);
}

static void output_json(const struct stockctl_output *output, struct buf *out)
{
    for (size_t row = 0; row < output_kept(output); row++) {
        char *const *cells = output_cells(output, row);
        struct json_out json;

        json_begin(&json, out);
        json_object(&json);
        for (size_t i = 0; i < output->columns_len; i++)
            output_json_cell(&json, &output->columns[i], cells[i]);
        json_object_end(&json);
        buf_char(out, '\n');
    }
}

/* ---- table */

/* On a terminal each character takes one place, nearly always. */
size_t stockctl_output_clean(const char *text, struct buf *out)
{
    size_t width = 0;

    for (; *text != '\0'; width++) {
        size_t len = utf8_char_len(text, strnlen(text, 4));
        unsigned char first = (unsigned char)text[0];
        /* U+0080 to U+009F are control characters, too. */
        bool control = first < 0x20 || first == 0x7f ||
                       (first == 0xc2 && len == 2 && (unsigned char)text[1] < 0xa0);

        if (len == 0 || control)
            buf_char(out, '?');
        else
            buf_append(out, text, len);
        text += len == 0 ? 1 : len;
    }
    return width;
}

static size_t output_table_cell(const struct stockctl_column *column, const char *cell,
                                struct buf *out)
{
    char time[CLOCK_TEXT_LEN];

    if (cell == NULL || cell[0] == '\0')
        return stockctl_output_clean("-", out);
    if (column->kind == COLUMN_BOOL)
        return stockctl_output_clean(cell[0] == 't' ? "yes" : "no", out);
    if (column->kind == COLUMN_TIME)
        return stockctl_output_clean(clock_format(strtoll(cell, NULL, 10), time), out);
    return stockctl_output_clean(cell, out);
}

/* "confirmed_at" and "received_ms" read "confirmed" and "received". */
static size_t output_heading(const struct stockctl_column *column, struct buf *out)
{
    size_t len = strlen(column->name);

    if (column->kind == COLUMN_TIME)
        len -= strlen("_ms");
    buf_append(out, column->name, len);
    return len;
}

static void output_pad(struct buf *out, size_t count)
{
    while (count-- > 0)
        buf_char(out, ' ');
}

static void output_widths(const struct stockctl_output *output, size_t *widths)
{
    SCOPED(buf) struct buf ignored = {0};

    for (size_t i = 0; i < output->columns_len; i++)
        widths[i] = output_heading(&output->columns[i], &ignored);
    for (size_t row = 0; row < output_kept(output); row++) {
        for (size_t i = 0; i < output->columns_len; i++) {
            buf_clear(&ignored);
            size_t width =
                output_table_cell(&output->columns[i], output_cells(output, row)[i], &ignored);

            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
}

/* cells NULL: the header. */
static void output_line(const struct stockctl_output *output, const size_t *widths,
                        char *const *cells, struct buf *out)
{
    size_t owed = 0; /* blanks are paid when something follows, so no line ends in them */

    for (size_t i = 0; i < output->columns_len; i++) {
        const struct stockctl_column *column = &output->columns[i];
        SCOPED(buf) struct buf cell = {0};

        if (column->json_only)
            continue;
        size_t width = cells == NULL ? output_heading(column, &cell)
                                     : output_table_cell(column, cells[i], &cell);
        size_t blanks = widths[i] - width;
        bool right = column->kind == COLUMN_NUMBER;
        output_pad(out, owed + (right ? blanks : 0));
        buf_append(out, cell.bytes, cell.len);
        owed = 2 + (right ? 0 : blanks);
    }
}

static void output_table(const struct stockctl_output *output, bool bold_header, struct buf *out)
{
    size_t widths[STOCKCTL_COLUMNS_MAX];

    if (output->rows == 0)
        return;
    output_widths(output, widths);
    buf_text(out, bold_header ? "\x1b[1m" : "");
    output_line(output, widths, NULL, out);
    buf_text(out, bold_header ? "\x1b[0m\n" : "\n");
    for (size_t row = 0; row < output_kept(output); row++) {
        output_line(output, widths, output_cells(output, row), out);
        buf_char(out, '\n');
    }
}

void stockctl_output_write(const struct stockctl_output *output, bool bold_header, struct buf *out)
{
    if (output->json)
        output_json(output, out);
    else
        output_table(output, bold_header, out);
}

static bool output_is_coloured(void)
{
    struct stockctl_settings settings = {0};
    struct err ignored = {0};

    return isatty(STDOUT_FILENO) &&
           stockctl_settings_load(STOCKCTL_NEED_SHELL, &settings, &ignored) &&
           settings.no_color[0] == '\0';
}

void stockctl_output_print(const struct stockctl_output *output)
{
    SCOPED(buf) struct buf text = {0};

    stockctl_output_write(output, output_is_coloured(), &text);
    fputs(buf_str(&text), stdout); /* no cell holds a NUL */
}
