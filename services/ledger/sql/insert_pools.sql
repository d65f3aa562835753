INSERT INTO pools (pool_id, pool, authority, title, valid_from_ms)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[])
