-- Verify stockbus:consignments on pg

SELECT shipment_id, sku, sent, received, damaged, lost, missing, in_transit, sellable_by, late FROM api.inbound WHERE false;
SELECT removal_id, sku, requested, expected_units, open, age_days FROM api.removals WHERE false;
SELECT sku, pools, available, inbound, in_removal, owned FROM api.totals WHERE false;
SELECT 1 / (count(*) = 3)::int FROM ledger.inbound_windows WHERE pool = '';
-- Friday and five business days is the next Friday, and 14 of them cross two weekends.
SELECT 1 / (ledger.add_business_days('2026-11-20 10:00Z', 5) = '2026-11-27 10:00Z')::int;
SELECT 1 / (ledger.add_business_days('2026-11-21 10:00Z', 1) = '2026-11-23 10:00Z')::int;
SELECT 1 / (ledger.add_business_days('2026-11-20 10:00Z', 14) = '2026-12-10 10:00Z')::int;
SELECT 1 / (has_table_privilege('stockbus_ledger', 'ledger.consignments', 'UPDATE'))::int;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.inbound', 'SELECT'))::int;
SELECT 'ledger.consignment_reports'::regclass, 'ledger.consignment_receipts'::regclass,
       'ledger.count_facts_position'::regclass, 'ledger.consignments_receiving_sku'::regclass,
       'ledger.consignments_receiving_pool'::regclass, 'ledger.consignment_reports_consignment'::regclass,
       'ledger.consignment_receipts_consignment'::regclass;
