-- Revert stockbus:parked from pg

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, ledger, pg_catalog;

DROP VIEW parked_bodies;
DROP VIEW decisions;
DROP VIEW parked;

CREATE VIEW parked AS
SELECT event_id, kind, channel, listing, sku, order_id, line_id, reason, occurred_at, received_at,
       partition, kafka_offset
  FROM ledger.events
 WHERE status = 'parked';
COMMENT ON VIEW parked IS 'Events that wait, and for what.';
GRANT SELECT ON parked TO stockbus_audit, stockbus_reconciler, stockbus_ledger;

COMMIT;
