-- $1 sku, $2 channel or null, $3 time (ms)
-- For each listing that ever sold the SKU: what it was last confirmed to show until then, the event,
-- rule, mapping and measurements behind that number, and the newest target if that is another one.
WITH listings AS (
    SELECT DISTINCT channel, listing
      FROM api.mappings
     WHERE sku = $1
       AND ($2::text IS NULL OR channel = $2)
)
SELECT l.channel, l.listing, shown.version, shown.quantity,
       (extract(epoch FROM shown.confirmed_at) * 1000)::bigint AS confirmed_ms,
       t.event_id, t.rule_id, t.mapping_id, e.kind, e.channel AS cause_channel, e.order_id, e.actor,
       t.tier, t.measurement_id, v.sold, v.elsewhere, v.window_ms, r.buffer_units, r.buffer_percent,
       r.risk_bound_ppm, t.priced, n.latency_ms, t.latency_id,
       newest.version AS newest_version, newest.quantity AS newest_quantity,
       attempt.result AS newest_result, attempt.error_text AS newest_error
  FROM listings l
  LEFT JOIN LATERAL (SELECT version, quantity, confirmed_at
                       FROM api.pushes p
                      WHERE (p.channel, p.listing, p.result) = (l.channel, l.listing, 'confirmed')
                        AND (extract(epoch FROM p.confirmed_at) * 1000)::bigint <= $3::bigint
                      ORDER BY p.version DESC
                      LIMIT 1) shown ON true
  LEFT JOIN api.target_history t
    ON (t.channel, t.listing, t.version) = (l.channel, l.listing, shown.version)
  LEFT JOIN api.events e ON e.event_id = nullif(t.event_id, '')::uuid
  LEFT JOIN api.rules r ON r.rule_id = nullif(t.rule_id, '')::uuid
  LEFT JOIN api.latencies n ON n.measurement_id = nullif(t.latency_id, '')::uuid
  LEFT JOIN LATERAL (SELECT m.window_ms, coalesce(sum(s.units), 0)::bigint AS sold,
                            coalesce(sum(s.units) FILTER (WHERE s.channel <> l.channel), 0)::bigint AS elsewhere
                       FROM api.velocities m
                       LEFT JOIN LATERAL unnest(m.channels, m.units) AS s (channel, units) ON true
                      WHERE m.measurement_id = nullif(t.measurement_id, '')::uuid
                      GROUP BY m.window_ms) v ON true
  LEFT JOIN LATERAL (SELECT version, quantity
                       FROM api.target_history n
                      WHERE (n.channel, n.listing) = (l.channel, l.listing)
                        AND (extract(epoch FROM n.applied_at) * 1000)::bigint <= $3::bigint
                      ORDER BY n.version DESC
                      LIMIT 1) newest ON true
  LEFT JOIN LATERAL (SELECT result, error_text
                       FROM api.pushes a
                      WHERE (a.channel, a.listing, a.version) = (l.channel, l.listing, newest.version)
                        AND (extract(epoch FROM coalesce(a.confirmed_at, a.published_at)) * 1000)::bigint
                            <= $3::bigint
                      ORDER BY a.attempt DESC
                      LIMIT 1) attempt ON true
 ORDER BY l.channel, l.listing
