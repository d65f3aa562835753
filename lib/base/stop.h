/*
 * Stopping is one path: SIGTERM or SIGINT sets the flag -> readiness turns false -> loops notice
 * within one poll timeout -> finish what is in hand -> commit -> close -> exit 0.
 */
#pragma once

#include <stdbool.h>

/* Once, from main, before any thread: installs the handlers and ignores SIGPIPE. */
void stop_setup(void);
bool stop_requested(void);
/* As if a signal had come, with the exit status that main shall return; of several, the first that
   is not EXIT_OK stays. */
void stop_request(int exit_status);
int stop_exit_status(void);
/* Waits up to timeout_ms or until stopping, in any number of threads. */
void stop_wait(int timeout_ms);

/* Exit codes of every program, documented in docs and README. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FINDINGS = 1,    /* the reconciler found differences; a query found nothing */
    EXIT_USAGE = 2,       /* arguments or settings are wrong */
    EXIT_UNAVAILABLE = 3, /* broker, database or channel is away */
    EXIT_REFUSED = 4,     /* the other side refused: authentication, validation */
    EXIT_INTERNAL = 70,   /* our bug, or the process must start anew */
};
