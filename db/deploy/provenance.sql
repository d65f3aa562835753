-- Deploy stockbus:provenance to pg
-- requires: consignments

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, ledger, pg_catalog;

-- Every branch goes by SKU (and pool) to an index, so a question about one SKU reads its rows alone.
CREATE VIEW provenance_rows AS
WITH drawn AS (
    SELECT c.sku, coalesce(nullif(l.pool, ''), m.pool) AS pool, c.units, l.channel, l.order_id, l.line_id, l.placed_ms,
           greatest(l.ordered - l.cancelled, l.shipped) AS wanted
      FROM ledger.mapping_components c
      JOIN ledger.mappings m USING (mapping_id)
      JOIN ledger.order_lines l
        ON l.channel = m.channel
       AND l.listing = m.listing
       AND l.mapping_id = m.mapping_id::text
     WHERE l.waiting = ''
       AND l.fulfils = ''
       AND NOT EXISTS (SELECT
                         FROM (SELECT p.authority
                                 FROM ledger.pools p
                                WHERE p.pool = coalesce(nullif(l.pool, ''), m.pool)
                                ORDER BY p.valid_from_ms DESC, p.pool_id DESC
                                LIMIT 1) AS newest
                        WHERE newest.authority = 'channel')
), moved AS (
    SELECT m.sku, m.pool, m.occurred_ms, m.delta, m.reason, m.event_id, k.kind, k.consignment_id
      FROM ledger.movements m
      LEFT JOIN LATERAL (SELECT r.kind, r.consignment_id
                           FROM ledger.consignment_reports r
                          WHERE r.event_id = m.event_id
                          UNION ALL
                         SELECT r.kind, r.consignment_id
                           FROM ledger.consignment_receipts r
                          WHERE r.event_id = m.event_id) AS k ON true
     WHERE m.bucket = 'sellable'
       AND m.delta <> 0
)
SELECT sku, pool, 'move' AS role, reason AS kind, event_id::text AS id, '' AS channel, '' AS order_id,
       '' AS line_id, occurred_ms AS at_ms, delta AS units
  FROM moved
 WHERE kind IS NULL
   AND reason IN ('received', 'adjusted', 'transferred')
 UNION ALL
SELECT sku, pool, 'move', kind, consignment_id, '', '', '', occurred_ms, sum(delta)::bigint
  FROM moved
 WHERE kind IS NOT NULL
 GROUP BY sku, pool, kind, consignment_id, occurred_ms
HAVING sum(delta) <> 0
 UNION ALL
SELECT d.sku, d.pool, CASE p.kind WHEN 'line_shipped' THEN 'shipped' ELSE 'move' END,
       CASE p.kind WHEN 'line_shipped' THEN 'shipped' ELSE 'returned' END, p.event_id::text, d.channel,
       d.order_id, d.line_id, p.occurred_ms,
       CASE p.kind WHEN 'line_shipped' THEN -p.quantity ELSE p.quantity END * d.units
  FROM drawn d
  JOIN ledger.line_parts p USING (channel, order_id, line_id)
 WHERE NOT p.is_dropped
   AND (p.kind = 'line_shipped' OR (p.kind = 'line_returned' AND p.bucket = 'sellable'))
 UNION ALL
SELECT sku, pool, 'line', 'ordered', '', channel, order_id, line_id, placed_ms, wanted * units
  FROM drawn
 UNION ALL
SELECT f.sku, f.pool, 'count', 'counted', f.event_id::text, '', '', '', f.counted_ms, f.quantity
  FROM ledger.count_facts f
  JOIN ledger.events e USING (event_id)
 WHERE f.bucket = 'sellable'
   AND e.status <> 'parked';
COMMENT ON VIEW provenance_rows IS 'What brought sellable units of a SKU into a pool, and what took them: stockctl provenance traces units through it, first in, first out.';
COMMENT ON COLUMN provenance_rows.role IS 'move: units came or went; shipped: units left that their order took before; line: an order line; count: a count in force at its time.';
COMMENT ON COLUMN provenance_rows.kind IS 'received, returned, adjusted, transferred, inbound, removal, shipped, ordered or counted.';
COMMENT ON COLUMN provenance_rows.id IS 'Event, or shipment or removal order; empty of order lines.';
COMMENT ON COLUMN provenance_rows.units IS 'Change; of a line what it takes; of a count what was counted.';

GRANT SELECT ON provenance_rows TO stockbus_audit, stockbus_reconciler;

COMMIT;
