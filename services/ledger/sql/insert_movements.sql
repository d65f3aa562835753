INSERT INTO movements
       (event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, batch_id,
        topic_partition, topic_offset, ordinal, chain, filed_ms)
SELECT event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, batch_id,
       topic_partition, topic_offset, ordinal, decode(chain, 'hex'),
       greatest(occurred_ms, now.ms)
  FROM (SELECT unnest($1::text[])::uuid AS event_id, unnest($2::text[]) AS sku,
               unnest($3::text[]) AS pool, unnest($4::text[]) AS bucket,
               unnest($5::bigint[]) AS delta, unnest($6::bigint[]) AS effect,
               unnest($7::bigint[]) AS balance, unnest($8::bigint[]) AS occurred_ms,
               unnest($9::text[]) AS reason, unnest($10::bigint[]) AS batch_id,
               unnest($11::bigint[]) AS topic_partition, unnest($12::bigint[]) AS topic_offset,
               unnest($13::bigint[]) AS ordinal, unnest($14::text[]) AS chain) AS k
 CROSS JOIN (SELECT ledger.ms(clock_timestamp()) AS ms OFFSET 0) AS now
