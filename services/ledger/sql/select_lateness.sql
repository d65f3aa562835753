-- $1 from (ms, exclusive), $2 to (ms), $3 least samples: how long each channel took from a sale elsewhere to confirming
-- what it left, by the clock of the source if that is earlier than ours. What came a day late was imported, and is no
-- sale that somebody waited for. Only when a rule prices it.
WITH confirmed AS (
    SELECT p.channel, min(p.confirmed_ms) - min(least(ledger.ms(e.occurred_at), p.received_ms)) AS latency_ms
      FROM pushes p
      JOIN events e ON e.event_id = nullif(p.event_id, '')::uuid
     WHERE p.result = 'confirmed'
       AND p.confirmed_ms > $1::bigint
       AND p.confirmed_ms <= $2::bigint
       AND p.received_ms > 0
       AND e.kind = 'order_line'
       AND e.channel <> p.channel
       AND e.received_at < e.occurred_at + interval '1 day'
     GROUP BY p.channel, p.listing, p.version
)
SELECT channel, greatest(least(percentile_disc(0.99) WITHIN GROUP (ORDER BY latency_ms), 86400000), 0) AS latency_ms,
       count(*) AS samples
  FROM confirmed
 WHERE EXISTS (SELECT FROM rules WHERE risk_bound_ppm > 0)
 GROUP BY channel
HAVING count(*) >= $3::bigint
 ORDER BY channel
