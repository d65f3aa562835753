INSERT INTO latencies (measurement_id, channel, as_of_ms, latency_ms, samples)
SELECT unnest($1::text[])::uuid, unnest($2::text[]), unnest($3::bigint[]), unnest($4::bigint[]),
       unnest($5::bigint[])
