INSERT INTO pools (pool_id, pool, authority, title, valid_from_ms)
SELECT unnest($1::text[])::uuid, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
       unnest($5::bigint[])
