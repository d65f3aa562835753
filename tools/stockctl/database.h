/* One question to the database: connect, ask, close. Reads the views of schema api only. */
#pragma once

#include "lib/base/err.h"
#include "lib/pg/pg.h"
#include "tools/stockctl/output.h"

/* EXIT_OK and owned rows, or the exit code to end with. */
int stockctl_database_ask(const char *sql, const struct pg_params *params,
                          struct pg_rows **ret_rows, struct err *err);
/* The first count rows, whose columns are named as output's are. */
void stockctl_database_print(const struct pg_rows *rows, size_t count,
                             const struct stockctl_column *columns, struct stockctl_output *output);
