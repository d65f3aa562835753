-- $1 channels, $2 orders
SELECT v.channel, v.order_id, v.voided_ms, v.event_id::text AS event_id
  FROM (SELECT unnest($1::text[]) AS channel, unnest($2::text[]) AS order_id) AS k
 CROSS JOIN LATERAL (SELECT *
                       FROM voided_orders
                      WHERE channel = k.channel
                        AND order_id = k.order_id
                     OFFSET 0) v
