#include "tools/stockctl/options.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/scope.h"
#include "lib/event/event.h"

enum option_kind { KIND_FLAG, KIND_TEXT, KIND_TEXTS, KIND_NUMBER, KIND_TIME };

struct definition {
    const char *name; /* several options may share one: a command takes one of them */
    enum option_kind kind;
    size_t offset;
    const char *value; /* for help */
    const char *help;
    int64_t min;
    int64_t max;
};

#define AT(field) offsetof(struct stockctl_options, field)

enum { UNITS_MAX = EVENT_QUANTITY_MAX };

static const struct definition definitions[OPTION_COUNT] = {
    [OPTION_ACTOR] = {"actor", KIND_TEXT, AT(actor), "WHO", "who says so; default $USER@host"},
    [OPTION_ADDRESS] = {"address", KIND_TEXT, AT(address), "A",
                        "how the channel's API and snapshots name the listing"},
    [OPTION_AT] = {"at", KIND_TIME, AT(at_ms), "TIME", "RFC 3339; default now"},
    [OPTION_AUTHORITY] = {"authority", KIND_TEXT, AT(authority), "WHO",
                          "who counts the pool's stock: ledger (default) or channel"},
    [OPTION_BODY] = {"body", KIND_NUMBER, AT(body), "N", "write the raw body of number N", 0,
                     INT64_MAX},
    [OPTION_BUCKET] = {"bucket", KIND_TEXT, AT(bucket), "B", "bucket; default sellable"},
    [OPTION_BUCKETS] = {"bucket", KIND_TEXTS, AT(buckets), "B",
                        "bucket that may be sold, may be repeated; default sellable"},
    [OPTION_BUFFER] = {"buffer", KIND_NUMBER, AT(buffer), "N", "units held back", 0, UNITS_MAX},
    [OPTION_CANCELLED] = {"cancelled", KIND_NUMBER, AT(cancelled), "N", "units cancelled so far", 0,
                          UNITS_MAX},
    [OPTION_CAP] = {"cap", KIND_NUMBER, AT(cap), "N", "most that is shown; 0: no cap", 0,
                    UNITS_MAX},
    [OPTION_CHANGES] = {"set", KIND_TEXTS, AT(changes), "FIELD=VALUE",
                        "what is right, may be repeated"},
    [OPTION_CHANNEL] = {"channel", KIND_TEXT, AT(channel), "C", "channel"},
    [OPTION_DAMAGED] = {"damaged", KIND_NUMBER, AT(damaged), "N", "units received damaged so far",
                        0, UNITS_MAX},
    [OPTION_DAYS] = {"days", KIND_NUMBER, AT(days), "N", "only those at least so many days old", 0,
                     100000},
    [OPTION_DISPOSED] = {"disposed", KIND_NUMBER, AT(disposed), "N", "units disposed of so far", 0,
                         UNITS_MAX},
    [OPTION_DROP] = {"drop", KIND_FLAG, AT(drop), NULL,
                     "drop the schema first, if an earlier rebuild made it"},
    [OPTION_DRY_RUN] = {"dry-run", KIND_FLAG, AT(dry_run), NULL,
                        "print the JSON, send nothing"},
    [OPTION_EFFECTIVE] = {"effective", KIND_TEXT, AT(effective), "SKU",
                          "for each listing that sells it, which rule is in force and why"},
    [OPTION_EXPECTED] = {"expected", KIND_TIME, AT(expected_ms), "TIME",
                         "when it should arrive, RFC 3339"},
    [OPTION_FLOOR] = {"floor", KIND_NUMBER, AT(floor), "N", "less than this is shown as 0", 0,
                      UNITS_MAX},
    [OPTION_FRESH] = {"fresh", KIND_FLAG, AT(fresh), NULL,
                      "batches of its own; compares what does not depend on them"},
    [OPTION_FROM] = {"from", KIND_TIME, AT(from_ms), "TIME", "records since then, RFC 3339"},
    [OPTION_FROM_BUCKET] = {"from-bucket", KIND_TEXT, AT(from_bucket), "B",
                            "bucket that it comes from; default sellable"},
    [OPTION_FROM_POOL] = {"from-pool", KIND_TEXT, AT(from_pool), "P", "pool that the units leave"},
    [OPTION_HELP] = {"help", KIND_FLAG, AT(help), NULL, "show this"},
    [OPTION_ID] = {"id", KIND_TEXT, AT(id), "ID",
                   "fact id: saying it again with the same --at changes nothing"},
    [OPTION_INTO] = {"into", KIND_TEXT, AT(into), "SCHEMA", "schema that is made"},
    [OPTION_JSON] = {"json", KIND_FLAG, AT(json), NULL, "JSON lines"},
    [OPTION_KNOWN] = {"known", KIND_FLAG, AT(known), NULL,
                      "what the ledger knew then, not what was told later"},
    [OPTION_LATE] = {"late", KIND_FLAG, AT(late), NULL, "only late ones"},
    [OPTION_LATENCY] = {"latency", KIND_NUMBER, AT(latency_ms), "MS",
                        "objective, from a change to the channel's confirmation", 0, 86400000},
    [OPTION_LEAD_DAYS] = {"lead-days", KIND_NUMBER, AT(lead_days), "N",
                          "lead time for restocking", 0, 3660},
    [OPTION_KEEP] = {"keep", KIND_FLAG, AT(keep), NULL, "keep the schema; else it goes when equal"},
    [OPTION_LIMIT] = {"limit", KIND_NUMBER, AT(limit), "N", "at most so many", 1,
                      OPTIONS_LIMIT_MAX},
    [OPTION_LISTING] = {"listing", KIND_TEXT, AT(listing), "L", "listing"},
    [OPTION_LOST] = {"lost", KIND_NUMBER, AT(lost), "N", "units known to be lost so far", 0,
                     UNITS_MAX},
    [OPTION_NOTE] = {"note", KIND_TEXT, AT(note), "T", "for people"},
    [OPTION_OLDER] = {"older", KIND_NUMBER, AT(older_s), "S", "only what is older than S seconds",
                      0, OPTIONS_OLDER_MAX},
    [OPTION_OPEN] = {"open", KIND_FLAG, AT(open), NULL, "only open ones"},
    [OPTION_ORDER] = {"order", KIND_TEXT, AT(order), "O", "order"},
    [OPTION_PARTITION] = {"partition", KIND_NUMBER, AT(partition), "P",
                          "only rows that records of this partition made", 0, 1023},
    [OPTION_PERCENT] = {"percent", KIND_NUMBER, AT(percent), "P",
                        "percent held back, rounded up; the larger buffer counts", 0, 100},
    [OPTION_PER_DAY] = {"per-day", KIND_NUMBER, AT(per_day), "N",
                        "units a day over all channels from which a SKU is in it", 0, UNITS_MAX},
    [OPTION_POOL] = {"pool", KIND_TEXT, AT(pool), "P", "pool"},
    [OPTION_POOLS] = {"pool", KIND_TEXTS, AT(pools), "P",
                      "pool that counts, may be repeated; default the mapping's"},
    [OPTION_RAW] = {"raw", KIND_FLAG, AT(raw), NULL, "write the notification as it came"},
    [OPTION_REASON] = {"reason", KIND_TEXT, AT(reason), "R", "why"},
    [OPTION_RECEIVED] = {"received", KIND_NUMBER, AT(received), "N",
                         "units received so far that can be sold", 0, UNITS_MAX},
    [OPTION_REMOVAL] = {"removal", KIND_TEXT, AT(removal), "ID",
                        "removal order that it is a part of"},
    [OPTION_RESULT] = {"result", KIND_TEXT, AT(result), "R",
                       "confirmed, accepted_not_applied, rejected, superseded, parked, retrying"},
    [OPTION_RETIRE] = {"retire", KIND_FLAG, AT(retire), NULL, "it sells nothing any more"},
    [OPTION_SHIPMENT] = {"shipment", KIND_TEXT, AT(shipment), "ID",
                         "inbound shipment that it is a part of"},
    [OPTION_SHIPPED] = {"shipped", KIND_NUMBER, AT(shipped), "N", "units shipped so far", 0,
                        UNITS_MAX},
    [OPTION_RISK_BOUND] = {"risk-bound", KIND_NUMBER, AT(risk_bound), "PPM",
                           "hold back so much that a sale elsewhere oversells at most so often "
                           "(millionths; 1000 is 0.1 %); 0: not priced", 0, EVENT_RISK_BOUND_MAX},
    [OPTION_SAFETY_STOCK] = {"safety-stock", KIND_NUMBER, AT(safety_stock), "N",
                             "what an emergency shows", 0, UNITS_MAX},
    [OPTION_SKU] = {"sku", KIND_TEXT, AT(sku), "S", "SKU"},
    [OPTION_SKUS] = {"sku", KIND_TEXTS, AT(skus), "SKU[:UNITS]",
                     "what one unit of the listing consists of, may be repeated"},
    [OPTION_STATUS] = {"status", KIND_TEXT, AT(status), "S", "how far it is"},
    [OPTION_TIER] = {"tier", KIND_TEXT, AT(tier), "T", "SKUs of a velocity tier, T1 to T4"},
    [OPTION_TITLE] = {"title", KIND_TEXT, AT(title), "T", "name for people"},
    [OPTION_TO] = {"to", KIND_TIME, AT(to_ms), "TIME",
                   "records until then, RFC 3339; default now"},
    [OPTION_TO_BUCKET] = {"to-bucket", KIND_TEXT, AT(to_bucket), "B",
                          "bucket that it goes to; default sellable"},
    [OPTION_TO_POOL] = {"to-pool", KIND_TEXT, AT(to_pool), "P", "pool that the units go to"},
    [OPTION_UNSETTLED] = {"unsettled", KIND_FLAG, AT(unsettled), NULL,
                          "only those whose target is not confirmed"},
};

static_assert(OPTION_COUNT <= 64, "a set of options is one word");

/* NULL when the command has no such option. */
static const struct definition *definition_find(uint64_t allowed, const char *name, size_t len)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if ((allowed & OPTION_BIT(i)) != 0 && strlen(definitions[i].name) == len &&
            strncmp(definitions[i].name, name, len) == 0)
            return &definitions[i];
    }
    return NULL;
}

bool stockctl_options_number(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    char *end = NULL;

    if (digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && digits[1] != '\0'))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0 || value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

static bool options_add(struct stockctl_texts *texts, const struct definition *definition,
                        const char *text, struct err *err)
{
    if (texts->len == OPTIONS_TEXTS_MAX)
        return err_set(err, ERR_REJECT, "--%s is given more than %d times", definition->name,
                       OPTIONS_TEXTS_MAX);
    texts->texts[texts->len++] = text;
    return true;
}

static bool options_set(struct stockctl_options *options, const struct definition *definition,
                        const char *text, struct err *err)
{
    void *field = (char *)options + definition->offset;

    switch (definition->kind) {
    case KIND_FLAG:
        *(bool *)field = true;
        return true;
    case KIND_TEXT:
        if (text[0] == '\0')
            return err_set(err, ERR_REJECT, "--%s is empty", definition->name);
        if (*(const char **)field != NULL)
            return err_set(err, ERR_REJECT, "--%s is given twice", definition->name);
        *(const char **)field = text;
        return true;
    case KIND_TEXTS:
        return options_add(field, definition, text, err);
    case KIND_NUMBER:
        if (stockctl_options_number(text, definition->min, definition->max, field))
            return true;
        return err_set(err, ERR_REJECT,
                       "--%s is '%s': want a whole number from %" PRId64 " to %" PRId64,
                       definition->name, text, definition->min, definition->max);
    case KIND_TIME:
        if (clock_parse(text, field))
            return true;
        return err_set(err, ERR_REJECT, "--%s is '%s': want a time like 2026-11-21T09:17:00Z",
                       definition->name, text);
    }
    return err_set(err, ERR_FATAL, "--%s has no kind", definition->name);
}

/* argv[*at] is an option; steps over its value. */
static bool options_take(struct stockctl_options *options, uint64_t allowed, char *const *argv,
                         int *at, struct err *err)
{
    const char *name = argv[*at] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const struct definition *definition = definition_find(allowed, name, len);

    if (definition == NULL)
        return err_set(err, ERR_REJECT, "unknown option '--%.*s'", (int)len, name);
    if (definition->kind == KIND_FLAG) {
        if (value != NULL)
            return err_set(err, ERR_REJECT, "--%s takes no value", definition->name);
        return options_set(options, definition, "", err);
    }
    if (value == NULL)
        value = argv[++*at];
    if (value == NULL)
        return err_set(err, ERR_REJECT, "--%s wants a value: %s", definition->name,
                       definition->value);
    return options_set(options, definition, value, err);
}

static bool options_argument(struct stockctl_options *options, const char *text, struct err *err)
{
    if (options->arguments_len == OPTIONS_ARGUMENTS_MAX)
        return err_set(err, ERR_REJECT, "too many arguments: '%s'", text);
    options->arguments[options->arguments_len++] = text;
    return true;
}

static bool is_argument(const char *text)
{
    return text[0] != '-' || text[1] == '\0' || (text[1] >= '0' && text[1] <= '9');
}

bool stockctl_options_parse(int argc, char *const *argv, uint64_t allowed,
                            struct stockctl_options *ret_options, struct err *err)
{
    struct stockctl_options options = {.at_ms = -1, .body = -1, .buffer = -1,
                                       .cancelled = -1, .cap = -1, .damaged = -1, .days = -1,
                                       .disposed = -1, .expected_ms = -1, .floor = -1,
                                       .from_ms = -1, .latency_ms = -1, .lead_days = -1,
                                       .limit = -1, .lost = -1, .older_s = -1, .partition = -1,
                                       .per_day = -1, .percent = -1, .received = -1,
                                       .risk_bound = -1, .safety_stock = -1, .shipped = -1,
                                       .to_ms = -1};
    bool ended = false;

    for (int i = 0; i < argc; i++) {
        if (ended || is_argument(argv[i])) {
            if (!options_argument(&options, argv[i], err))
                return false;
        } else if (strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (strcmp(argv[i], "-h") == 0) {
            options.help = true;
        } else if (argv[i][1] != '-') {
            return err_set(err, ERR_REJECT, "unknown option '%s'", argv[i]);
        } else if (!options_take(&options, allowed, argv, &i, err)) {
            return false;
        }
    }
    *ret_options = options;
    return true;
}

void stockctl_options_help(uint64_t options, FILE *out)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        char left[48];

        if ((options & OPTION_BIT(i)) == 0)
            continue;
        snprintf(left, sizeof(left), "--%s%s%s", definitions[i].name,
                 definitions[i].value == NULL ? "" : " ",
                 definitions[i].value == NULL ? "" : definitions[i].value);
        fprintf(out, "  %-20s  %s\n", left, definitions[i].help);
    }
}
