-- channels and units come joined by commas: names have none
INSERT INTO velocities (measurement_id, sku, as_of_ms, window_ms, channels, units)
SELECT measurement_id, sku, as_of_ms, window_ms, string_to_array(channels, ','),
       string_to_array(units, ',')::bigint[]
  FROM (SELECT unnest($1::text[])::uuid AS measurement_id, unnest($2::text[]) AS sku,
               unnest($3::bigint[]) AS as_of_ms, unnest($4::bigint[]) AS window_ms,
               unnest($5::text[]) AS channels, unnest($6::text[]) AS units) AS k
