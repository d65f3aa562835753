-- bodies come as hex
INSERT INTO outbox (kind, channel, listing, version, address, sku, body)
SELECT 'event', channel, '', 0, '', sku, decode(body, 'hex')
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k (channel, sku, body)
