-- $1 topic, $2 partition, $3 generation, $4 offset, $5 reason, $6 body
INSERT INTO poison (topic, partition, generation, kafka_offset, reason, body)
VALUES ($1::text, $2::bigint, $3::bigint, $4::bigint, $5::text, $6::bytea)
    ON CONFLICT DO NOTHING
