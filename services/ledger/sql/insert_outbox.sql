INSERT INTO outbox (kind, channel, listing, version, address, sku)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
