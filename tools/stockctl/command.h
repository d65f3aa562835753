/*
 * The one table of commands: names, arguments, help and functions. --help is made from it. A
 * command returns an exit code; with err set, main prints its text as one line.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/base/stop.h"
#include "tools/stockctl/options.h"

struct stockctl_command {
    const char *name; /* one word or two: "topics apply" */
    const char *arguments;
    const char *help; /* one line */
    size_t arguments_min;
    size_t arguments_max;
    uint64_t options;
    int (*run)(const struct stockctl_options *options, struct err *err);
};

/* The command that argv begins with, and how many words its name takes. NULL: there is none. */
const struct stockctl_command *stockctl_command_find(int argc, char *const *argv, int *ret_words);
/* False with ERR_REJECT when the count of arguments is wrong. */
bool stockctl_command_check(const struct stockctl_command *command,
                            const struct stockctl_options *options, struct err *err) MUST_CHECK;
/* All commands, exit codes and settings; or one command and its options. */
void stockctl_command_help_all(FILE *out);
void stockctl_command_help(const struct stockctl_command *command, FILE *out);
/* EXIT_UNAVAILABLE for ERR_RETRY, EXIT_REFUSED for ERR_REJECT, else EXIT_INTERNAL. */
int stockctl_command_status(const struct err *err);
/* The same for what Kafka said; of a broker that is away the text then says what to check. */
int stockctl_command_kafka_failed(const char *brokers, struct err *err);

/* ---- facts: they go to ingest, or with --dry-run to standard output */
int stockctl_write_listing(const struct stockctl_options *options, struct err *err);
int stockctl_write_pool(const struct stockctl_options *options, struct err *err);
int stockctl_write_rule(const struct stockctl_options *options, struct err *err);
int stockctl_write_tier(const struct stockctl_options *options, struct err *err);
int stockctl_write_tiers(const struct stockctl_options *options, struct err *err);
int stockctl_write_promotion(const struct stockctl_options *options, struct err *err);
int stockctl_write_count(const struct stockctl_options *options, struct err *err);
int stockctl_write_receive(const struct stockctl_options *options, struct err *err);
int stockctl_write_adjust(const struct stockctl_options *options, struct err *err);
int stockctl_write_transfer(const struct stockctl_options *options, struct err *err);
int stockctl_write_inbound(const struct stockctl_options *options, struct err *err);
int stockctl_write_removal(const struct stockctl_options *options, struct err *err);
int stockctl_import(const struct stockctl_options *options, struct err *err);

/* ---- reads of schema api */
int stockctl_read_rules(const struct stockctl_options *options, struct err *err);
int stockctl_read_tiers(const struct stockctl_options *options, struct err *err);
int stockctl_read_stock(const struct stockctl_options *options, struct err *err);
int stockctl_read_inbound(const struct stockctl_options *options, struct err *err);
int stockctl_read_provenance(const struct stockctl_options *options, struct err *err);
int stockctl_read_removals(const struct stockctl_options *options, struct err *err);
int stockctl_read_orders(const struct stockctl_options *options, struct err *err);
int stockctl_read_targets(const struct stockctl_options *options, struct err *err);
int stockctl_read_pushes(const struct stockctl_options *options, struct err *err);
int stockctl_parked_show(const struct stockctl_options *options, struct err *err);
int stockctl_parked_decisions(const struct stockctl_options *options, struct err *err);
int stockctl_parked_release(const struct stockctl_options *options, struct err *err);
int stockctl_parked_fix(const struct stockctl_options *options, struct err *err);
int stockctl_parked_drop(const struct stockctl_options *options, struct err *err);
int stockctl_read_parked(const struct stockctl_options *options, struct err *err);
int stockctl_read_oversells(const struct stockctl_options *options, struct err *err);
int stockctl_read_findings(const struct stockctl_options *options, struct err *err);
int stockctl_read_movements(const struct stockctl_options *options, struct err *err);
int stockctl_read_latency(const struct stockctl_options *options, struct err *err);
int stockctl_read_conservation(const struct stockctl_options *options, struct err *err);
int stockctl_explain(const struct stockctl_options *options, struct err *err);

/* ---- mappings */
int stockctl_mapping_retire(const struct stockctl_options *options, struct err *err);
int stockctl_mapping_merge(const struct stockctl_options *options, struct err *err);
int stockctl_mapping_audit(const struct stockctl_options *options, struct err *err);
int stockctl_mapping_correction(const struct stockctl_options *options, struct err *err);

/* ---- questions of an audit */
int stockctl_audit_timeline(const struct stockctl_options *options, struct err *err);
int stockctl_audit_order(const struct stockctl_options *options, struct err *err);
int stockctl_audit_oversell(const struct stockctl_options *options, struct err *err);
int stockctl_audit_last_unit(const struct stockctl_options *options, struct err *err);
int stockctl_audit_why(const struct stockctl_options *options, struct err *err);
int stockctl_audit_showed(const struct stockctl_options *options, struct err *err);
int stockctl_audit_mappings(const struct stockctl_options *options, struct err *err);
int stockctl_audit_drifted(const struct stockctl_options *options, struct err *err);
int stockctl_audit_unconfirmed(const struct stockctl_options *options, struct err *err);

/* ---- the channels file */
int stockctl_channel_lint(const struct stockctl_options *options, struct err *err);
int stockctl_channel_schema(const struct stockctl_options *options, struct err *err);

/* ---- Kafka */
int stockctl_rejected(const struct stockctl_options *options, struct err *err);
int stockctl_topics_apply(const struct stockctl_options *options, struct err *err);
int stockctl_topics_list(const struct stockctl_options *options, struct err *err);
int stockctl_topics_cat(const struct stockctl_options *options, struct err *err);

/* ---- the ledger and the topic */
int stockctl_rebuild(const struct stockctl_options *options, struct err *err);
int stockctl_verify(const struct stockctl_options *options, struct err *err);
int stockctl_verify_tables(const struct stockctl_options *options, struct err *err);

int stockctl_ping(const struct stockctl_options *options, struct err *err);
int stockctl_version(const struct stockctl_options *options, struct err *err);
