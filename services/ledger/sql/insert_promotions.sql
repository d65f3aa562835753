INSERT INTO promotions (promotion_id, sku, active, valid_from_ms)
SELECT promotion_id, sku, active <> 0, valid_from_ms
  FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[])
       AS k (promotion_id, sku, active, valid_from_ms)
