-- Verify stockbus:audit_facts on pg

SELECT event_id, channel, listing, quantity, observed_ms, origin FROM ledger.observation_history WHERE false;
SELECT 'ledger.observation_history_listing'::regclass,
       'ledger.pushes_newest'::regclass;
SELECT 1 / has_table_privilege('stockbus_ledger', 'ledger.observation_history', 'INSERT')::int;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'ledger.observation_history', 'UPDATE'))::int;
