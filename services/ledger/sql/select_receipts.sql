-- $1-$3 shipments and removals (kind, id, SKU)
SELECT r.event_id::text AS event_id, r.kind, r.consignment_id, r.sku, r.pool, r.bucket, r.quantity,
       r.occurred_ms
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k (kind, consignment_id, sku)
 CROSS JOIN LATERAL (SELECT *
                       FROM consignment_receipts
                      WHERE kind = k.kind
                        AND consignment_id = k.consignment_id
                        AND sku = k.sku
                     OFFSET 0) r
