INSERT INTO pushes
       (partition, kafka_offset, channel, listing, version, quantity, result, attempt, http_status,
        error_class, error_text, request_hash, request_us, event_id, occurred_ms, received_ms,
        applied_ms, published_ms, confirmed_ms, generation)
SELECT *
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
              $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[],
              $13::bigint[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[],
              $18::bigint[], $19::bigint[], $20::bigint[])
    ON CONFLICT DO NOTHING
