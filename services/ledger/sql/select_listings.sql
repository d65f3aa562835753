-- $1 channels, $2 listings
SELECT l.channel, l.listing, l.address, l.quantity, l.version, l.sold_here, l.open_here,
       l.mapping_id, l.rule_id, l.tier, l.priced, l.measurement_id, l.latency_id, l.event_id
  FROM unnest($1::text[], $2::text[]) AS k (channel, listing)
 CROSS JOIN LATERAL (SELECT *
                       FROM listings
                      WHERE channel = k.channel
                        AND listing = k.listing
                     OFFSET 0) l
