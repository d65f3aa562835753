-- Deploy stockbus:consignments to pg
-- requires: api_more

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = ledger, pg_catalog;

CREATE TABLE count_facts (
    event_id uuid PRIMARY KEY,
    sku text NOT NULL,
    pool text NOT NULL,
    bucket text NOT NULL,
    counted_ms bigint NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0)
);
COMMENT ON TABLE count_facts IS 'Every stock count there was, in force or not.';
COMMENT ON COLUMN count_facts.event_id IS 'Event of the count.';
COMMENT ON COLUMN count_facts.sku IS 'SKU.';
COMMENT ON COLUMN count_facts.pool IS 'Pool.';
COMMENT ON COLUMN count_facts.bucket IS 'Bucket.';
COMMENT ON COLUMN count_facts.counted_ms IS 'When it was counted (ms).';
COMMENT ON COLUMN count_facts.quantity IS 'Units counted.';
CREATE INDEX count_facts_position ON count_facts (sku, pool, bucket, counted_ms);
COMMENT ON INDEX count_facts_position IS 'Count of a position at a time.';

CREATE TABLE consignments (
    kind text NOT NULL CHECK (kind IN ('inbound', 'removal')),
    consignment_id text NOT NULL,
    sku text NOT NULL,
    channel text NOT NULL,
    from_pool text NOT NULL,
    from_bucket text NOT NULL,
    to_pool text NOT NULL,
    status text NOT NULL,
    report_id text NOT NULL,
    sent bigint NOT NULL CHECK (sent >= 0),
    cancelled bigint NOT NULL CHECK (cancelled >= 0),
    shipped bigint NOT NULL CHECK (shipped >= 0),
    version_ms bigint NOT NULL,
    expected_ms bigint NOT NULL,
    received bigint NOT NULL CHECK (received >= 0),
    damaged bigint NOT NULL CHECK (damaged >= 0),
    disposed bigint NOT NULL CHECK (disposed >= 0),
    lost bigint NOT NULL CHECK (lost >= 0),
    missing bigint NOT NULL,
    transit bigint NOT NULL CHECK (transit >= 0),
    created_ms bigint NOT NULL,
    arrived_ms bigint NOT NULL,
    receiving_ms bigint NOT NULL,
    closed_ms bigint NOT NULL,
    waiting text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (kind, consignment_id, sku),
    CHECK (sent = cancelled + received + damaged + disposed + lost + missing + transit)
) WITH (fillfactor = 70);
COMMENT ON TABLE consignments IS 'Units of one SKU on their way: an inbound shipment or a removal order, by all its reports and receipts.';
COMMENT ON COLUMN consignments.kind IS 'inbound: into a pool; removal: sent back, or disposed of, by a channel.';
COMMENT ON COLUMN consignments.consignment_id IS 'Id of the shipment or removal order, unique over all channels.';
COMMENT ON COLUMN consignments.sku IS 'SKU.';
COMMENT ON COLUMN consignments.channel IS 'Channel of the newest report; empty: none yet.';
COMMENT ON COLUMN consignments.from_pool IS 'Pool that the units leave; empty: from outside.';
COMMENT ON COLUMN consignments.from_bucket IS 'Bucket that they leave.';
COMMENT ON COLUMN consignments.to_pool IS 'Pool that they go to; empty: unknown, or none.';
COMMENT ON COLUMN consignments.status IS 'How far it is; of removals the channel''s word.';
COMMENT ON COLUMN consignments.report_id IS 'Event of the newest report.';
COMMENT ON COLUMN consignments.sent IS 'Units sent; of a removal units requested.';
COMMENT ON COLUMN consignments.cancelled IS 'Of these, units that never left.';
COMMENT ON COLUMN consignments.shipped IS 'Of a removal: units that left the channel''s hands.';
COMMENT ON COLUMN consignments.version_ms IS 'Source version of the newest report (ms).';
COMMENT ON COLUMN consignments.expected_ms IS 'When it should arrive, by its source (ms); 0: not said.';
COMMENT ON COLUMN consignments.received IS 'Units received that are not damaged.';
COMMENT ON COLUMN consignments.damaged IS 'Units received damaged.';
COMMENT ON COLUMN consignments.disposed IS 'Units disposed of.';
COMMENT ON COLUMN consignments.lost IS 'Units that the source says are lost.';
COMMENT ON COLUMN consignments.missing IS 'Units nobody knows about though it is closed; below zero: more came than were sent.';
COMMENT ON COLUMN consignments.transit IS 'Units on their way: in bucket inbound of to_pool, or in_removal of from_pool.';
COMMENT ON COLUMN consignments.created_ms IS 'When it was made (ms), or first reported.';
COMMENT ON COLUMN consignments.arrived_ms IS 'When it was first seen at its destination (ms); 0: not yet.';
COMMENT ON COLUMN consignments.receiving_ms IS 'When it was first seen being received (ms); 0: never. Counts since then are held until it is closed.';
COMMENT ON COLUMN consignments.closed_ms IS 'Since when nothing is open (ms); 0: open.';
COMMENT ON COLUMN consignments.waiting IS 'Why its receipts move nothing yet, or empty.';
COMMENT ON COLUMN consignments.changed_at IS 'Last change.';
CREATE INDEX consignments_receiving_sku ON consignments (sku) WHERE receiving_ms > 0 AND closed_ms = 0;
COMMENT ON INDEX consignments_receiving_sku IS 'What is being received of a SKU: it holds counts.';
CREATE INDEX consignments_receiving_pool ON consignments (to_pool) WHERE receiving_ms > 0 AND closed_ms = 0;
COMMENT ON INDEX consignments_receiving_pool IS 'What is being received in a pool.';

CREATE TABLE consignment_reports (
    event_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('inbound', 'removal')),
    consignment_id text NOT NULL,
    sku text NOT NULL,
    channel text NOT NULL,
    from_pool text NOT NULL,
    from_bucket text NOT NULL,
    to_pool text NOT NULL,
    status text NOT NULL,
    sent bigint NOT NULL,
    cancelled bigint NOT NULL,
    shipped bigint NOT NULL,
    received bigint NOT NULL,
    damaged bigint NOT NULL,
    disposed bigint NOT NULL,
    lost bigint NOT NULL,
    version_ms bigint NOT NULL,
    created_ms bigint NOT NULL,
    expected_ms bigint NOT NULL
);
COMMENT ON TABLE consignment_reports IS 'Every report on a shipment or removal: each counts as of its version.';
COMMENT ON COLUMN consignment_reports.event_id IS 'Event of the report.';
COMMENT ON COLUMN consignment_reports.kind IS 'inbound or removal.';
COMMENT ON COLUMN consignment_reports.consignment_id IS 'Id of the shipment or removal order.';
COMMENT ON COLUMN consignment_reports.sku IS 'SKU.';
COMMENT ON COLUMN consignment_reports.channel IS 'Channel that reported.';
COMMENT ON COLUMN consignment_reports.from_pool IS 'Pool that the units leave; empty: from outside.';
COMMENT ON COLUMN consignment_reports.from_bucket IS 'Bucket that they leave.';
COMMENT ON COLUMN consignment_reports.to_pool IS 'Pool that they go to; empty: unknown, or none.';
COMMENT ON COLUMN consignment_reports.status IS 'The source''s word.';
COMMENT ON COLUMN consignment_reports.sent IS 'Units sent; of a removal units requested.';
COMMENT ON COLUMN consignment_reports.cancelled IS 'Of a removal: units cancelled.';
COMMENT ON COLUMN consignment_reports.shipped IS 'Of a removal: units shipped.';
COMMENT ON COLUMN consignment_reports.received IS 'Units received so far that can be sold.';
COMMENT ON COLUMN consignment_reports.damaged IS 'Units received damaged so far.';
COMMENT ON COLUMN consignment_reports.disposed IS 'Units disposed of so far.';
COMMENT ON COLUMN consignment_reports.lost IS 'Units known to be lost so far.';
COMMENT ON COLUMN consignment_reports.version_ms IS 'Source version (ms).';
COMMENT ON COLUMN consignment_reports.created_ms IS 'When it was made, by its source (ms); 0: not said.';
COMMENT ON COLUMN consignment_reports.expected_ms IS 'When it should arrive, by its source (ms); 0: not said.';
CREATE INDEX consignment_reports_consignment ON consignment_reports (kind, consignment_id, sku);
COMMENT ON INDEX consignment_reports_consignment IS 'Reports on a consignment.';

CREATE TABLE consignment_receipts (
    event_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('inbound', 'removal')),
    consignment_id text NOT NULL,
    sku text NOT NULL,
    pool text NOT NULL,
    bucket text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    occurred_ms bigint NOT NULL
);
COMMENT ON TABLE consignment_receipts IS 'Receipts that name their shipment or removal: sets keyed by their own ids.';
COMMENT ON COLUMN consignment_receipts.event_id IS 'Event of the receipt.';
COMMENT ON COLUMN consignment_receipts.kind IS 'inbound or removal.';
COMMENT ON COLUMN consignment_receipts.consignment_id IS 'Id of the shipment or removal order.';
COMMENT ON COLUMN consignment_receipts.sku IS 'SKU.';
COMMENT ON COLUMN consignment_receipts.pool IS 'Pool in which they were received.';
COMMENT ON COLUMN consignment_receipts.bucket IS 'Bucket into which they were received.';
COMMENT ON COLUMN consignment_receipts.quantity IS 'Units.';
COMMENT ON COLUMN consignment_receipts.occurred_ms IS 'When (ms).';
CREATE INDEX consignment_receipts_consignment ON consignment_receipts (kind, consignment_id, sku);
COMMENT ON INDEX consignment_receipts_consignment IS 'Receipts of a consignment.';

CREATE TABLE inbound_windows (
    step text NOT NULL CHECK (step IN ('receiving', 'restocking')),
    pool text NOT NULL DEFAULT '',
    first_month integer NOT NULL CHECK (first_month BETWEEN 1 AND 12),
    last_month integer NOT NULL CHECK (last_month BETWEEN first_month AND 12),
    min_days integer NOT NULL CHECK (min_days >= 0),
    max_days integer NOT NULL CHECK (max_days BETWEEN min_days AND 1000),
    PRIMARY KEY (step, pool, first_month)
);
COMMENT ON TABLE inbound_windows IS 'Business days that a step takes after arrival: settings, for views alone. A pool''s own row counts before that of any pool.';
COMMENT ON COLUMN inbound_windows.step IS 'receiving: until it is received; restocking: until the units can be sold.';
COMMENT ON COLUMN inbound_windows.pool IS 'Pool; empty: any.';
COMMENT ON COLUMN inbound_windows.first_month IS 'For arrivals from this month of the year on (UTC),';
COMMENT ON COLUMN inbound_windows.last_month IS 'and up to this one.';
COMMENT ON COLUMN inbound_windows.min_days IS 'At least so many business days.';
COMMENT ON COLUMN inbound_windows.max_days IS 'At most so many business days; later is late.';
INSERT INTO inbound_windows (step, first_month, last_month, min_days, max_days)
VALUES ('receiving', 1, 9, 3, 5), ('receiving', 10, 12, 10, 14), ('restocking', 1, 12, 2, 7);

CREATE FUNCTION add_business_days(at timestamptz, days integer) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((at AT TIME ZONE 'UTC') + interval '1 day' * coalesce((
        SELECT min(d.day)
          FROM (SELECT g.day,
                       count(*) FILTER (WHERE extract(isodow FROM (at AT TIME ZONE 'UTC') + interval '1 day' * g.day) < 6)
                           OVER (ORDER BY g.day) AS business_days
                  FROM generate_series(1, days * 2 + 3) AS g (day)) AS d
         WHERE days > 0
           AND d.business_days = days), 0)) AT TIME ZONE 'UTC';
COMMENT ON FUNCTION add_business_days(timestamptz, integer) IS 'The same time of day so many days from Monday to Friday later, in UTC.';

SET LOCAL search_path = api, ledger, pg_catalog;

CREATE VIEW inbound AS
SELECT c.consignment_id AS shipment_id, c.sku, c.channel, c.from_pool, c.to_pool, c.status, c.sent,
       c.cancelled, c.received, c.damaged, c.lost, c.missing, c.transit AS in_transit,
       ledger.at_ms(c.created_ms) AS created_at,
       CASE WHEN c.expected_ms > 0 THEN ledger.at_ms(c.expected_ms) END AS expected_at,
       CASE WHEN c.arrived_ms > 0 THEN ledger.at_ms(c.arrived_ms) END AS arrived_at,
       CASE WHEN c.receiving_ms > 0 THEN ledger.at_ms(c.receiving_ms) END AS receiving_at,
       CASE WHEN c.closed_ms > 0 THEN ledger.at_ms(c.closed_ms) END AS closed_at,
       d.receiving_due_at,
       CASE WHEN c.closed_ms = 0 THEN d.sellable_from END AS sellable_from,
       CASE WHEN c.closed_ms = 0 THEN d.sellable_by END AS sellable_by,
       c.closed_ms = 0 AND now() > d.receiving_due_at AS late,
       ledger.at_ms(c.version_ms) AS version_at, c.report_id
  FROM ledger.consignments c
 CROSS JOIN LATERAL (SELECT ledger.at_ms(coalesce(nullif(c.arrived_ms, 0), nullif(c.expected_ms, 0), c.created_ms)) AS at) a
 CROSS JOIN LATERAL (
     SELECT min(w.min_days) FILTER (WHERE w.step = 'receiving') AS receiving_min,
            max(w.max_days) FILTER (WHERE w.step = 'receiving') AS receiving_max,
            min(w.min_days) FILTER (WHERE w.step = 'restocking') AS restocking_min,
            max(w.max_days) FILTER (WHERE w.step = 'restocking') AS restocking_max
       FROM (SELECT DISTINCT ON (step) step, min_days, max_days
               FROM ledger.inbound_windows
              WHERE pool IN ('', c.to_pool)
                AND extract(month FROM a.at AT TIME ZONE 'UTC') BETWEEN first_month AND last_month
              ORDER BY step, pool DESC) AS w) AS days
 CROSS JOIN LATERAL (
     SELECT ledger.add_business_days(a.at, days.receiving_max) AS receiving_due_at,
            ledger.add_business_days(a.at, greatest(days.receiving_min, days.restocking_min)) AS sellable_from,
            ledger.add_business_days(a.at, greatest(days.receiving_max, days.restocking_max)) AS sellable_by) d
 WHERE c.kind = 'inbound'
   AND c.waiting = '';
COMMENT ON VIEW inbound IS 'Inbound shipments: how far each is, what is missing, when its units should be sellable. Nothing of it is ever published.';
COMMENT ON COLUMN inbound.missing IS 'Units that are unaccounted for though it is closed; below zero: a surplus.';
COMMENT ON COLUMN inbound.in_transit IS 'Units in bucket inbound of to_pool.';
COMMENT ON COLUMN inbound.receiving_due_at IS 'Until then it should be received: arrival (else when expected, else when made) and the window''s business days.';
COMMENT ON COLUMN inbound.sellable_from IS 'Not before then its units should be sellable.';
COMMENT ON COLUMN inbound.sellable_by IS 'By then they should be.';
COMMENT ON COLUMN inbound.late IS 'Open, and receiving_due_at is past.';

CREATE VIEW removals AS
SELECT consignment_id AS removal_id, sku, channel, from_pool, from_bucket AS bucket, to_pool, status,
       sent AS requested, cancelled, shipped, disposed, received, damaged, lost, missing,
       transit AS expected_units, ledger.at_ms(created_ms) AS created_at,
       CASE WHEN closed_ms > 0 THEN ledger.at_ms(closed_ms) END AS closed_at,
       closed_ms = 0 AS open,
       extract(day FROM now() - ledger.at_ms(created_ms))::integer AS age_days, report_id
  FROM ledger.consignments
 WHERE kind = 'removal'
   AND waiting = '';
COMMENT ON VIEW removals IS 'Removal orders, and the units of each that did not arrive yet.';
COMMENT ON COLUMN removals.expected_units IS 'Units in bucket in_removal of from_pool: neither received nor disposed of nor lost.';
COMMENT ON COLUMN removals.missing IS 'Below zero: more came than were requested.';
COMMENT ON COLUMN removals.age_days IS 'Whole days since it was ordered.';

CREATE VIEW totals AS
SELECT sku, count(DISTINCT pool) AS pools,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'sellable'), 0)::bigint AS sellable,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'committed'), 0)::bigint AS committed,
       (coalesce(sum(quantity) FILTER (WHERE bucket = 'sellable'), 0)
           - coalesce(sum(quantity) FILTER (WHERE bucket = 'committed'), 0))::bigint AS available,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'inbound'), 0)::bigint AS inbound,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'in_removal'), 0)::bigint AS in_removal,
       coalesce(sum(quantity) FILTER (WHERE bucket NOT IN ('sellable', 'committed', 'inbound', 'in_removal')), 0)::bigint AS elsewhere,
       coalesce(sum(quantity) FILTER (WHERE bucket <> 'committed'), 0)::bigint AS owned
  FROM ledger.positions
 GROUP BY sku;
COMMENT ON VIEW totals IS 'Stock of each SKU over all pools: each number is the sum of those of its pools.';
COMMENT ON COLUMN totals.owned IS 'Units in all pools and buckets, those on their way included.';

GRANT SELECT, INSERT ON ledger.count_facts, ledger.consignments, ledger.consignment_reports,
    ledger.consignment_receipts, ledger.inbound_windows TO stockbus_ledger;
GRANT UPDATE ON ledger.consignments TO stockbus_ledger;
GRANT SELECT ON ledger.count_facts, ledger.consignments, ledger.consignment_reports,
    ledger.consignment_receipts, ledger.inbound_windows TO stockbus_reconciler;
GRANT EXECUTE ON FUNCTION ledger.add_business_days(timestamptz, integer)
    TO stockbus_ledger, stockbus_reconciler, stockbus_audit;
GRANT SELECT ON inbound, removals, totals TO stockbus_audit, stockbus_reconciler;

COMMIT;
