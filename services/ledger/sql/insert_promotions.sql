INSERT INTO promotions (promotion_id, sku, active, valid_from_ms)
SELECT promotion_id, sku, active <> 0, valid_from_ms
  FROM (SELECT unnest($1::text[])::uuid AS promotion_id, unnest($2::text[]) AS sku,
               unnest($3::bigint[]) AS active, unnest($4::bigint[]) AS valid_from_ms) AS k
