-- $1 SKUs, $2 channels: the newest velocity and promotion of each SKU, the newest latency of each channel, all tiers.
SELECT 'velocity' AS kind, v.measurement_id::text AS id, v.sku AS name, v.as_of_ms AS at_ms,
       v.window_ms AS first, 0 AS second, 0 AS third, array_to_string(v.channels, ',') AS channels,
       array_to_string(v.units, ',') AS units
  FROM unnest($1::text[]) AS k (sku)
 CROSS JOIN LATERAL (SELECT *
                       FROM velocities v
                      WHERE v.sku = k.sku
                      ORDER BY v.sku DESC, v.as_of_ms DESC, v.measurement_id DESC
                      LIMIT 1) v
 UNION ALL
SELECT 'promotion', p.promotion_id::text, p.sku, p.valid_from_ms, p.active::int, 0, 0, '', ''
  FROM unnest($1::text[]) AS k (sku)
 CROSS JOIN LATERAL (SELECT *
                       FROM promotions p
                      WHERE p.sku = k.sku
                      ORDER BY p.sku DESC, p.valid_from_ms DESC, p.promotion_id DESC
                      LIMIT 1) p
 UNION ALL
SELECT 'latency', l.measurement_id::text, l.channel, l.as_of_ms, l.latency_ms, l.samples, 0, '', ''
  FROM unnest($2::text[]) AS k (channel)
 CROSS JOIN LATERAL (SELECT *
                       FROM latencies l
                      WHERE l.channel = k.channel
                      ORDER BY l.channel DESC, l.as_of_ms DESC, l.measurement_id DESC
                      LIMIT 1) l
 UNION ALL
SELECT 'tier', t.tier_id::text, t.tier, t.valid_from_ms, t.from_per_day, t.latency_ms, t.lead_time_days, '', ''
  FROM tiers t
 WHERE t.tier >= ''
