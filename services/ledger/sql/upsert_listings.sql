INSERT INTO listings
       (channel, listing, address, sku, quantity, version, sold_here, open_here, mapping_id,
        rule_id, tier, priced, measurement_id, latency_id, event_id)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
              $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bigint[],
              $13::text[], $14::text[], $15::text[])
       AS k (channel, listing, address, sku, quantity, version, sold_here, open_here, mapping_id,
             rule_id, tier, priced, measurement_id, latency_id, event_id)
 ORDER BY channel, listing
    ON CONFLICT (channel, listing)
    DO UPDATE SET address = excluded.address, sku = excluded.sku, quantity = excluded.quantity,
       version = excluded.version, sold_here = excluded.sold_here,
       open_here = excluded.open_here, mapping_id = excluded.mapping_id,
       rule_id = excluded.rule_id, tier = excluded.tier, priced = excluded.priced,
       measurement_id = excluded.measurement_id, latency_id = excluded.latency_id,
       event_id = excluded.event_id, changed_at = clock_timestamp()
