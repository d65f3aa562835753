INSERT INTO latencies (measurement_id, channel, as_of_ms, latency_ms, samples)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
