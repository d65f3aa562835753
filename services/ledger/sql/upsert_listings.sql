INSERT INTO listings
       (channel, listing, address, sku, quantity, version, sold_here, open_here, mapping_id,
        rule_id, tier, priced, measurement_id, latency_id, event_id)
SELECT *
  FROM (SELECT unnest($1::text[]) AS channel, unnest($2::text[]) AS listing,
               unnest($3::text[]) AS address, unnest($4::text[]) AS sku,
               unnest($5::bigint[]) AS quantity, unnest($6::bigint[]) AS version,
               unnest($7::bigint[]) AS sold_here, unnest($8::bigint[]) AS open_here,
               unnest($9::text[]) AS mapping_id, unnest($10::text[]) AS rule_id,
               unnest($11::text[]) AS tier, unnest($12::bigint[]) AS priced,
               unnest($13::text[]) AS measurement_id, unnest($14::text[]) AS latency_id,
               unnest($15::text[]) AS event_id) AS k
 ORDER BY channel, listing
    ON CONFLICT (channel, listing)
    DO UPDATE SET address = excluded.address, sku = excluded.sku, quantity = excluded.quantity,
       version = excluded.version, sold_here = excluded.sold_here,
       open_here = excluded.open_here, mapping_id = excluded.mapping_id,
       rule_id = excluded.rule_id, tier = excluded.tier, priced = excluded.priced,
       measurement_id = excluded.measurement_id, latency_id = excluded.latency_id,
       event_id = excluded.event_id, changed_at = clock_timestamp()
