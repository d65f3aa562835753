-- $1 channels, $2 listings: their present targets
SELECT t.channel, t.listing, t.version, t.address, t.quantity, t.sold_here, t.open_here, t.event_id,
       t.rule_id, t.mapping_id, t.cause_channel, t.occurred_ms, t.received_ms, t.applied_ms,
       t.traceparent
  FROM unnest($1::text[], $2::text[]) AS k (channel, listing)
  JOIN listings l USING (channel, listing)
  JOIN targets t USING (channel, listing, version)
