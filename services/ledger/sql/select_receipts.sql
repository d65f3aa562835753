-- $1-$3 shipments and removals (kind, id, SKU)
SELECT r.event_id::text AS event_id, r.kind, r.consignment_id, r.sku, r.pool, r.bucket, r.quantity,
       r.occurred_ms
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k (kind, consignment_id, sku)
  JOIN consignment_receipts r USING (kind, consignment_id, sku)
