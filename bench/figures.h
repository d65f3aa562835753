/*
 * What a limit measured, as one line of JSON: begin and end on the monotonic clock, transactions,
 * how long each took, errors by SQLSTATE, CPU time of this process and of its server process.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct figures;

/* server_pid: the backend, on this machine. */
struct figures *figures_start(int server_pid);
void figures_transaction(struct figures *figures, int64_t us);
/* sqlstate: of a transaction that ran again. */
void figures_retry(struct figures *figures, const char *sqlstate);
/* Prints to standard output and frees. */
void figures_finish(struct figures *figures);
