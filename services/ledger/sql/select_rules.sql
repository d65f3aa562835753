-- $1 channels, $2 listings, $3 SKUs that may be in scope. Every rule whose scope could match.
SELECT r.rule_id::text AS rule_id, r.channel, r.listing, r.sku, array_to_string(r.pools, ',') AS pools,
       array_to_string(r.buckets, ',') AS buckets, r.buffer_units, r.buffer_percent, r.cap, r.floor,
       r.tier, r.risk_bound_ppm, r.safety_stock, r.valid_from_ms
  FROM rules r
 WHERE r.channel = ANY (array_append($1::text[], ''))
   AND r.listing = ANY (array_append($2::text[], ''))
   AND r.sku = ANY (array_append($3::text[], ''))
