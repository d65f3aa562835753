-- $1 channels, $2 listings, $3 addresses, $4 quantities, $5 times (ms): the newest word wins.
-- Observations name the listing or its address; each way goes by its own index.
WITH said AS (
    SELECT *
      FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
           AS k (channel, listing, address, quantity, observed_ms)
), found AS (
    SELECT channel, listing, quantity, observed_ms
      FROM said
     WHERE listing <> ''
     UNION ALL
    SELECT l.channel, l.listing, k.quantity, k.observed_ms
      FROM said k
     CROSS JOIN LATERAL (SELECT channel, listing
                           FROM listings
                          WHERE channel = k.channel
                            AND address = k.address
                            AND address <> ''
                         OFFSET 0) l
     WHERE k.listing = ''
)
INSERT INTO observations AS o (channel, listing, quantity, observed_at)
SELECT DISTINCT ON (channel, listing)
       channel, listing, quantity, ledger.at_ms(observed_ms)
  FROM found
 ORDER BY channel, listing, observed_ms DESC, quantity
    ON CONFLICT (channel, listing)
    DO UPDATE SET quantity = excluded.quantity, observed_at = excluded.observed_at
     WHERE o.observed_at <= excluded.observed_at
