INSERT INTO mapping_components (mapping_id, sku, units)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::bigint[])
