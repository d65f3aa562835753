-- $1 most records, though one bundle at least; $2 most bundles
SELECT outbox_id, body
  FROM (SELECT outbox_id, body, sum(records) OVER (ORDER BY outbox_id) - records AS ahead
          FROM (SELECT * FROM outbox ORDER BY outbox_id LIMIT $2::bigint) first_ones) counted
 WHERE ahead < $1::bigint
 ORDER BY outbox_id
