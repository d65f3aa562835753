-- $1 sku, $2 pool
SELECT role, kind, id, channel, order_id, line_id, at_ms, units
  FROM api.provenance_rows
 WHERE sku = $1::text
   AND pool = $2::text
