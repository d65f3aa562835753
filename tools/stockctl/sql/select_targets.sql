-- $1 channel or null, $2 sku or null, $3 only unsettled ones, $4 limit
SELECT channel, listing, address, sku, quantity, version, confirmed_quantity, confirmed_version,
       (extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_ms, observed_quantity,
       (extract(epoch FROM observed_at) * 1000)::bigint AS observed_ms, at_rest,
       (extract(epoch FROM changed_at) * 1000)::bigint AS changed_ms, event_id, rule_id, mapping_id
  FROM api.targets t
 WHERE ($1::text IS NULL OR channel = $1)
   AND ($2::text IS NULL OR sku = $2
        OR EXISTS (SELECT FROM api.mappings m
                    WHERE m.mapping_id = nullif(t.mapping_id, '')::uuid
                      AND m.sku = $2))
   AND (NOT $3::boolean OR NOT at_rest)
 ORDER BY channel, listing
 LIMIT $4::bigint
