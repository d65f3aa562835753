INSERT INTO mappings (mapping_id, channel, listing, address, pool, valid_from_ms)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
