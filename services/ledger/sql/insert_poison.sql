-- $1 topic, $2 partition, $3 offset, $4 reason, $5 body
INSERT INTO poison (topic, partition, kafka_offset, reason, body)
VALUES ($1::text, $2::bigint, $3::bigint, $4::text, $5::bytea)
    ON CONFLICT DO NOTHING
