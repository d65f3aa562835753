-- pools and buckets come joined by commas: names have none
INSERT INTO rules
       (rule_id, channel, listing, sku, pools, buckets, buffer_units, buffer_percent, cap, floor,
        tier, risk_bound_ppm, safety_stock, valid_from_ms)
SELECT rule_id, channel, listing, sku, string_to_array(pools, ','), string_to_array(buckets, ','),
       buffer_units, buffer_percent, cap, floor, tier, risk_bound_ppm, safety_stock, valid_from_ms
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
              $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[],
              $13::bigint[], $14::bigint[])
       AS k (rule_id, channel, listing, sku, pools, buckets, buffer_units, buffer_percent, cap,
             floor, tier, risk_bound_ppm, safety_stock, valid_from_ms)
