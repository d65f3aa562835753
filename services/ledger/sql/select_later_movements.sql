-- $1-$3 positions, $4 times (ms): movements after them. The last condition follows from the one before; it keeps
-- the months before a time out of the plan.
SELECT m.sku, m.pool, m.bucket, m.delta, m.occurred_ms
  FROM (SELECT unnest($1::text[]) AS sku, unnest($2::text[]) AS pool,
               unnest($3::text[]) AS bucket, unnest($4::bigint[]) AS after_ms) AS k
 CROSS JOIN LATERAL (SELECT *
                       FROM movements
                      WHERE sku = k.sku
                        AND pool = k.pool
                        AND bucket = k.bucket
                        AND occurred_ms > k.after_ms
                        AND filed_ms > k.after_ms
                     OFFSET 0) m
