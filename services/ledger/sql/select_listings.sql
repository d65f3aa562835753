-- $1 channels, $2 listings
SELECT l.channel, l.listing, l.address, l.quantity, l.version, l.sold_here, l.open_here,
       l.mapping_id, l.rule_id, l.tier, l.priced, l.measurement_id, l.latency_id, l.event_id
  FROM (SELECT unnest($1::text[]) AS channel, unnest($2::text[]) AS listing) AS k
 CROSS JOIN LATERAL (SELECT *
                       FROM listings
                      WHERE channel = k.channel
                        AND listing = k.listing
                     OFFSET 0) l
