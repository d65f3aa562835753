-- $1-$3 shipments and removals (kind, id, SKU)
SELECT r.event_id::text AS event_id, r.kind, r.consignment_id, r.sku, r.channel, r.from_pool,
       r.from_bucket, r.to_pool, r.status, r.sent, r.cancelled, r.shipped, r.received, r.damaged,
       r.disposed, r.lost, r.version_ms, r.created_ms, r.expected_ms
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k (kind, consignment_id, sku)
 CROSS JOIN LATERAL (SELECT *
                       FROM consignment_reports
                      WHERE kind = k.kind
                        AND consignment_id = k.consignment_id
                        AND sku = k.sku
                     OFFSET 0) r
