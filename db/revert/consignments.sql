-- Revert stockbus:consignments from pg

BEGIN;

SET LOCAL ROLE stockbus_owner;

DROP VIEW api.totals, api.removals, api.inbound;
DROP FUNCTION ledger.add_business_days(timestamptz, integer);
DROP TABLE ledger.inbound_windows, ledger.consignment_receipts, ledger.consignment_reports, ledger.consignments,
    ledger.count_facts;

COMMIT;
