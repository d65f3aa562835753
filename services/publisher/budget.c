#include "services/publisher/budget.h"

void publisher_budget_init(struct publisher_budget *budget, double per_second, double burst,
                           int64_t now_ms)
{
    *budget = (struct publisher_budget){
        .tokens = burst, .burst = burst, .per_second = per_second, .share = 1, .at_ms = now_ms};
}

static double budget_burst(const struct publisher_budget *budget)
{
    return budget->burst * budget->share;
}

static double budget_rate(const struct publisher_budget *budget)
{
    return budget->per_second * budget->share;
}

static void budget_refill(struct publisher_budget *budget, int64_t now_ms)
{
    if (now_ms <= budget->at_ms)
        return;
    budget->tokens += budget_rate(budget) * (double)(now_ms - budget->at_ms) / 1000;
    if (budget->tokens > budget_burst(budget))
        budget->tokens = budget_burst(budget);
    budget->at_ms = now_ms;
}

void publisher_budget_share(struct publisher_budget *budget, double share, int64_t now_ms)
{
    budget_refill(budget, now_ms);
    budget->share = share;
    if (budget->tokens > budget_burst(budget))
        budget->tokens = budget_burst(budget);
}

int64_t publisher_budget_wait_ms(struct publisher_budget *budget, double cost, int64_t now_ms)
{
    int64_t blocked_ms = budget->blocked_until_ms - now_ms;
    int64_t refill_ms = 0;

    budget_refill(budget, now_ms);
    /* A cost beyond the burst could never be taken: a full bucket is enough for it. */
    if (cost > budget_burst(budget))
        cost = budget_burst(budget);
    if (budget->tokens < cost)
        refill_ms = (int64_t)((cost - budget->tokens) * 1000 / budget_rate(budget)) + 1;
    return blocked_ms > refill_ms ? blocked_ms : refill_ms;
}

bool publisher_budget_take(struct publisher_budget *budget, double cost, int64_t now_ms)
{
    if (publisher_budget_wait_ms(budget, cost, now_ms) > 0)
        return false;
    budget->tokens -= cost;
    return true;
}

void publisher_budget_told(struct publisher_budget *budget, double available, double per_second,
                           double in_flight_cost, int64_t now_ms)
{
    budget_refill(budget, now_ms);
    if (per_second > 0)
        budget->per_second = budget->per_second_max > 0 && per_second > budget->per_second_max
                                 ? budget->per_second_max
                                 : per_second;
    /* Only ever lower what we believe: replicas and other apps spend from the same bucket. */
    if (available >= 0 && available - in_flight_cost < budget->tokens)
        budget->tokens = available - in_flight_cost;
}

void publisher_budget_block(struct publisher_budget *budget, int64_t until_ms)
{
    if (until_ms > budget->blocked_until_ms)
        budget->blocked_until_ms = until_ms;
}
