/* Takes notifications and manual facts and writes them to Kafka, until stopping. */
#pragma once

#include "lib/base/err.h"

#include "services/ingest/settings.h"

/* Blocks until stopping. Returns the exit status; err says why when it is not EXIT_OK. */
int ingest_run(const struct ingest_settings *settings, struct err *err) MUST_CHECK;
