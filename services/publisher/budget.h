/*
 * A token bucket: what a channel's API lets us spend. Pure: the time comes from the caller. The
 * channel's own words (remaining budget, Retry-After) overrule the arithmetic.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct publisher_budget {
    double tokens;
    double burst;
    double per_second;
    double per_second_max; /* what the merchant allows us of it; 0: all that the channel tells */
    double share;          /* of burst and rate, in (0, 1]: replicas spend from one budget */
    int64_t at_ms;
    int64_t blocked_until_ms;
};

void publisher_budget_init(struct publisher_budget *budget, double per_second, double burst,
                           int64_t now_ms);
/* From now on this replica has so much of the whole. What it saved up beyond that is gone. */
void publisher_budget_share(struct publisher_budget *budget, double share, int64_t now_ms);
/* Takes the cost when it is there. */
bool publisher_budget_take(struct publisher_budget *budget, double cost, int64_t now_ms);
/* How long until a cost could be taken; 0: now. */
int64_t publisher_budget_wait_ms(struct publisher_budget *budget, double cost, int64_t now_ms);
/* Negative values are unknown and change nothing. in_flight_cost: what is spent but not yet seen by
   the answer that told `available`. */
void publisher_budget_told(struct publisher_budget *budget, double available, double per_second,
                           double in_flight_cost, int64_t now_ms);
void publisher_budget_block(struct publisher_budget *budget, int64_t until_ms);
