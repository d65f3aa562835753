-- $1 channels, $2 orders, $3 lines that wait no more: their parked events are applied now.
UPDATE events e
   SET status = 'applied',
       reason = ''
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k (channel, order_id, line_id)
 WHERE e.channel = k.channel
   AND e.order_id = k.order_id
   AND e.order_id <> ''
   AND e.line_id = k.line_id
   AND e.status = 'parked'
   AND e.reason IN ('no-mapping', 'not-reported', 'retired')
