#include "tools/stockctl/command.h"

#include <string.h>

#include "lib/base/version.h"
#include "tools/stockctl/settings.h"

#define BIT(name)  OPTION_BIT(OPTION_##name)
#define WRITE_BITS (BIT(ID) | BIT(AT) | BIT(ACTOR) | BIT(DRY_RUN) | BIT(JSON))
#define REPORT_BITS                                                                           \
    (BIT(AT) | BIT(ACTOR) | BIT(DRY_RUN) | BIT(JSON) | BIT(FROM_POOL) | BIT(TO_POOL) |         \
     BIT(STATUS) | BIT(RECEIVED) | BIT(LOST))
#define DECIDE_BITS (BIT(REASON) | BIT(AT) | BIT(ACTOR) | BIT(DRY_RUN) | BIT(JSON))
#define READ_BITS  (BIT(JSON) | BIT(LIMIT))

static const struct stockctl_command commands[] = {
    {"listing", "CHANNEL LISTING", "say what a listing sells: --sku and --pool, or --retire", 2, 2,
     WRITE_BITS | BIT(SKUS) | BIT(POOL) | BIT(ADDRESS) | BIT(RETIRE), stockctl_write_listing},
    {"mapping retire", "CHANNEL LISTING", "it sells nothing from --at on", 2, 2, WRITE_BITS,
     stockctl_mapping_retire},
    {"mapping merge", "CHANNEL OLD NEW", "OLD sells from --at on what NEW sells then", 3, 3,
     WRITE_BITS, stockctl_mapping_merge},
    {"mapping audit", "", "what is not mapped one to one; exit code 1 when any", 0, 0,
     READ_BITS | BIT(CHANNEL), stockctl_mapping_audit},
    {"mapping correction", "CHANNEL LISTING", "what mappings that came late moved, since --from", 2,
     2, READ_BITS | BIT(FROM), stockctl_mapping_correction},
    {"pool", "NAME", "name a place whose stock is counted on its own", 1, 1,
     WRITE_BITS | BIT(AUTHORITY) | BIT(TITLE), stockctl_write_pool},
    {"rule", "", "say how quantities follow from stock, for a scope", 0, 0,
     WRITE_BITS | BIT(CHANNEL) | BIT(LISTING) | BIT(SKU) | BIT(POOLS) | BIT(BUCKETS) | BIT(BUFFER) |
         BIT(PERCENT) | BIT(CAP) | BIT(FLOOR) | BIT(TIER) | BIT(RISK_BOUND) | BIT(SAFETY_STOCK),
     stockctl_write_rule},
    {"rules", "", "the rules, or with --effective which one is in force, and why", 0, 0,
     READ_BITS | BIT(CHANNEL) | BIT(EFFECTIVE), stockctl_read_rules},
    {"tier", "NAME", "define a velocity tier", 1, 1,
     WRITE_BITS | BIT(PER_DAY) | BIT(LATENCY) | BIT(LEAD_DAYS), stockctl_write_tier},
    {"tiers defaults", "", "define T1 to T4, and hold back 20, 15, 10, 5 % or what the risk costs",
     0, 0, WRITE_BITS, stockctl_write_tiers},
    {"tiers list", "", "velocity tiers as they are defined", 0, 0, READ_BITS, stockctl_read_tiers},
    {"promotion", "SKU on|off", "while it is on, the SKU is in the fastest tier", 2, 2, WRITE_BITS,
     stockctl_write_promotion},
    {"count", "SKU POOL QUANTITY", "stock was counted", 3, 3,
     WRITE_BITS | BIT(BUCKET) | BIT(REASON), stockctl_write_count},
    {"receive", "SKU POOL QUANTITY", "units came in, alone or of a shipment or removal", 3, 3,
     WRITE_BITS | BIT(BUCKET) | BIT(REASON) | BIT(SHIPMENT) | BIT(REMOVAL),
     stockctl_write_receive},
    {"adjust", "SKU POOL DELTA", "units appeared or vanished, for a --reason", 3, 3,
     WRITE_BITS | BIT(BUCKET) | BIT(REASON) | BIT(NOTE), stockctl_write_adjust},
    {"transfer", "SKU FROM TO QUANTITY", "units moved to another pool or bucket, for a --reason", 4,
     4, WRITE_BITS | BIT(FROM_BUCKET) | BIT(TO_BUCKET) | BIT(REASON) | BIT(NOTE),
     stockctl_write_transfer},
    {"inbound report", "SHIPMENT SKU SENT", "how far an inbound shipment is; totals so far", 3, 3,
     REPORT_BITS | BIT(DAMAGED) | BIT(EXPECTED), stockctl_write_inbound},
    {"inbound list", "[SKU]", "inbound shipments, and when their units should be sellable", 0, 1,
     READ_BITS | BIT(POOL) | BIT(OPEN) | BIT(LATE), stockctl_read_inbound},
    {"removal report", "REMOVAL SKU REQUESTED", "how far a removal order is; totals so far", 3, 3,
     REPORT_BITS | BIT(BUCKET) | BIT(CANCELLED) | BIT(SHIPPED) | BIT(DISPOSED),
     stockctl_write_removal},
    {"removal list", "[SKU]", "removal orders, and the units of each that are to come", 0, 1,
     READ_BITS | BIT(POOL) | BIT(OPEN) | BIT(DAYS), stockctl_read_removals},
    {"import", "[FILE|-]", "send facts, a JSON object a line", 0, 1,
     BIT(AT) | BIT(ACTOR) | BIT(DRY_RUN) | BIT(JSON), stockctl_import},
    {"stock", "[SKU]", "stock by SKU and pool, now or --at a time", 0, 1,
     READ_BITS | BIT(POOL) | BIT(AT) | BIT(KNOWN), stockctl_read_stock},
    {"orders", "", "order lines", 0, 0, READ_BITS | BIT(CHANNEL) | BIT(ORDER) | BIT(OPEN),
     stockctl_read_orders},
    {"targets", "", "what listings should show, and were last confirmed to show", 0, 0,
     READ_BITS | BIT(CHANNEL) | BIT(SKU) | BIT(UNSETTLED), stockctl_read_targets},
    {"pushes", "", "attempts to make channels show it, newest first", 0, 0,
     READ_BITS | BIT(CHANNEL) | BIT(LISTING) | BIT(RESULT), stockctl_read_pushes},
    {"parked show", "EVENT", "an event: what is wrong, or what it waits for", 1, 1,
     BIT(JSON) | BIT(LIMIT) | BIT(RAW), stockctl_parked_show},
    {"parked release", "EVENT", "it counts as it is, if its rule may be waived", 1, 1, DECIDE_BITS,
     stockctl_parked_release},
    {"parked fix", "EVENT", "it counts with what --set says", 1, 1,
     DECIDE_BITS | BIT(CHANGES), stockctl_parked_fix},
    {"parked drop", "EVENT", "it counts for nothing", 1, 1, DECIDE_BITS,
     stockctl_parked_drop},
    {"parked decisions", "[EVENT]", "what was decided, and what came of it", 0, 1, READ_BITS,
     stockctl_parked_decisions},
    {"parked", "", "events that wait, the oldest first, and for what", 0, 0,
     READ_BITS | BIT(CHANNEL) | BIT(SKU) | BIT(REASON), stockctl_read_parked},
    {"oversells", "", "times at which more was sold than there was, newest first", 0, 0,
     READ_BITS | BIT(OPEN), stockctl_read_oversells},
    {"findings", "", "differences that the reconciler found, newest first", 0, 0,
     READ_BITS | BIT(CHANNEL), stockctl_read_findings},
    {"movements", "SKU", "changes of a SKU's stock, newest first", 1, 1, READ_BITS | BIT(POOL),
     stockctl_read_movements},
    {"latency", "", "from a notification to the confirmed push, by channel", 0, 0,
     READ_BITS | BIT(CHANNEL), stockctl_read_latency},
    {"conservation", "", "positions that differ from their movements; exit code 1 when any", 0, 0,
     READ_BITS, stockctl_read_conservation},
    {"timeline", "SKU", "all that is known of a SKU, over all channels", 1, 1,
     READ_BITS | BIT(FROM) | BIT(TO), stockctl_audit_timeline},
    {"order", "CHANNEL ORDER", "what an order did, on every channel, and how long it took", 2, 2,
     READ_BITS, stockctl_audit_order},
    {"oversell", "CHANNEL ORDER", "where the oversell of an order began, and who began it", 2, 2,
     READ_BITS, stockctl_audit_oversell},
    {"last-unit", "SKU POOL", "who took the last unit, and who went below, newest first", 2, 2,
     READ_BITS, stockctl_audit_last_unit},
    {"why", "SKU POOL", "why a position is what it is", 2, 2, READ_BITS | BIT(BUCKET),
     stockctl_audit_why},
    {"showed", "CHANNEL LISTING", "what a listing showed, and when", 2, 2,
     READ_BITS | BIT(FROM) | BIT(TO), stockctl_audit_showed},
    {"mapped", "CHANNEL LISTING", "what was sold under which mapping", 2, 2, READ_BITS,
     stockctl_audit_mappings},
    {"drifted", "", "what channels show and should not", 0, 0,
     READ_BITS | BIT(FROM) | BIT(CHANNEL), stockctl_audit_drifted},
    {"unconfirmed", "", "listings that do not show what they should, and why", 0, 0,
     READ_BITS | BIT(OLDER) | BIT(CHANNEL), stockctl_audit_unconfirmed},
    {"explain", "SKU", "the story of a number: movements, targets, pushes", 1, 1,
     READ_BITS | BIT(CHANNEL) | BIT(AT), stockctl_explain},
    {"provenance", "SKU", "which receipt each sold unit came from; who took the last, who got none",
     1, 1, READ_BITS | BIT(POOL), stockctl_read_provenance},
    {"rejected", "", "what could not become an event, the newest last", 0, 0,
     READ_BITS | BIT(FROM) | BIT(BODY), stockctl_rejected},
    {"channel lint", "FILE", "read a channels file as the services do, and say what is wrong",
     1, 1, 0, stockctl_channel_lint},
    {"channel schema", "KIND", "JSON Schema of the spec that such a channel takes", 1, 1, 0,
     stockctl_channel_schema},
    {"topics apply", "", "create the topics; refuse ones that differ", 0, 0, BIT(JSON),
     stockctl_topics_apply},
    {"topics list", "", "the topics, and which are missing", 0, 0, BIT(JSON), stockctl_topics_list},
    {"topics cat", "NAME", "records as JSON lines: events, catalog, outcomes, rejected, targets.C",
     1, 1, BIT(FROM) | BIT(LIMIT), stockctl_topics_cat},
    {"rebuild", "", "fold Kafka into a fresh schema and compare; exit code 1 when it differs", 0, 0,
     BIT(JSON) | BIT(INTO) | BIT(DROP) | BIT(KEEP) | BIT(FRESH), stockctl_rebuild},
    {"verify tables", "", "which tables verify compares, and why not the rest", 0, 0, BIT(JSON),
     stockctl_verify_tables},
    {"verify", "", "prove the ledger from the topic alone; exit code 1 when it differs", 0, 0,
     BIT(JSON) | BIT(PARTITION), stockctl_verify},
    {"ping", "", "whether broker, database and ingest are there", 0, 0, BIT(JSON), stockctl_ping},
    {"version", "", "print the version", 0, 0, 0, stockctl_version},
};

/* Words of name if argv begins with them, else 0. */
static int command_words(const char *name, int argc, char *const *argv)
{
    const char *space = strchr(name, ' ');
    size_t first = space == NULL ? strlen(name) : (size_t)(space - name);

    if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], name, first) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

const struct stockctl_command *stockctl_command_find(int argc, char *const *argv, int *ret_words)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        int words = command_words(commands[i].name, argc, argv);

        if (words == 0)
            continue;
        *ret_words = words;
        return &commands[i];
    }
    return NULL;
}

bool stockctl_command_check(const struct stockctl_command *command,
                            const struct stockctl_options *options, struct err *err)
{
    if (options->arguments_len >= command->arguments_min &&
        options->arguments_len <= command->arguments_max)
        return true;
    return err_set(err, ERR_REJECT, "%s arguments: want '%s%s%s'",
                   options->arguments_len < command->arguments_min ? "missing" : "too many",
                   command->name, command->arguments[0] == '\0' ? "" : " ", command->arguments);
}

void stockctl_command_help(const struct stockctl_command *command, FILE *out)
{
    uint64_t options = command->options | BIT(HELP);

    fprintf(out, "usage: stockctl %s%s%s [OPTION]...\n\n%s\n\n", command->name,
            command->arguments[0] == '\0' ? "" : " ", command->arguments, command->help);
    stockctl_options_help(options, out);
}

void stockctl_command_help_all(FILE *out)
{
    fputs("usage: stockctl COMMAND [ARGUMENT]... [OPTION]...\n\n"
          "The operator's command line of stockbus. 'stockctl COMMAND --help' lists options.\n\n",
          out);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        char left[64];

        snprintf(left, sizeof(left), "%s %s", commands[i].name, commands[i].arguments);
        fprintf(out, "  %-30s %s\n", left, commands[i].help);
    }
    fputs("\nExit codes:\n"
          "  0  done\n"
          "  1  a query found nothing; conservation, verify, rebuild or an audit found something\n"
          "  2  arguments or settings are wrong\n"
          "  3  broker, database or ingest is away\n"
          "  4  the other side refused\n"
          " 70  a bug of ours\n"
          "\nSettings, from the environment (or from the file that NAME_FILE names):\n",
          out);
    stockctl_settings_help(out);
}

int stockctl_command_status(const struct err *err)
{
    if (err->code == ERR_RETRY)
        return EXIT_UNAVAILABLE;
    return err->code == ERR_REJECT ? EXIT_REFUSED : EXIT_INTERNAL;
}

int stockctl_command_kafka_failed(const char *brokers, struct err *err)
{
    if (err->code == ERR_RETRY)
        err_wrap(err, "broker '%s' is not reachable: check STOCKBUS_KAFKA_BROKERS", brokers);
    return stockctl_command_status(err);
}

int stockctl_version(const struct stockctl_options *options, struct err *err)
{
    (void)options;
    (void)err;
    puts("stockctl " STOCKBUS_VERSION);
    return EXIT_OK;
}
