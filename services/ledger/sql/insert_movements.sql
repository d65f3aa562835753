INSERT INTO movements
       (event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, batch_id,
        topic_partition, topic_offset, ordinal, chain, filed_ms)
SELECT event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, batch_id,
       topic_partition, topic_offset, ordinal, decode(chain, 'hex'),
       greatest(occurred_ms, now.ms)
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
              $7::bigint[], $8::bigint[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[],
              $13::bigint[], $14::text[])
       AS k (event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, batch_id,
             topic_partition, topic_offset, ordinal, chain)
 CROSS JOIN (SELECT ledger.ms(clock_timestamp()) AS ms OFFSET 0) AS now
