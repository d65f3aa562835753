/* The rows of a snapshot, read from its bytes by the channel's kind; and the command that prints
   them, to see what a kind makes of a file. */
#pragma once

#include <stddef.h>

#include "channels/channel.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

enum { RECONCILER_ROWS_MAX = 5000000, RECONCILER_BYTES_MAX = 512 * 1024 * 1024 };

struct reconciler_rows {
    struct arena *arena;
    struct channel_row *rows; /* in the arena, with their texts */
    size_t len;
    size_t capacity;
};

/* Adds the rows of one piece of a snapshot. format NULL: the kind's default. */
bool reconciler_rows_read(struct reconciler_rows *rows, const struct channel_account *account,
                          const char *format, const void *bytes, size_t len,
                          struct err *err) MUST_CHECK;
/* The same for a whole file, packed by gzip or zip or not; "-" is standard input. ERR_REJECT also
   when it can't be opened. */
bool reconciler_rows_read_file(struct reconciler_rows *rows, const struct channel_account *account,
                               const char *format, const char *path, struct err *err) MUST_CHECK;
/* False when the kind does not have it; err names those that it has. */
bool reconciler_rows_check_format(const struct channel_kind *kind, const char *format,
                                  struct err *err) MUST_CHECK;

/* `reconciler rows`; returns the exit status. */
int reconciler_rows_command(int argc, char **argv);
