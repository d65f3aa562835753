-- Verify stockbus:pace on pg

SELECT tier_id, tier, from_per_day, latency_ms, lead_time_days, valid_from_ms FROM ledger.tiers WHERE false;
SELECT measurement_id, sku, as_of_ms, window_ms, channels, units FROM ledger.velocities WHERE false;
SELECT measurement_id, channel, as_of_ms, latency_ms, samples FROM ledger.latencies WHERE false;
SELECT promotion_id, sku, active, valid_from_ms FROM ledger.promotions WHERE false;
SELECT as_of_ms, swept_sku FROM ledger.assessments WHERE false;
SELECT sku, per_day FROM api.velocities WHERE false;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'ledger.velocities', 'UPDATE'))::int;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.latencies', 'SELECT'))::int;
SELECT 'ledger.tiers_tier'::regclass, 'ledger.velocities_sku'::regclass, 'ledger.latencies_channel'::regclass,
       'ledger.promotions_sku'::regclass, 'ledger.latencies'::regclass, 'ledger.promotions'::regclass,
       'api.tiers'::regclass, 'api.velocities'::regclass, 'api.latencies'::regclass, 'api.promotions'::regclass;
