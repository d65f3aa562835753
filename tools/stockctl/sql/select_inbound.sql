-- $1 sku or null, $2 destination pool or null, $3 only open ones, $4 only late ones, $5 limit
SELECT shipment_id, sku, channel, from_pool, to_pool, status, sent, received, damaged, lost, missing,
       in_transit, late, (extract(epoch FROM arrived_at) * 1000)::bigint AS arrived_ms,
       (extract(epoch FROM expected_at) * 1000)::bigint AS expected_ms,
       (extract(epoch FROM receiving_due_at) * 1000)::bigint AS receiving_due_ms,
       (extract(epoch FROM sellable_from) * 1000)::bigint AS sellable_from_ms,
       (extract(epoch FROM sellable_by) * 1000)::bigint AS sellable_by_ms,
       (extract(epoch FROM closed_at) * 1000)::bigint AS closed_ms, report_id
  FROM api.inbound
 WHERE ($1::text IS NULL OR sku = $1)
   AND ($2::text IS NULL OR to_pool = $2)
   AND (NOT $3::boolean OR closed_at IS NULL)
   AND (NOT $4::boolean OR late)
 ORDER BY created_at, shipment_id, sku
 LIMIT $5::bigint
