-- Deploy stockbus:parked to pg
-- requires: consignments

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, ledger, pg_catalog;

CREATE OR REPLACE VIEW parked AS
SELECT e.event_id, e.kind, e.channel, e.listing, e.sku, e.order_id, e.line_id, e.reason,
       e.occurred_at, e.received_at, e.partition, e.kafka_offset,
       coalesce(b.detail, '') AS detail, e.notification_id, e.actor,
       extract(epoch FROM now() - e.received_at)::bigint AS age_s,
       (SELECT coalesce(max(d.number), 0) FROM ledger.decisions d WHERE d.event_id = e.event_id)
           AS decisions
  FROM ledger.events e
  LEFT JOIN ledger.parked_bodies b USING (event_id)
 WHERE e.status = 'parked';
COMMENT ON VIEW parked IS 'Events that wait, and for what.';
COMMENT ON COLUMN parked.detail IS 'What is wrong with the event, in words; empty when it waits for another.';
COMMENT ON COLUMN parked.notification_id IS 'Notification that it was part of.';
COMMENT ON COLUMN parked.actor IS 'Who, for manual facts.';
COMMENT ON COLUMN parked.age_s IS 'Seconds since it was received.';
COMMENT ON COLUMN parked.decisions IS 'Decisions about it that were heard so far.';

CREATE VIEW decisions AS
SELECT d.decision_id, d.event_id, d.number, d.decision, d.note, e.actor,
       e.occurred_at AS decided_at, e.applied_at AS heard_at, e.status, e.reason,
       a.kind, a.channel, a.listing, a.sku, a.order_id, a.line_id, a.status AS event_status,
       a.reason AS event_reason
  FROM ledger.decisions d
  JOIN ledger.events e ON e.event_id = d.decision_id
  LEFT JOIN ledger.events a ON a.event_id = d.event_id;
COMMENT ON VIEW decisions IS 'What operators decided about events, and what came of it.';
COMMENT ON COLUMN decisions.decision_id IS 'Event of the decision.';
COMMENT ON COLUMN decisions.event_id IS 'Event that it is about.';
COMMENT ON COLUMN decisions.number IS '1 for the first decision about the event, 2 for the second, ...';
COMMENT ON COLUMN decisions.decision IS 'drop, release or fix.';
COMMENT ON COLUMN decisions.note IS 'Why.';
COMMENT ON COLUMN decisions.actor IS 'Who decided.';
COMMENT ON COLUMN decisions.decided_at IS 'When.';
COMMENT ON COLUMN decisions.heard_at IS 'When the ledger took it.';
COMMENT ON COLUMN decisions.status IS 'applied: it was done; noted: it changed nothing, reason says why; parked: it waits.';
COMMENT ON COLUMN decisions.reason IS 'Why it changed nothing, or what it waits for.';
COMMENT ON COLUMN decisions.kind IS 'Kind of the event that it is about; the columns from here on are that event''s.';
COMMENT ON COLUMN decisions.channel IS 'Its channel.';
COMMENT ON COLUMN decisions.listing IS 'Its listing.';
COMMENT ON COLUMN decisions.sku IS 'Its SKU.';
COMMENT ON COLUMN decisions.order_id IS 'Its order.';
COMMENT ON COLUMN decisions.line_id IS 'Its order line.';
COMMENT ON COLUMN decisions.event_status IS 'What became of it.';
COMMENT ON COLUMN decisions.event_reason IS 'Why it waits still.';

CREATE VIEW parked_bodies AS
SELECT event_id, detail, body
  FROM ledger.parked_bodies;
COMMENT ON VIEW parked_bodies IS 'The events that wait, or waited, for an operator, as on the topic; without the raw notification.';
COMMENT ON COLUMN parked_bodies.event_id IS 'The event.';
COMMENT ON COLUMN parked_bodies.detail IS 'What is wrong with it, in words.';
COMMENT ON COLUMN parked_bodies.body IS 'Its bytes (protobuf).';

GRANT SELECT ON decisions, parked_bodies TO stockbus_audit, stockbus_reconciler;

COMMIT;
