-- $1-$3 line keys
SELECT p.event_id::text AS event_id, p.channel, p.order_id, p.line_id, p.kind, p.part_id,
       p.quantity, p.bucket, p.occurred_ms
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k (channel, order_id, line_id)
  JOIN line_parts p USING (channel, order_id, line_id)
