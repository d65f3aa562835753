/*
 * One query of schema api, its rows printed: at most --limit of them, and a word on standard error
 * when there are more. Returns an exit code.
 */
#pragma once

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/pg/pg.h"

#include "tools/stockctl/options.h"
#include "tools/stockctl/output.h"

/* Takes params, and adds the statement's last one: one more than the limit, to know whether that is
   all. */
int stockctl_read_rows(const struct stockctl_options *options, const char *sql,
                       struct pg_params *params, const struct stockctl_column *columns,
                       int64_t *ret_rows, struct err *err);
/* The same; when nothing is found it says so, to people and by EXIT_FINDINGS. */
int stockctl_read_query(const struct stockctl_options *options, const char *sql,
                        struct pg_params *params, const struct stockctl_column *columns,
                        const char *nothing, struct err *err);
