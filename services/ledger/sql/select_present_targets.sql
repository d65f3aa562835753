-- $1 channels, $2 listings, some several times: their present targets, each once
SELECT t.channel, t.listing, t.version, t.address, t.quantity, t.sold_here, t.open_here, t.event_id,
       t.rule_id, t.mapping_id, t.cause_channel, t.occurred_ms, t.received_ms, t.applied_ms,
       t.traceparent
  FROM listings l
  JOIN targets t USING (channel, listing, version)
 WHERE (l.channel, l.listing) IN (SELECT * FROM unnest($1::text[], $2::text[]))
