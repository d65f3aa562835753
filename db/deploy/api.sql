-- Deploy stockbus:api to pg
-- requires: findings

BEGIN;

CREATE SCHEMA api AUTHORIZATION stockbus_owner;
COMMENT ON SCHEMA api IS 'Stable views for operators and auditors; the tables behind may change.';
SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, ledger, pg_catalog;

CREATE VIEW stock AS
SELECT sku, pool,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'sellable'), 0)::bigint AS sellable,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'committed'), 0)::bigint AS committed,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'sellable'), 0)::bigint
           - coalesce(sum(quantity) FILTER (WHERE bucket = 'committed'), 0)::bigint AS available,
       coalesce(sum(quantity) FILTER (WHERE bucket NOT IN ('sellable', 'committed')), 0)::bigint AS elsewhere
  FROM ledger.positions
 GROUP BY sku, pool;
COMMENT ON VIEW stock IS 'Stock of each SKU in each pool.';

CREATE VIEW orders AS
SELECT channel, order_id, line_id, listing, ordered, cancelled, shipped, returned,
       greatest(ordered - cancelled - shipped, 0) AS open, status,
       CASE WHEN placed_ms > 0 THEN ledger.at_ms(placed_ms) END AS placed_at, waiting, mapping_id,
       placed_ms, pool, fulfils
  FROM ledger.order_lines;
COMMENT ON VIEW orders IS 'Order lines.';

-- A channel's own word about the newest push confirms it, when the answer to the push did not.
CREATE VIEW targets AS
SELECT l.channel, l.listing, l.address, l.sku, l.quantity, l.version,
       coalesce(e.version, c.version, 0) AS confirmed_version,
       coalesce(e.quantity, c.quantity) AS confirmed_quantity,
       coalesce(e.confirmed_at, c.confirmed_at) AS confirmed_at,
       o.quantity AS observed_quantity, o.observed_at, l.changed_at, l.event_id, l.rule_id,
       l.mapping_id, l.tier, l.priced, l.measurement_id, l.latency_id,
       coalesce(e.version, c.version) IS NOT DISTINCT FROM l.version AS at_rest
  FROM ledger.listings l
  LEFT JOIN ledger.confirmations c USING (channel, listing)
  LEFT JOIN ledger.observations o USING (channel, listing)
  LEFT JOIN LATERAL (SELECT p.version, p.quantity, o.observed_at AS confirmed_at
                       FROM ledger.pushes p
                      WHERE c.version IS DISTINCT FROM l.version
                        AND (p.channel, p.listing, p.version) = (l.channel, l.listing, l.version)
                        AND p.quantity = o.quantity
                        AND p.published_ms > 0
                        AND p.published_ms <= ledger.ms(o.observed_at) + 2000
                        AND p.result <> 'rejected'
                      LIMIT 1) e ON true;
COMMENT ON VIEW targets IS 'What each listing should show now, and what it was last confirmed to show.';

CREATE VIEW pushes AS
SELECT channel, listing, version, quantity, result, attempt, http_status, error_class, error_text,
       event_id, request_us,
       CASE WHEN received_ms > 0 THEN ledger.at_ms(received_ms) END AS received_at,
       CASE WHEN published_ms > 0 THEN ledger.at_ms(published_ms) END AS published_at,
       CASE WHEN confirmed_ms > 0 THEN ledger.at_ms(confirmed_ms) END AS confirmed_at,
       CASE WHEN confirmed_ms > 0 AND received_ms > 0 THEN confirmed_ms - received_ms END AS latency_ms,
       ledger.at_ms(coalesce(nullif(confirmed_ms, 0), nullif(published_ms, 0), received_ms)) AS at
  FROM ledger.pushes;
COMMENT ON VIEW pushes IS 'Every push attempt.';

CREATE VIEW parked AS
SELECT event_id, kind, channel, listing, sku, order_id, line_id, reason, occurred_at, received_at,
       partition, kafka_offset
  FROM ledger.events
 WHERE status = 'parked';
COMMENT ON VIEW parked IS 'Events that wait, and for what.';

CREATE VIEW oversells AS
SELECT sku, pool, available, channel, order_id, event_id, opened_at, closed_at
  FROM ledger.oversells;
COMMENT ON VIEW oversells IS 'Oversells with the event that caused each.';

CREATE VIEW findings AS
SELECT f.run_id, f.channel, f.listing, f.sku, f.class, f.shown, f.expected, f.cause, f.event_id,
       r.snapshot_at, f.found_at
  FROM findings.findings f
  JOIN findings.runs r USING (run_id);
COMMENT ON VIEW findings IS 'Differences between channels and the replayed topic.';

CREATE VIEW conservation AS
SELECT p.sku, p.pool, p.bucket, p.quantity,
       coalesce(m.effects, 0) AS effects,
       coalesce(c.quantity, 0) + coalesce(l.later, 0) AS derived
  FROM ledger.positions p
  LEFT JOIN ledger.counts c USING (sku, pool, bucket)
  LEFT JOIN LATERAL (SELECT sum(effect)::bigint AS effects FROM ledger.movements m
                      WHERE (m.sku, m.pool, m.bucket) = (p.sku, p.pool, p.bucket)) m ON true
  LEFT JOIN LATERAL (SELECT sum(delta)::bigint AS later FROM ledger.movements m
                      WHERE (m.sku, m.pool, m.bucket) = (p.sku, p.pool, p.bucket)
                        AND m.occurred_ms > coalesce(c.counted_ms, -1)) l ON true;
COMMENT ON VIEW conservation IS 'Promise P4: quantity = effects = derived, for every position.';

GRANT USAGE ON SCHEMA api TO stockbus_audit, stockbus_reconciler;
GRANT SELECT ON ALL TABLES IN SCHEMA api TO stockbus_audit, stockbus_reconciler;

COMMIT;
