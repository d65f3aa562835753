-- Revert stockbus:api_conservation from pg

BEGIN;

SET LOCAL ROLE stockbus_owner;

CREATE OR REPLACE VIEW api.conservation AS
SELECT p.sku, p.pool, p.bucket, p.quantity,
       coalesce(m.effects, 0) AS effects,
       coalesce(c.quantity, 0) + coalesce(l.later, 0) AS derived
  FROM ledger.positions p
  LEFT JOIN ledger.counts c USING (sku, pool, bucket)
  LEFT JOIN LATERAL (SELECT sum(effect)::bigint AS effects FROM ledger.movements m
                      WHERE (m.sku, m.pool, m.bucket) = (p.sku, p.pool, p.bucket)) m ON true
  LEFT JOIN LATERAL (SELECT sum(delta)::bigint AS later FROM ledger.movements m
                      WHERE (m.sku, m.pool, m.bucket) = (p.sku, p.pool, p.bucket)
                        AND m.occurred_ms > coalesce(c.counted_ms, -1)) l ON true;

COMMIT;
