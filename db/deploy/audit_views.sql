-- Deploy stockbus:audit_views to pg
-- requires: audit_facts
-- requires: api_conservation
-- requires: consignments
-- requires: pace
-- requires: provenance

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, pg_catalog;

CREATE VIEW positions AS
SELECT sku, pool, bucket, quantity, changed_at
  FROM ledger.positions;
COMMENT ON VIEW positions IS 'Quantity per SKU, pool and bucket.';

CREATE VIEW counts AS
SELECT c.sku, c.pool, c.bucket, c.quantity, ledger.at_ms(c.counted_ms) AS counted_at, e.applied_at,
       e.actor, c.event_id, c.counted_ms
  FROM ledger.count_facts c
  LEFT JOIN ledger.events e USING (event_id)
 WHERE e.status NOT IN ('parked', 'dropped');
COMMENT ON VIEW counts IS 'Every stock count that is neither held nor dropped; the latest by counted_at is the one that positions start from.';

CREATE VIEW observations AS
SELECT o.channel, o.listing, o.quantity, ledger.at_ms(o.observed_ms) AS observed_at, e.captured_via,
       o.event_id
  FROM ledger.observation_history o
  LEFT JOIN ledger.events e USING (event_id);
COMMENT ON VIEW observations IS 'What channels said that their listings show, every time.';

GRANT SELECT ON positions, counts, observations TO stockbus_audit, stockbus_reconciler;

-- One word, one meaning, in every view; `view.column` where a view has its own.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        WITH meanings (name, meaning) AS (VALUES
            ('account', 'The marketplace''s own name of the account.'),
            ('actor', 'Who, for manual facts.'),
            ('address', 'How the channel''s API and snapshots name the listing.'),
            ('applied_at', 'When the ledger took it.'),
            ('at', 'When it was confirmed, else sent, else when its cause came.'),
            ('at_rest', 'Whether the newest target is confirmed.'),
            ('at_ms', 'When it happened, by its source (ms).'),
            ('attempt', 'Which try.'),
            ('available', 'Units that can be promised: sellable less committed; below zero: oversold.'),
            ('balance', 'Position after it.'),
            ('bucket', 'State of the units; committed: promised to open lines.'),
            ('buckets', 'Buckets that may be sold; none: sellable.'),
            ('buffer_percent', 'Percent held back, rounded up; the larger buffer counts.'),
            ('buffer_units', 'Units held back.'),
            ('cancelled', 'Units cancelled, all sources together.'),
            ('cap', 'Most that is shown, 0: no cap.'),
            ('captured_via', 'push, poll, manual, snapshot or read.'),
            ('cause', 'The likeliest cause, in words.'),
            ('cause_channel', 'Channel of the causing event.'),
            ('channel', 'Channel.'),
            ('class', 'Kind of the difference.'),
            ('closed_at', 'When available was back at zero or above; null: it is open.'),
            ('committed', 'Units promised to open lines.'),
            ('confirmed_at', 'When the channel confirmed it; null: it did not.'),
            ('confirmed_quantity', 'Quantity that the channel confirmed last.'),
            ('confirmed_version', 'Version that the channel confirmed last, 0: none.'),
            ('changed_at', 'Last change.'),
            ('counted_at', 'When it was counted.'),
            ('counted_ms', 'When it was counted (ms).'),
            ('delta', 'Units by which the fact changes the bucket.'),
            ('derived', 'Latest count and what was moved after it.'),
            ('effect', 'What it did to the position: 0 when a later count replaced it.'),
            ('effects', 'Sum of the effects of all movements.'),
            ('elsewhere', 'Units in all other buckets.'),
            ('error_class', 'The channel''s code or ours.'),
            ('error_text', 'The channel''s words.'),
            ('event_id', 'Event that made it.'),
            ('expected', 'What it should show; null: not known to us.'),
            ('floor', 'Less than this is shown as 0.'),
            ('found_at', 'When it was found.'),
            ('fulfils', 'Order of another channel whose units it ships: that one takes them; empty: its own.'),
            ('happened_ms', 'When the units changed their state, by the source of the fact (ms).'),
            ('http_status', 'Answer''s status, 0: none came.'),
            ('kafka_offset', 'Where the event stands on the events topic.'),
            ('kind', 'Kind of the event.'),
            ('latency_ms', 'From the event''s arrival to the confirmation.'),
            ('line_id', 'The channel''s id of the line, as text.'),
            ('listing', 'Listing.'),
            ('mapping_id', 'Mapping in force: the event that set it.'),
            ('max_ms', 'The longest.'),
            ('movement_id', 'Order of writing.'),
            ('notification_id', 'Notification that the event was part of.'),
            ('observed_at', 'When the channel showed that, by its own word.'),
            ('observed_quantity', 'What the channel last said it shows.'),
            ('occurred_at', 'When it happened, by its source.'),
            ('occurred_ms', 'When it happened, by its source (ms).'),
            ('open', 'Units neither cancelled nor shipped.'),
            ('opened_at', 'When available fell below zero.'),
            ('order_id', 'The channel''s id of the order, as text.'),
            ('ordered', 'Units ordered.'),
            ('p50_ms', 'Half of them took no longer.'),
            ('p95_ms', '95 of 100 took no longer.'),
            ('p99_ms', '99 of 100 took no longer.'),
            ('partition', 'Where the event stands on the events topic.'),
            ('placed_ms', 'When the order was placed (ms), 0: not reported yet.'),
            ('placed_at', 'When the order was placed; null: not reported yet.'),
            ('pool', 'Pool.'),
            ('pools', 'Pools that count; none: the mapping''s pool.'),
            ('published_at', 'When the request was sent.'),
            ('pushes', 'Confirmed pushes.'),
            ('quantity', 'Units.'),
            ('reason', 'Why.'),
            ('received_at', 'When ingest had the event.'),
            ('request_us', 'Duration of the request (us).'),
            ('result', 'confirmed, accepted_not_applied, rejected, superseded, parked, retrying.'),
            ('returned', 'Units that came back.'),
            ('rule_id', 'Rule in force: the event that set it; empty: the default.'),
            ('run_id', 'Run of the reconciler.'),
            ('sellable', 'Units that may be sold.'),
            ('shipped', 'Units shipped.'),
            ('shown', 'What the channel shows; null: nothing.'),
            ('sku', 'SKU.'),
            ('snapshot_at', 'Time that the snapshot shows.'),
            ('sold_here', 'Units sold through the listing until then.'),
            ('open_here', 'Of these, units that nobody had shipped yet.'),
            ('status', 'applied; noted: moves nothing; parked: waits for what reason says; dropped: an operator said so.'),
            ('active', 'Begins, or ends.'),
            ('arrived_at', 'When it was first seen at its destination; null: not yet.'),
            ('as_of', 'When it was measured.'),
            ('channels', 'Channels that sold any.'),
            ('created_at', 'When it was made, or first reported.'),
            ('damaged', 'Units received damaged.'),
            ('disposed', 'Units disposed of.'),
            ('expected_at', 'When it should arrive, by its source; null: not said.'),
            ('from_per_day', 'Units a day over all channels from which a SKU is in it.'),
            ('from_pool', 'Pool that the units leave; empty: from outside.'),
            ('latency_id', 'Latency that the price follows from; empty: not priced.'),
            ('lead_time_days', 'Lead time for restocking.'),
            ('lost', 'Units that the source says are lost.'),
            ('measurement_id', 'Velocity or latency that was measured: its event; empty: none.'),
            ('per_day', 'Units a day.'),
            ('priced', 'Units of the listing that the risk of overselling costs.'),
            ('promotion_id', 'Event that said so.'),
            ('received', 'Units received that are not damaged.'),
            ('receiving_at', 'When it was first seen being received; counts since then are held.'),
            ('removal_id', 'Id of the removal order.'),
            ('report_id', 'Event of the newest report.'),
            ('requested', 'Units that were to be removed.'),
            ('risk_bound_ppm', 'How likely an oversell by a sale elsewhere may be at most (millionths); 0: not priced.'),
            ('safety_stock', 'What an emergency shows; no part of a target.'),
            ('samples', 'Confirmations that it was measured from.'),
            ('sent', 'Units sent.'),
            ('shipment_id', 'Id of the shipment.'),
            ('tier', 'Velocity tier.'),
            ('tier_id', 'Event that set it.'),
            ('to_pool', 'Pool that the units go to; empty: unknown, or none.'),
            ('version_at', 'Source version of the newest report.'),
            ('window_ms', 'Length of the time that was measured (ms).'),
            ('inbound', 'Units on their way in.'),
            ('in_removal', 'Units on their way out.'),
            ('totals.pools', 'How many pools have any.'),
            ('inbound.status', 'How far it is.'),
            ('removals.status', 'The channel''s word.'),
            ('tiers.latency_ms', 'Objective: from a change to the channel''s confirmation.'),
            ('latencies.latency_ms', '99th percentile, from a sale elsewhere to the channel''s confirmation.'),
            ('inbound.closed_at', 'Since when nothing is open; null: open.'),
            ('removals.closed_at', 'Since when nothing is open; null: open.'),
            ('removals.open', 'Whether units are still expected.'),
            ('velocities.units', 'Units that each of the channels sold, ordered less cancelled.'),
            ('orders.pool', 'Pool that ships it; empty: the mapping''s.'),
            ('orders.status', 'The channel''s word for the order''s state.'),
            ('traceparent', 'W3C trace context.'),
            ('units', 'Units of the SKU in one unit of the listing.'),
            ('valid_from', 'In force from then on.'),
            ('version', 'Version of the target.'),
            ('waiting', 'Why the line moves nothing yet, or empty.'))
        SELECT v.relname, a.attname, coalesce(own.meaning, shared.meaning) AS meaning
          FROM pg_class v
          JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
          LEFT JOIN meanings shared ON shared.name = a.attname
          LEFT JOIN meanings own ON own.name = v.relname || '.' || a.attname
         WHERE v.relnamespace = 'api'::regnamespace
           AND v.relkind = 'v'
           AND col_description(v.oid, a.attnum) IS NULL
           AND coalesce(own.meaning, shared.meaning) IS NOT NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN api.%I.%I IS %L', found.relname, found.attname, found.meaning);
    END LOOP;
END
$$;

COMMIT;
