-- $1 channels, $2 orders, $3 lines, $4 what they wait for now; '': nothing, and their events that
-- waited are applied. Of a dropped line they are noted. What is noted or dropped otherwise stays.
UPDATE events e
   SET status = CASE named.waiting WHEN '' THEN 'applied' WHEN 'dropped' THEN 'noted' ELSE 'parked' END,
       reason = named.waiting
  FROM (SELECT found.at, k.waiting
          FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
               AS k (channel, order_id, line_id, waiting)
         CROSS JOIN LATERAL (SELECT ctid AS at, status, reason
                               FROM events
                              WHERE channel = k.channel
                                AND order_id = k.order_id
                                AND order_id <> ''
                                AND line_id = k.line_id
                             OFFSET 0) found
         WHERE (found.status = 'parked' AND found.reason IN ('no-mapping', 'not-reported', 'retired'))
            OR (found.status = 'noted' AND found.reason = 'dropped')
            OR (found.status = 'applied' AND k.waiting <> '')) named
 WHERE e.ctid = named.at
