-- Deploy stockbus:api_more to pg
-- requires: api

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, ledger, pg_catalog;

CREATE VIEW events AS
SELECT event_id, kind, channel, account, notification_id, captured_via, actor, listing, sku,
       order_id, line_id, occurred_at, received_at, applied_at, status, reason, partition,
       kafka_offset, traceparent
  FROM ledger.events;
COMMENT ON VIEW events IS 'Every event that was taken from the topic.';

-- A promise begins when the order was placed, and ends when its end happened. The ledger dates both by
-- the placing, which its sums need; audits by time need the end. Only the movements that end one look
-- their event up: the join goes where nobody asks for its columns.
CREATE VIEW movements AS
SELECT m.movement_id, m.event_id, m.sku, m.pool, m.bucket, m.delta, m.effect, m.balance, m.reason,
       ledger.at_ms(m.occurred_ms) AS occurred_at, m.applied_at, e.kind, e.channel, e.listing,
       e.order_id, e.line_id, e.actor, m.occurred_ms,
       CASE WHEN m.bucket = 'committed' AND m.reason IN ('shipped', 'cancelled')
            THEN coalesce((SELECT ledger.ms(ended.occurred_at)
                             FROM ledger.events ended
                            WHERE ended.event_id = m.event_id), m.occurred_ms)
            ELSE m.occurred_ms END AS happened_ms
  FROM ledger.movements m
  LEFT JOIN ledger.events e USING (event_id);
COMMENT ON VIEW movements IS 'Each change of a position, and the event that made it.';

CREATE VIEW target_history AS
SELECT channel, listing, version, address, quantity, sold_here, open_here, event_id, rule_id, mapping_id,
       cause_channel, tier, priced, measurement_id, latency_id,
       CASE WHEN occurred_ms > 0 THEN ledger.at_ms(occurred_ms) END AS occurred_at,
       CASE WHEN received_ms > 0 THEN ledger.at_ms(received_ms) END AS received_at,
       CASE WHEN applied_ms > 0 THEN ledger.at_ms(applied_ms) END AS applied_at
  FROM ledger.targets;
COMMENT ON VIEW target_history IS 'Every target there ever was, with the event, rule and mapping that made it.';

CREATE VIEW mappings AS
SELECT m.mapping_id, m.channel, m.listing, m.address, m.pool, c.sku, c.units,
       ledger.at_ms(m.valid_from_ms) AS valid_from
  FROM ledger.mappings m
  LEFT JOIN ledger.mapping_components c USING (mapping_id);
COMMENT ON VIEW mappings IS 'What each listing sells since when, a row for each SKU; no SKU: retired.';

CREATE VIEW rules AS
SELECT rule_id, channel, listing, sku, pools, buckets, buffer_units, buffer_percent, cap, floor,
       tier, risk_bound_ppm, safety_stock, ledger.at_ms(valid_from_ms) AS valid_from
  FROM ledger.rules;
COMMENT ON VIEW rules IS 'How quantities follow from positions since when; empty scope columns mean any.';

CREATE VIEW latency AS
SELECT channel, count(*) AS pushes,
       percentile_disc(0.50) WITHIN GROUP (ORDER BY latency_ms) AS p50_ms,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms) AS p95_ms,
       percentile_disc(0.99) WITHIN GROUP (ORDER BY latency_ms) AS p99_ms,
       max(latency_ms) AS max_ms
  FROM api.pushes
 WHERE result = 'confirmed'
   AND latency_ms IS NOT NULL
 GROUP BY channel;
COMMENT ON VIEW latency IS 'From a received event to the confirmed push that it caused, by channel.';

GRANT SELECT ON events, movements, target_history, mappings, rules, latency
    TO stockbus_audit, stockbus_reconciler;

COMMIT;
