INSERT INTO mappings (mapping_id, channel, listing, address, pool, valid_from_ms)
SELECT unnest($1::text[])::uuid, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
       unnest($5::text[]), unnest($6::bigint[])
