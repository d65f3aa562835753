-- channels and units come joined by commas: names have none
INSERT INTO velocities (measurement_id, sku, as_of_ms, window_ms, channels, units)
SELECT measurement_id, sku, as_of_ms, window_ms, string_to_array(channels, ','),
       string_to_array(units, ',')::bigint[]
  FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
       AS k (measurement_id, sku, as_of_ms, window_ms, channels, units)
