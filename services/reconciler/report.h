/* Prints what a run found: one line per finding, and a last one that sums it up. */
#pragma once

#include <stdbool.h>

#include "services/reconciler/store.h"

/* As JSON it says nothing that differs between two runs over the same topics and snapshot. */
void reconciler_report(const struct reconciler_run *run, bool is_json);
