#include "tools/stockctl/tables.h"

#include <string.h>

#include "lib/base/scope.h"

#include "tools/stockctl/command.h"
#include "tools/stockctl/output.h"

/* Aligned, it would not fit on the page. */
/* clang-format off */
static const struct stockctl_coverage coverage[] = {
    {"assessments", .is_out = true, .unproved = "how far the assessor is; no event says it"},
    {"batches", .is_proved = true, .is_order = true, .leave = ",batch_id,epoch,replica"},
    {"confirmations", .is_out = true, .unproved = "told by publishers, on the topic of outcomes"},
    {"conflicts", .is_proved = true, .is_order = true},
    {"consignment_receipts", .is_proved = true},
    {"consignment_reports", .is_proved = true},
    {"consignments", .is_proved = true},
    {"count_facts", .is_proved = true},
    {"counts", .is_proved = true},
    {"decisions", .is_proved = true},
    {"events", .is_proved = true, .leave_fresh = ",status,reason"},
    {"inbound_windows", .is_out = true, .unproved = "set by operators in the database"},
    {"latencies", .is_proved = true},
    {"line_parts", .is_proved = true},
    {"listings", .is_proved = true, .leave = ",version", .leave_fresh = ",event_id",
     .unproved = "all but event_id: which event was the last cause, `rebuild` tells"},
    {"mapping_components", .is_proved = true},
    {"mappings", .is_proved = true},
    {"movements", .is_proved = true, .is_order = true, .leave = ",movement_id,batch_id"},
    {"observation_history", .is_order = true,
     .unproved = "which listing an address named then, `rebuild` tells"},
    {"observations", .is_out = true, .unproved = "the newest of observation_history"},
    {"order_lines", .is_proved = true},
    {"outbox", .is_out = true, .unproved = "what is not sent yet: it changes with every target"},
    {"oversells", .is_proved = true, .leave = ",oversell_id",
     .leave_fresh = ",event_id,channel,order_id", .only_fresh = "{\"closed_at\": null}",
     .unproved = "open ones; what closed ones were, `rebuild` tells"},
    {"parked_bodies", .is_proved = true},
    {"partitions", .is_proved = true, .is_order = true,
     .leave = ",owner,epoch,cluster_id,topic_id,anchor,anchor_offset"},
    {"poison", .is_proved = true, .unproved = "which records; the reason is in the ledger's words"},
    {"pools", .is_proved = true},
    {"positions", .is_proved = true},
    {"promotions", .is_proved = true},
    {"pushes", .is_out = true, .unproved = "told by publishers, on the topic of outcomes"},
    {"rules", .is_proved = true},
    {"skus", .unproved = "a row for each SKU, to be locked; it says nothing"},
    {"targets", .is_order = true, .leave = ",version",
     .unproved = "what listings showed before, batch by batch: `rebuild` tells"},
    {"tiers", .is_proved = true},
    {"timeline", .is_out = true, .unproved = "set by operators in the database"},
    {"velocities", .is_proved = true},
    {"voided_orders", .is_proved = true, .leave_fresh = ",event_id"},
};
/* clang-format on */

size_t stockctl_coverage_all(const struct stockctl_coverage **ret_all)
{
    *ret_all = coverage;
    return ARRAY_LEN(coverage);
}

const struct stockctl_coverage *stockctl_coverage_of(const char *table)
{
    static const struct stockctl_coverage none = {.table = ""};

    for (size_t i = 0; i < ARRAY_LEN(coverage); i++) {
        if (strcmp(coverage[i].table, table) == 0)
            return &coverage[i];
    }
    return &none;
}

int stockctl_verify_tables(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"table",    COLUMN_TEXT, false},
        {"compared",     COLUMN_BOOL, false},
        {"but_for", COLUMN_TEXT, false},
        {0    },
    };
    SCOPED(stockctl_output)
    struct stockctl_output *output =
        stockctl_output_new(columns, options->json, (int64_t)ARRAY_LEN(coverage));

    (void)err;
    for (size_t i = 0; i < ARRAY_LEN(coverage); i++) {
        const char *unproved = coverage[i].unproved == NULL ? "" : coverage[i].unproved;
        const char *cells[] = {coverage[i].table, coverage[i].is_proved ? "t" : "f", unproved};

        stockctl_output_row(output, cells);
    }
    stockctl_output_print(output);
    return EXIT_OK;
}
