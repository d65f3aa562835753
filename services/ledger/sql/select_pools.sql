-- $1 pools
SELECT p.pool_id::text AS pool_id, p.pool, p.authority, p.valid_from_ms
  FROM unnest($1::text[]) AS k (pool)
 CROSS JOIN LATERAL (SELECT * FROM pools WHERE pool = k.pool OFFSET 0) p
