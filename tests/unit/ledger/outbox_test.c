/* Bundles of the outbox: what was put in comes out, and a cut one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/event/codec.h"

#include "services/ledger/outbox.h"

static const struct target target = {.channel = "shop",
                                     .listing = "40000000007919",
                                     .address = "gid://7919",
                                     .quantity = 7,
                                     .version = 3,
                                     .event_id = "",
                                     .rule_id = "",
                                     .mapping_id = "",
                                     .traceparent = "",
                                     .cause_channel = "woo"};
static const struct catalog_entry entry = {"woo", "17", "", "TEE-RED-M"};

/* The writer has no connection: none of these bundles is full. */
static void put_both(struct ledger_outbox *outbox)
{
    struct err err = {0};

    ledger_outbox_init(outbox, NULL);
    assert_true(ledger_outbox_catalog(outbox, &entry, &err));
    assert_true(ledger_outbox_target(outbox, &target, &err));
    assert_int_equal(outbox->records, 2);
}

static void records_come_out_in_their_order(void **state)
{
    SCOPED(ledger_outbox) struct ledger_outbox outbox;
    SCOPED(arena) struct arena *arena = arena_new();
    struct ledger_outbox_record record;
    struct catalog_entry found;
    struct target told;
    struct err err = {0};

    (void)state;
    put_both(&outbox);
    const char *at = outbox.bundle.bytes;
    const char *end = at + outbox.bundle.len;

    assert_true(ledger_outbox_read(&at, end, &record, &err));
    assert_int_equal(record.kind, LEDGER_OUTBOX_CATALOG);
    assert_string_equal(record.listing, "17");
    assert_true(catalog_entry_decode(arena, record.body, record.body_len, &found, &err));
    assert_string_equal(found.sku, "TEE-RED-M");
    assert_true(ledger_outbox_read(&at, end, &record, &err));
    assert_int_equal(record.kind, LEDGER_OUTBOX_TARGET);
    assert_string_equal(record.channel, "shop");
    assert_string_equal(record.listing, "40000000007919");
    assert_true(target_decode(arena, record.body, record.body_len, &told, &err));
    assert_int_equal(told.quantity, 7);
    assert_int_equal(told.version, 3);
    assert_ptr_equal(at, end);
}

static void a_cut_bundle_is_refused(void **state)
{
    SCOPED(ledger_outbox) struct ledger_outbox outbox;
    struct ledger_outbox_record record;
    struct err err = {0};

    (void)state;
    put_both(&outbox);
    const char *at = outbox.bundle.bytes;

    assert_true(ledger_outbox_read(&at, at + outbox.bundle.len, &record, &err));
    size_t first = (size_t)(at - outbox.bundle.bytes);
    for (size_t len = 1; len < outbox.bundle.len; len++) {
        SCOPED(buf) struct buf cut = {0}; /* of its own: who reads too far is found out */
        size_t records = 0;
        bool ok = true;

        buf_append(&cut, outbox.bundle.bytes, len);
        at = cut.bytes;
        while (ok && at < cut.bytes + cut.len) {
            ok = ledger_outbox_read(&at, cut.bytes + cut.len, &record, &err);
            records += ok;
        }
        assert_int_equal(ok, len == first);
        assert_int_equal(records, len >= first ? 1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_out_in_their_order),
        cmocka_unit_test(a_cut_bundle_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
