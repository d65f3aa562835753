-- $1 channels, $2 orders, $3 lines that wait no more: their parked events are applied now.
UPDATE events e
   SET status = 'applied',
       reason = ''
  FROM (SELECT found.at
          FROM unnest($1::text[], $2::text[], $3::text[]) AS k (channel, order_id, line_id)
         CROSS JOIN LATERAL (SELECT ctid AS at, status, reason
                               FROM events
                              WHERE channel = k.channel
                                AND order_id = k.order_id
                                AND order_id <> ''
                                AND line_id = k.line_id
                             OFFSET 0) found
         WHERE found.status = 'parked'
           AND found.reason IN ('no-mapping', 'not-reported', 'retired')) named
 WHERE e.ctid = named.at
