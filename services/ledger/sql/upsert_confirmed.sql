-- $1 channels, $2 listings, $3 versions, $4 quantities, $5 times (ms): the newest version wins.
INSERT INTO confirmations AS c (channel, listing, version, quantity, confirmed_at)
SELECT DISTINCT ON (channel, listing)
       channel, listing, version, quantity, ledger.at_ms(confirmed_ms)
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
       AS u (channel, listing, version, quantity, confirmed_ms)
 ORDER BY channel, listing, version DESC
    ON CONFLICT (channel, listing)
    DO UPDATE SET version = excluded.version, quantity = excluded.quantity,
       confirmed_at = excluded.confirmed_at
     WHERE c.version < excluded.version
