-- Deploy stockbus:proof to pg
-- requires: api_conservation
-- requires: consignments
-- requires: pace

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, ledger, pg_catalog;

-- What `stockctl verify` compares with the topic: rows of the ledger as they stand, without clocks.

CREATE VIEW proof_batches AS
SELECT batch_id, topic, partition, generation, first_offset, next_offset, movements, head
  FROM ledger.batches;
COMMENT ON VIEW proof_batches IS 'For a proof: each transaction that applied events, a row for each partition that it moved.';

CREATE VIEW proof_movements AS
SELECT movement_id, batch_id, topic_partition, topic_offset, ordinal, event_id, sku, pool, bucket,
       delta, effect, balance, occurred_ms, reason, chain
  FROM ledger.movements;
COMMENT ON VIEW proof_movements IS 'For a proof: each movement with its place on the topic and in the chain.';

CREATE VIEW proof_partitions AS
SELECT topic, partition, generation, next_offset, head
  FROM ledger.partitions;
COMMENT ON VIEW proof_partitions IS 'For a proof: how far each partition is applied, and the head of its chain.';

CREATE VIEW proof_poison AS
SELECT topic, partition, generation, kafka_offset
  FROM ledger.poison;
COMMENT ON VIEW proof_poison IS 'For a proof: records that were set aside.';

CREATE VIEW proof_events AS
SELECT event_id, encode(content_hash, 'hex') AS content_hash, kind, channel, account, notification_id, captured_via, actor,
       listing, sku, order_id, line_id, ledger.ms(occurred_at) AS occurred_ms, ledger.ms(received_at) AS received_ms,
       partition, kafka_offset, traceparent, generation, status, reason
  FROM ledger.events;
COMMENT ON VIEW proof_events IS 'For a proof: every event that was taken, and what became of it.';

CREATE VIEW proof_conflicts AS
SELECT event_id, encode(content_hash, 'hex') AS content_hash, partition, kafka_offset
  FROM ledger.conflicts;
COMMENT ON VIEW proof_conflicts IS 'For a proof: events whose id was known with other content.';

CREATE VIEW proof_parked_bodies AS
SELECT event_id, detail, encode(body, 'hex') AS body
  FROM ledger.parked_bodies;
COMMENT ON VIEW proof_parked_bodies IS 'For a proof: events that wait, or waited, for an operator.';

CREATE VIEW proof_decisions AS
SELECT event_id, decision_id, number, decision, note, encode(body, 'hex') AS body
  FROM ledger.decisions;
COMMENT ON VIEW proof_decisions IS 'For a proof: what operators decided.';

CREATE VIEW proof_pools AS
SELECT pool_id, pool, authority, title, valid_from_ms
  FROM ledger.pools;
COMMENT ON VIEW proof_pools IS 'For a proof: facts about pools.';

CREATE VIEW proof_mappings AS
SELECT mapping_id, channel, listing, address, pool, valid_from_ms
  FROM ledger.mappings;
COMMENT ON VIEW proof_mappings IS 'For a proof: facts about listings, with what they sell in proof_components.';

CREATE VIEW proof_components AS
SELECT mapping_id, sku, units
  FROM ledger.mapping_components;
COMMENT ON VIEW proof_components IS 'For a proof: what each mapping sells.';

CREATE VIEW proof_rules AS
SELECT rule_id, channel, listing, sku, array_to_string(pools, ',') AS pools, array_to_string(buckets, ',') AS buckets,
       buffer_units, buffer_percent, cap, floor, tier, risk_bound_ppm, safety_stock, valid_from_ms
  FROM ledger.rules;
COMMENT ON VIEW proof_rules IS 'For a proof: facts about allocation.';

CREATE VIEW proof_tiers AS
SELECT tier_id, tier, from_per_day, latency_ms, lead_time_days, valid_from_ms
  FROM ledger.tiers;
COMMENT ON VIEW proof_tiers IS 'For a proof: facts about velocity tiers.';

CREATE VIEW proof_velocities AS
SELECT sku, measurement_id, as_of_ms, window_ms, array_to_string(channels, ',') AS channels,
       array_to_string(units, ',') AS units
  FROM ledger.velocities;
COMMENT ON VIEW proof_velocities IS 'For a proof: measured sales.';

CREATE VIEW proof_latencies AS
SELECT measurement_id, channel, as_of_ms, latency_ms, samples
  FROM ledger.latencies;
COMMENT ON VIEW proof_latencies IS 'For a proof: measured latencies of channels.';

CREATE VIEW proof_promotions AS
SELECT promotion_id, sku, active::integer AS active, valid_from_ms
  FROM ledger.promotions;
COMMENT ON VIEW proof_promotions IS 'For a proof: facts about promotions.';

CREATE VIEW proof_voided AS
SELECT channel, order_id, voided_ms, event_id
  FROM ledger.voided_orders;
COMMENT ON VIEW proof_voided IS 'For a proof: orders that were voided.';

CREATE VIEW proof_parts AS
SELECT channel, order_id, line_id, event_id, kind, part_id, quantity, bucket, occurred_ms, is_dropped::integer AS is_dropped
  FROM ledger.line_parts;
COMMENT ON VIEW proof_parts IS 'For a proof: cancelled, shipped and returned parts of order lines.';

CREATE VIEW proof_lines AS
SELECT channel, order_id, line_id, listing, ordered, reported_cancelled, placed_ms, version_ms, status, pool, fulfils,
       report_id, voided_ms, cancelled, shipped, returned, mapping_id, waiting
  FROM ledger.order_lines;
COMMENT ON VIEW proof_lines IS 'For a proof: state of each order line.';

CREATE VIEW proof_reports AS
SELECT event_id, kind, consignment_id, sku, channel, from_pool, from_bucket, to_pool, status, sent, cancelled, shipped,
       received, damaged, disposed, lost, version_ms, created_ms, expected_ms
  FROM ledger.consignment_reports;
COMMENT ON VIEW proof_reports IS 'For a proof: reports about shipments and removals.';

CREATE VIEW proof_receipts AS
SELECT event_id, kind, consignment_id, sku, pool, bucket, quantity, occurred_ms
  FROM ledger.consignment_receipts;
COMMENT ON VIEW proof_receipts IS 'For a proof: receipts of shipments and removals.';

CREATE VIEW proof_consignments AS
SELECT kind, consignment_id, sku, channel, from_pool, from_bucket, to_pool, status, report_id, sent, cancelled, shipped,
       version_ms, expected_ms, received, damaged, disposed, lost, missing, transit, created_ms, arrived_ms, receiving_ms,
       closed_ms, waiting
  FROM ledger.consignments;
COMMENT ON VIEW proof_consignments IS 'For a proof: state of each shipment and removal.';

CREATE VIEW proof_count_facts AS
SELECT sku, pool, bucket, event_id, counted_ms, quantity
  FROM ledger.count_facts;
COMMENT ON VIEW proof_count_facts IS 'For a proof: stock counts, in force or not.';

CREATE VIEW proof_counts AS
SELECT sku, pool, bucket, event_id, counted_ms, quantity
  FROM ledger.counts;
COMMENT ON VIEW proof_counts IS 'For a proof: the latest stock count of each position.';

CREATE VIEW proof_positions AS
SELECT sku, pool, bucket, quantity
  FROM ledger.positions;
COMMENT ON VIEW proof_positions IS 'For a proof: quantity per SKU, pool and bucket.';

CREATE VIEW proof_oversells AS
SELECT sku, pool, event_id, channel, order_id, available
  FROM ledger.oversells
 WHERE closed_at IS NULL;
COMMENT ON VIEW proof_oversells IS 'For a proof: open oversells.';

CREATE VIEW proof_listings AS
SELECT channel, listing, address, sku, quantity, sold_here, open_here, mapping_id, rule_id, tier,
       priced, measurement_id, latency_id
  FROM ledger.listings;
COMMENT ON VIEW proof_listings IS 'For a proof: what each listing should show.';

-- A column says the same as that of the table.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT v.relname AS view, a.attname AS name, col_description(b.attrelid, b.attnum) AS text
          FROM (VALUES ('proof_batches', 'batches'),
                       ('proof_movements', 'movements'),
                       ('proof_partitions', 'partitions'),
                       ('proof_poison', 'poison'),
                       ('proof_events', 'events'),
                       ('proof_conflicts', 'conflicts'),
                       ('proof_parked_bodies', 'parked_bodies'),
                       ('proof_decisions', 'decisions'),
                       ('proof_pools', 'pools'),
                       ('proof_mappings', 'mappings'),
                       ('proof_components', 'mapping_components'),
                       ('proof_rules', 'rules'),
                       ('proof_tiers', 'tiers'),
                       ('proof_velocities', 'velocities'),
                       ('proof_latencies', 'latencies'),
                       ('proof_promotions', 'promotions'),
                       ('proof_voided', 'voided_orders'),
                       ('proof_parts', 'line_parts'),
                       ('proof_lines', 'order_lines'),
                       ('proof_reports', 'consignment_reports'),
                       ('proof_receipts', 'consignment_receipts'),
                       ('proof_consignments', 'consignments'),
                       ('proof_count_facts', 'count_facts'),
                       ('proof_counts', 'counts'),
                       ('proof_positions', 'positions'),
                       ('proof_oversells', 'oversells'),
                       ('proof_listings', 'listings')) AS p (view_name, table_name)
          JOIN pg_class v ON v.oid = format('api.%I', p.view_name)::regclass
          JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
          JOIN pg_attribute b ON b.attrelid = format('ledger.%I', p.table_name)::regclass
                             AND b.attname = CASE a.attname WHEN 'occurred_ms' THEN coalesce(
                                     (SELECT attname FROM pg_attribute
                                       WHERE attrelid = b.attrelid
                                         AND attname = 'occurred_at'), 'occurred_ms')
                                 WHEN 'received_ms' THEN 'received_at' ELSE a.attname END
    LOOP
        EXECUTE format('COMMENT ON COLUMN api.%I.%I IS %L', one.view, one.name, one.text);
    END LOOP;
END
$$;

GRANT SELECT ON proof_batches, proof_movements, proof_partitions, proof_poison, proof_events, proof_conflicts,
                proof_parked_bodies, proof_decisions, proof_pools, proof_mappings, proof_components,
                proof_rules, proof_tiers, proof_velocities, proof_latencies, proof_promotions, proof_voided,
                proof_parts, proof_lines, proof_reports, proof_receipts, proof_consignments,
                proof_count_facts, proof_counts, proof_positions, proof_oversells, proof_listings
    TO stockbus_audit, stockbus_reconciler;

COMMIT;
