-- Verify stockbus:ledger on pg

SELECT event_id, content_hash, status, kafka_offset FROM ledger.events WHERE false;
SELECT sku, pool, bucket, delta, effect, balance FROM ledger.movements WHERE false;
SELECT sku, pool, bucket, quantity FROM ledger.positions WHERE false;
SELECT 1 / (has_table_privilege('stockbus_ledger', 'ledger.movements', 'INSERT'))::int;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'ledger.movements', 'UPDATE'))::int;
SELECT 1 / (ledger.ms(ledger.at_ms(1763716620123)) = 1763716620123)::int;
