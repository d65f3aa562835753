-- $1 from (ms, exclusive), $2 to (ms), $3 most rows: the SKUs that sold most in that time
SELECT c.sku
  FROM order_lines l
  JOIN mapping_components c ON c.mapping_id = nullif(l.mapping_id, '')::uuid
 WHERE l.placed_ms > $1::bigint
   AND l.placed_ms <= $2::bigint
   AND l.fulfils = ''
 GROUP BY c.sku
 ORDER BY sum((l.ordered - l.cancelled) * c.units) DESC, c.sku
 LIMIT $3::bigint
