-- $1 channels, $2 listings: their present targets once more. The row locks make a change that is under way
-- come wholly before (we see it) or wholly after (its outbox row is greater).
WITH present AS MATERIALIZED (
    SELECT l.channel, l.listing, l.version, l.address, l.sku
      FROM listings l
     WHERE (l.channel, l.listing) IN (SELECT * FROM unnest($1::text[], $2::text[]))
     ORDER BY l.channel, l.listing
       FOR SHARE OF l
)
INSERT INTO outbox (kind, channel, listing, version, address, sku)
SELECT 'target', channel, listing, version, address, sku
  FROM present
