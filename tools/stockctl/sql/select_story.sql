-- $1 sku, $2 channel or null, $3 time (ms), $4 limit
-- Times come from several clocks; a target never stands before the movements of its event, nor a
-- push before its target.
WITH listings AS (
    SELECT DISTINCT channel, listing
      FROM api.mappings
     WHERE sku = $1
       AND ($2::text IS NULL OR channel = $2)
), movements AS (
    SELECT applied_at AS at, 0 AS rank, movement_id AS seq, 'movement' AS what, channel,
           pool || '/' || bucket AS place, effect AS change, balance AS quantity,
           NULL::bigint AS version,
           concat(reason, ' by ', kind, ', order ' || nullif(order_id, ''),
                  ' line ' || nullif(line_id, ''), ', ' || nullif(actor, '')) AS detail,
           event_id::text AS event_id, (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_ms
      FROM api.movements
     WHERE sku = $1
       AND (extract(epoch FROM applied_at) * 1000)::bigint <= $3::bigint
), caused AS (
    SELECT event_id, max(at) AS at
      FROM movements
     GROUP BY event_id
), targets AS (
    SELECT greatest(t.applied_at, c.at) AS at, 1 AS rank, t.version AS seq, 'target' AS what,
           t.channel, t.listing AS place, NULL::bigint AS change, t.quantity, t.version,
           concat('because of ', coalesce(e.kind, 'an unknown event'), ', order ' || nullif(e.order_id, ''),
                  ' on ' || nullif(t.cause_channel, '')) AS detail,
           t.event_id, (extract(epoch FROM t.occurred_at) * 1000)::bigint AS occurred_ms
      FROM api.target_history t
      JOIN listings USING (channel, listing)
      LEFT JOIN caused c ON c.event_id = t.event_id
      LEFT JOIN api.events e ON e.event_id = nullif(t.event_id, '')::uuid
     WHERE (extract(epoch FROM t.applied_at) * 1000)::bigint <= $3::bigint
), pushes AS (
    SELECT greatest(coalesce(p.confirmed_at, p.published_at, p.received_at), t.at) AS at, 2 AS rank,
           p.version AS seq, 'push' AS what, p.channel, p.listing AS place, NULL::bigint AS change,
           p.quantity, p.version,
           concat(p.result, ', attempt ' || p.attempt, ', status ' || nullif(p.http_status, 0),
                  ', ' || nullif(p.error_class, ''), ': ' || nullif(p.error_text, ''),
                  ', ' || p.latency_ms || ' ms after the notification') AS detail,
           p.event_id, NULL::bigint AS occurred_ms
      FROM api.pushes p
      JOIN listings USING (channel, listing)
      LEFT JOIN targets t ON (t.channel, t.place, t.version) = (p.channel, p.listing, p.version)
     WHERE (extract(epoch FROM coalesce(p.confirmed_at, p.published_at, p.received_at)) * 1000)::bigint
           <= $3::bigint
), newest AS (
    SELECT * FROM movements
     UNION ALL
    SELECT * FROM targets
     UNION ALL
    SELECT * FROM pushes
     ORDER BY at DESC, rank DESC, seq DESC
     LIMIT $4::bigint
)
SELECT (extract(epoch FROM at) * 1000)::bigint AS time_ms, what, channel, place, change, quantity,
       version, detail, event_id, occurred_ms
  FROM newest
 ORDER BY at, rank, seq
