-- Deploy stockbus:proof to pg
-- requires: api_conservation

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

CREATE VIEW proof_positions AS
SELECT sku, pool, bucket, quantity
  FROM ledger.positions;
COMMENT ON VIEW proof_positions IS 'For a proof: quantity per SKU, pool and bucket.';

CREATE VIEW proof_counts AS
SELECT sku, pool, bucket, event_id, counted_ms, quantity
  FROM ledger.counts;
COMMENT ON VIEW proof_counts IS 'For a proof: the latest stock count of each position.';

CREATE VIEW proof_lines AS
SELECT channel, order_id, line_id, listing, ordered, reported_cancelled, placed_ms, version_ms,
       status, report_id, voided_ms, cancelled, shipped, returned, mapping_id, waiting
  FROM ledger.order_lines;
COMMENT ON VIEW proof_lines IS 'For a proof: state of each order line.';

CREATE VIEW proof_listings AS
SELECT channel, listing, address, sku, quantity, sold_here, open_here, mapping_id, rule_id, tier,
       priced, measurement_id, latency_id
  FROM ledger.listings;
COMMENT ON VIEW proof_listings IS 'For a proof: what each listing should show.';

CREATE VIEW proof_oversells AS
SELECT sku, pool, event_id, channel, order_id, available
  FROM ledger.oversells
 WHERE closed_at IS NULL;
COMMENT ON VIEW proof_oversells IS 'For a proof: open oversells.';

-- A column says the same as that of the table.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT v.relname AS view, a.attname AS name, col_description(b.attrelid, b.attnum) AS text
          FROM (VALUES ('proof_batches', 'batches'), ('proof_movements', 'movements'),
                       ('proof_partitions', 'partitions'), ('proof_poison', 'poison'),
                       ('proof_positions', 'positions'), ('proof_counts', 'counts'),
                       ('proof_lines', 'order_lines'), ('proof_listings', 'listings'),
                       ('proof_oversells', 'oversells')) AS p (view_name, table_name)
          JOIN pg_class v ON v.oid = format('api.%I', p.view_name)::regclass
          JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
          JOIN pg_attribute b ON b.attrelid = format('ledger.%I', p.table_name)::regclass
                             AND b.attname = a.attname
    LOOP
        EXECUTE format('COMMENT ON COLUMN api.%I.%I IS %L', one.view, one.name, one.text);
    END LOOP;
END
$$;

GRANT SELECT ON proof_batches, proof_movements, proof_partitions, proof_poison, proof_positions,
                proof_counts, proof_lines, proof_listings, proof_oversells
    TO stockbus_audit, stockbus_reconciler;

COMMIT;
