INSERT INTO mapping_components (mapping_id, sku, units)
SELECT unnest($1::text[])::uuid, unnest($2::text[]), unnest($3::bigint[])
