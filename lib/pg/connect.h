/* Dialling the server; within lib/pg only. */
#pragma once

#include "lib/pg/internal.h"

/* An owned connection that is still being made, or NULL. */
struct pg_conn *pg_connect_start(const char *url, const char *application_name, struct err *err);
/* Waits for it, bounded. What fails is classed by what the operator has to do. */
bool pg_connect_finish(struct pg_conn *conn, struct err *err) MUST_CHECK;
