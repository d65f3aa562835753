/*
 * Database sessions of the ledger. Its statements name tables without a schema, and the session
 * says which one they mean: the service folds into `ledger`, a rebuild into a schema of its own.
 */
#pragma once

#include "lib/pg/pg.h"

#define LEDGER_SCHEMA "ledger"

/* For folding: plans read by index only. */
extern const char ledger_session_folding[];
/* For the assessor: ends when it is halted, and waits for no lock long. */
extern const char ledger_session_assessing[];
/* For the relay: does not hold its lock while it is halted. */
extern const char ledger_session_relaying[];

/* NULL with err as pg_open() and pg_exec() set it, but ERR_RETRY when an earlier session could be
   opened. database_url: of the start; STOCKBUS_DATABASE_URL_FILE is read again each time. schema:
   [a-z0-9_]+, else ERR_FATAL. settings: one of the above. */
struct pg *ledger_session_open(const char *database_url, const char *name, const char *schema,
                               const char *settings, struct err *err) MUST_CHECK;
