-- $1 events, $2 channels, $3 listings, $4 addresses, $5 quantities, $6 times (ms), $7 origins: the newest word wins, all
-- are kept.
-- Observations name the listing or its address; each way goes by its own index.
WITH said AS (
    SELECT *
      FROM (SELECT unnest($1::text[])::uuid AS event_id, unnest($2::text[]) AS channel,
                   unnest($3::text[]) AS listing, unnest($4::text[]) AS address,
                   unnest($5::bigint[]) AS quantity, unnest($6::bigint[]) AS observed_ms,
                   unnest($7::text[]) AS origin) AS k
), found AS (
    SELECT event_id, channel, listing, quantity, observed_ms, origin
      FROM said
     WHERE listing <> ''
     UNION ALL
    SELECT k.event_id, l.channel, l.listing, k.quantity, k.observed_ms, k.origin
      FROM said k
     CROSS JOIN LATERAL (SELECT channel, listing
                           FROM listings
                          WHERE channel = k.channel
                            AND address = k.address
                            AND address <> ''
                         OFFSET 0) l
     WHERE k.listing = ''
), kept AS (
    INSERT INTO observation_history (event_id, channel, listing, quantity, observed_ms, origin)
    SELECT event_id, channel, listing, quantity, observed_ms, origin
      FROM found
        ON CONFLICT (event_id) DO NOTHING
)
INSERT INTO observations AS o (channel, listing, quantity, observed_at)
SELECT DISTINCT ON (channel, listing)
       channel, listing, quantity, ledger.at_ms(observed_ms)
  FROM found
 ORDER BY channel, listing, observed_ms DESC, quantity
    ON CONFLICT (channel, listing)
    DO UPDATE SET quantity = excluded.quantity, observed_at = excluded.observed_at
     WHERE o.observed_at <= excluded.observed_at
