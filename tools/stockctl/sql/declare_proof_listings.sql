DECLARE stored NO SCROLL CURSOR FOR
SELECT channel, listing, address, sku, quantity, sold_here, open_here, mapping_id, rule_id, tier,
       priced, measurement_id, latency_id
  FROM api.proof_listings
 ORDER BY channel COLLATE "C", listing COLLATE "C"
