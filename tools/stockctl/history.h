/*
 * The movements of positions, for counts that come late: of each only its time and its units, a
 * handful of bytes. Pure.
 */
#pragma once

#include "lib/stock/stock.h"

#include "tools/stockctl/rows.h"

struct stockctl_history;

struct stockctl_history *stockctl_history_new(struct stockctl_names *names);
void stockctl_history_free(struct stockctl_history *history);
void stockctl_history_add(struct stockctl_history *history, const struct stock_movement *movement);
/* A fold begins: what is added from now on, it knows. */
void stockctl_history_begin(struct stockctl_history *history);
/* Loads what was added before the fold began and happened later than after_ms, as far as it is not
   loaded yet; of all positions of the SKU, all. The texts given must live as long as the fold. */
void stockctl_history_load(struct stockctl_history *history, struct stock *stock,
                           const struct stock_position *position, int64_t after_ms);
void stockctl_history_load_sku(struct stockctl_history *history, struct stock *stock,
                               const char *sku);
