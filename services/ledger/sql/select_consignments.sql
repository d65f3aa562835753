-- $1-$3 shipments and removals (kind, id, SKU); $4 SKUs and $5 pools: those that are being received.
-- changes_holds: counts of the pool that it goes to may be held, or held no more, after the batch.
WITH named AS (
    SELECT kind, consignment_id, sku
      FROM unnest($1::text[], $2::text[], $3::text[]) AS k (kind, consignment_id, sku)
), wanted AS (
    SELECT kind, consignment_id, sku, true AS is_named
      FROM named
     UNION ALL
    SELECT c.kind, c.consignment_id, c.sku, false
      FROM consignments c
     WHERE c.receiving_ms > 0
       AND c.closed_ms = 0
       AND (c.sku = ANY ($4::text[]) OR c.to_pool = ANY ($5::text[]))
       AND (c.kind, c.consignment_id, c.sku) NOT IN (SELECT * FROM named)
)
SELECT c.kind, c.consignment_id, c.sku, c.channel, c.from_pool, c.from_bucket, c.to_pool, c.status,
       c.report_id, c.sent, c.cancelled, c.shipped, c.version_ms, c.expected_ms, c.received,
       c.damaged, c.disposed, c.lost, c.missing, c.transit, c.created_ms, c.arrived_ms,
       c.receiving_ms, c.closed_ms, c.waiting,
       (c.kind = 'inbound' AND c.to_pool <> ''
           AND (w.is_named OR c.to_pool = ANY ($5::text[])))::integer AS changes_holds
  FROM wanted w
 CROSS JOIN LATERAL (SELECT *
                       FROM consignments
                      WHERE kind = w.kind
                        AND consignment_id = w.consignment_id
                        AND sku = w.sku
                     OFFSET 0) c
