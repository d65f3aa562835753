-- pools and buckets come joined by commas: names have none
INSERT INTO rules
       (rule_id, channel, listing, sku, pools, buckets, buffer_units, buffer_percent, cap, floor,
        tier, risk_bound_ppm, safety_stock, valid_from_ms)
SELECT rule_id, channel, listing, sku, string_to_array(pools, ','), string_to_array(buckets, ','),
       buffer_units, buffer_percent, cap, floor, tier, risk_bound_ppm, safety_stock, valid_from_ms
  FROM (SELECT unnest($1::text[])::uuid AS rule_id, unnest($2::text[]) AS channel,
               unnest($3::text[]) AS listing, unnest($4::text[]) AS sku,
               unnest($5::text[]) AS pools, unnest($6::text[]) AS buckets,
               unnest($7::bigint[]) AS buffer_units, unnest($8::bigint[]) AS buffer_percent,
               unnest($9::bigint[]) AS cap, unnest($10::bigint[]) AS floor,
               unnest($11::text[]) AS tier, unnest($12::bigint[]) AS risk_bound_ppm,
               unnest($13::bigint[]) AS safety_stock, unnest($14::bigint[]) AS valid_from_ms) AS k
