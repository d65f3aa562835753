INSERT INTO outbox (kind, channel, listing, version, address, sku)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::bigint[]),
       unnest($5::text[]), unnest($6::text[])
