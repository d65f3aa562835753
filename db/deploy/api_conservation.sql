-- Deploy stockbus:api_conservation to pg
-- requires: api_more

BEGIN;

SET LOCAL ROLE stockbus_owner;

-- One pass over the movements. Asked position by position it took minutes where one SKU has many of
-- them; and a movement without a position is a violation, too.
CREATE OR REPLACE VIEW api.conservation AS
WITH moved AS (
    SELECT m.sku, m.pool, m.bucket, sum(m.effect)::bigint AS effects,
           coalesce(sum(m.delta) FILTER (WHERE m.occurred_ms > coalesce(c.counted_ms, -1)), 0)::bigint
               AS later
      FROM ledger.movements m
      LEFT JOIN ledger.counts c USING (sku, pool, bucket)
     GROUP BY m.sku, m.pool, m.bucket
)
SELECT sku, pool, bucket, coalesce(p.quantity, 0) AS quantity, coalesce(m.effects, 0) AS effects,
       coalesce(c.quantity, 0) + coalesce(m.later, 0) AS derived
  FROM ledger.positions p
  FULL JOIN moved m USING (sku, pool, bucket)
  LEFT JOIN ledger.counts c USING (sku, pool, bucket);

COMMIT;
