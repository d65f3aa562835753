-- Deploy stockbus:ledger to pg
-- requires: roles

BEGIN;

CREATE SCHEMA ledger AUTHORIZATION stockbus_owner;
COMMENT ON SCHEMA ledger IS 'The projection of the events: can be thrown away and rebuilt from Kafka.';
SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = ledger, pg_catalog;

CREATE FUNCTION at_ms(ms bigint) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    -- Without a time zone in the sum it is immutable all through, and so becomes part of the query that calls it.
    RETURN (timestamp '1970-01-01 00:00:00' + ms * interval '1 millisecond') AT TIME ZONE 'UTC';
COMMENT ON FUNCTION at_ms(bigint) IS 'Milliseconds since 1970 UTC as a time, exactly.';

CREATE FUNCTION ms(at timestamptz) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN round(extract(epoch FROM at - timestamptz '1970-01-01 00:00:00+00') * 1000)::bigint;
COMMENT ON FUNCTION ms(timestamptz) IS 'A time as milliseconds since 1970 UTC, exactly.';

CREATE TABLE timeline (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    timeline bigint NOT NULL DEFAULT 1 CHECK (timeline BETWEEN 1 AND 1000000)
);
COMMENT ON TABLE timeline IS 'Raised when the database was restored: target versions after it outrank all before.';
COMMENT ON COLUMN timeline.only_row IS 'Always true: the table has one row.';
COMMENT ON COLUMN timeline.timeline IS 'Upper part of target versions.';
INSERT INTO timeline DEFAULT VALUES;

-- fillfactor: the row is updated by every batch; HOT updates keep SSI conflicts away.
CREATE TABLE partitions (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,
    owner text NOT NULL DEFAULT '',
    claimed_at timestamptz NOT NULL DEFAULT now(),
    generation bigint NOT NULL DEFAULT 1,
    head bytea NOT NULL,
    cluster_id text NOT NULL DEFAULT '',
    topic_id text NOT NULL DEFAULT '',
    anchor_offset bigint NOT NULL DEFAULT -1,
    anchor bytea NOT NULL DEFAULT '',
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 20);
COMMENT ON TABLE partitions IS 'How far each Kafka partition is applied, committed together with its effects.';
COMMENT ON COLUMN partitions.topic IS 'Kafka topic.';
COMMENT ON COLUMN partitions.partition IS 'Kafka partition.';
COMMENT ON COLUMN partitions.next_offset IS 'First offset whose effect is not in the database.';
COMMENT ON COLUMN partitions.epoch IS 'Raised by each new owner: a batch of an earlier owner finds no row and fails.';
COMMENT ON COLUMN partitions.owner IS 'Replica that claimed it last.';
COMMENT ON COLUMN partitions.claimed_at IS 'When it was claimed.';
COMMENT ON COLUMN partitions.generation IS 'Raised when the topic is found created anew: offsets begin again.';
COMMENT ON COLUMN partitions.head IS 'Last value of the partition''s chain of movements (lib/stock/chain.h); its genesis when there is none yet.';
COMMENT ON COLUMN partitions.cluster_id IS 'Kafka cluster that the log was read from; empty: it did not say.';
COMMENT ON COLUMN partitions.topic_id IS 'Kafka''s own id of the topic; empty: the client library can''t tell.';
COMMENT ON COLUMN partitions.anchor_offset IS 'Offset of an applied record that must still be there: if it is another one, the topic is another one. -1: none.';
COMMENT ON COLUMN partitions.anchor IS 'SHA-256 of that record''s time, key and body.';

CREATE TABLE events (
    event_id uuid PRIMARY KEY,
    content_hash bytea NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    account text NOT NULL,
    notification_id text NOT NULL,
    captured_via text NOT NULL,
    actor text NOT NULL,
    listing text NOT NULL,
    sku text NOT NULL,
    order_id text NOT NULL,
    line_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL DEFAULT 'applied'
        CHECK (status IN ('applied', 'noted', 'parked', 'dropped')),
    reason text NOT NULL DEFAULT '',
    partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    traceparent text NOT NULL,
    generation bigint NOT NULL
);
COMMENT ON TABLE events IS 'Every event that was taken from the topic, once; its id is the business key.';
COMMENT ON COLUMN events.event_id IS 'UUIDv5 of the business fact: redelivery makes the same id.';
COMMENT ON COLUMN events.content_hash IS 'SHA-256 of the fact; the same id with another hash is an alarm.';
COMMENT ON COLUMN events.kind IS 'order_line, line_shipped, stock_counted, ...';
COMMENT ON COLUMN events.channel IS 'Channel that it came from, or admin.';
COMMENT ON COLUMN events.account IS 'The marketplace''s own name of the account.';
COMMENT ON COLUMN events.notification_id IS 'Notification that it was part of.';
COMMENT ON COLUMN events.captured_via IS 'push, poll, manual, snapshot or read.';
COMMENT ON COLUMN events.actor IS 'Who, for manual facts.';
COMMENT ON COLUMN events.listing IS 'Listing that it names, if any.';
COMMENT ON COLUMN events.sku IS 'SKU that it names, if any.';
COMMENT ON COLUMN events.order_id IS 'Order that it names, if any.';
COMMENT ON COLUMN events.line_id IS 'Order line that it names, if any.';
COMMENT ON COLUMN events.occurred_at IS 'When it happened, by its source.';
COMMENT ON COLUMN events.received_at IS 'When ingest had it.';
COMMENT ON COLUMN events.applied_at IS 'When the ledger took it.';
COMMENT ON COLUMN events.status IS 'applied; noted: moves nothing; parked: waits for what reason says; dropped: an operator said so.';
COMMENT ON COLUMN events.reason IS 'Why it is parked.';
COMMENT ON COLUMN events.partition IS 'Where it stands on the events topic, raw notification included.';
COMMENT ON COLUMN events.kafka_offset IS 'Where it stands on the events topic.';
COMMENT ON COLUMN events.traceparent IS 'W3C trace context.';
COMMENT ON COLUMN events.generation IS 'Generation of the partition when it was read: offsets of an earlier one are of a topic that is gone.';
CREATE INDEX events_line ON events (channel, order_id, line_id) WHERE order_id <> '';
COMMENT ON INDEX events_line IS 'What was said of an order.';
CREATE INDEX events_notification ON events (notification_id);
COMMENT ON INDEX events_notification IS 'What one notification said.';
CREATE INDEX events_parked ON events (reason, applied_at) WHERE status = 'parked';
COMMENT ON INDEX events_parked IS 'Events that wait, by what they wait for.';
CREATE INDEX events_sku ON events (sku, occurred_at) WHERE sku <> '';
COMMENT ON INDEX events_sku IS 'Facts that name a SKU.';

CREATE TABLE conflicts (
    event_id uuid NOT NULL,
    content_hash bytea NOT NULL,
    partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id, content_hash)
);
COMMENT ON TABLE conflicts IS 'Events whose id was known with other content: an alarm, not applied.';
COMMENT ON COLUMN conflicts.event_id IS 'The id that both have.';
COMMENT ON COLUMN conflicts.content_hash IS 'Hash of the one that came later.';
COMMENT ON COLUMN conflicts.partition IS 'Where the later one stands.';
COMMENT ON COLUMN conflicts.kafka_offset IS 'Where the later one stands.';
COMMENT ON COLUMN conflicts.seen_at IS 'When it was seen first.';

CREATE TABLE poison (
    topic text NOT NULL,
    partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    reason text NOT NULL,
    body bytea NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    generation bigint NOT NULL,
    PRIMARY KEY (topic, partition, generation, kafka_offset)
);
COMMENT ON TABLE poison IS 'Records that could not be read or stored, set aside in the transaction that passed them.';
COMMENT ON COLUMN poison.topic IS 'Topic that it came from.';
COMMENT ON COLUMN poison.partition IS 'Partition.';
COMMENT ON COLUMN poison.kafka_offset IS 'Offset.';
COMMENT ON COLUMN poison.reason IS 'What was wrong.';
COMMENT ON COLUMN poison.body IS 'Its bytes.';
COMMENT ON COLUMN poison.seen_at IS 'When it was set aside.';
COMMENT ON COLUMN poison.generation IS 'Generation of the partition.';

CREATE TABLE parked_bodies (
    event_id uuid PRIMARY KEY REFERENCES events,
    detail text NOT NULL,
    body bytea NOT NULL
);
COMMENT ON TABLE parked_bodies IS 'Events that wait, or waited, for an operator: they break a rule, or are too large.';
COMMENT ON COLUMN parked_bodies.event_id IS 'The event.';
COMMENT ON COLUMN parked_bodies.detail IS 'What is wrong with it, in words.';
COMMENT ON COLUMN parked_bodies.body IS 'The event as on the topic, without the raw notification, which stays there.';

CREATE TABLE decisions (
    decision_id uuid PRIMARY KEY REFERENCES events,
    event_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    decision text NOT NULL CHECK (decision IN ('drop', 'release', 'fix')),
    note text NOT NULL,
    body bytea NOT NULL,
    UNIQUE (event_id, number)
);
COMMENT ON TABLE decisions IS 'What operators decided about events. What came of a decision is the status of its own event.';
COMMENT ON COLUMN decisions.decision_id IS 'Event of the decision; it says who and when.';
COMMENT ON COLUMN decisions.event_id IS 'Event that it is about; it may come later.';
COMMENT ON COLUMN decisions.number IS '1 for the first decision about the event, 2 for the second, ...';
COMMENT ON COLUMN decisions.decision IS 'drop: counts for nothing; release: counts as it is; fix: counts with changes.';
COMMENT ON COLUMN decisions.note IS 'Why.';
COMMENT ON COLUMN decisions.body IS 'The decision as on the topic, changes included.';

CREATE TABLE order_lines (
    channel text NOT NULL,
    order_id text NOT NULL,
    line_id text NOT NULL,
    listing text NOT NULL,
    ordered bigint NOT NULL CHECK (ordered >= 0),
    reported_cancelled bigint NOT NULL CHECK (reported_cancelled >= 0),
    placed_ms bigint NOT NULL,
    version_ms bigint NOT NULL,
    status text NOT NULL,
    pool text NOT NULL DEFAULT '',
    fulfils text NOT NULL DEFAULT '',
    report_id text NOT NULL,
    voided_ms bigint NOT NULL,
    cancelled bigint NOT NULL CHECK (cancelled >= 0),
    shipped bigint NOT NULL CHECK (shipped >= 0),
    returned bigint NOT NULL CHECK (returned >= 0),
    mapping_id text NOT NULL,
    waiting text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel, order_id, line_id)
) WITH (fillfactor = 70);
COMMENT ON TABLE order_lines IS 'State of each order line: its newest report and the sums of its parts.';
COMMENT ON COLUMN order_lines.channel IS 'Channel of the order.';
COMMENT ON COLUMN order_lines.order_id IS 'The channel''s id of the order, as text.';
COMMENT ON COLUMN order_lines.line_id IS 'The channel''s id of the line, as text.';
COMMENT ON COLUMN order_lines.listing IS 'Listing that was sold.';
COMMENT ON COLUMN order_lines.ordered IS 'Units ordered.';
COMMENT ON COLUMN order_lines.reported_cancelled IS 'Units cancelled by the newest report alone.';
COMMENT ON COLUMN order_lines.placed_ms IS 'When the order was placed (ms): picks the mapping. 0: not reported yet.';
COMMENT ON COLUMN order_lines.version_ms IS 'Source version of the newest report (ms).';
COMMENT ON COLUMN order_lines.status IS 'The channel''s word for the order''s state.';
COMMENT ON COLUMN order_lines.pool IS 'Pool that ships it; empty: the mapping''s.';
COMMENT ON COLUMN order_lines.fulfils IS 'Order of another channel whose units it ships: that one takes them; empty: its own.';
COMMENT ON COLUMN order_lines.report_id IS 'Event of the newest report.';
COMMENT ON COLUMN order_lines.voided_ms IS 'When the order was voided (ms), 0: never.';
COMMENT ON COLUMN order_lines.cancelled IS 'Units cancelled, all sources together.';
COMMENT ON COLUMN order_lines.shipped IS 'Units shipped.';
COMMENT ON COLUMN order_lines.returned IS 'Units that came back.';
COMMENT ON COLUMN order_lines.mapping_id IS 'Mapping whose effects are in the positions.';
COMMENT ON COLUMN order_lines.waiting IS 'Why the line moves nothing yet, or empty.';
COMMENT ON COLUMN order_lines.changed_at IS 'Last change.';
-- Without the channel: else it is taken for the key of a line while the table is small. By time, too: what sold lately is
-- asked every minute.
CREATE INDEX order_lines_listing ON order_lines (listing, placed_ms);
COMMENT ON INDEX order_lines_listing IS 'Sales of a listing, by time.';
CREATE INDEX order_lines_placed ON order_lines (placed_ms);
COMMENT ON INDEX order_lines_placed IS 'Sales of all listings, by time.';
CREATE INDEX order_lines_pool ON order_lines (pool) WHERE pool <> '';
COMMENT ON INDEX order_lines_pool IS 'Lines that another pool ships.';

CREATE TABLE line_parts (
    event_id uuid PRIMARY KEY,
    channel text NOT NULL,
    order_id text NOT NULL,
    line_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('line_cancelled', 'line_shipped', 'line_returned')),
    part_id text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    bucket text NOT NULL,
    occurred_ms bigint NOT NULL,
    is_dropped boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE line_parts IS 'Cancelled, shipped and returned units of a line: sets keyed by their own ids.';
COMMENT ON COLUMN line_parts.event_id IS 'Event of the part.';
COMMENT ON COLUMN line_parts.channel IS 'Channel of the order.';
COMMENT ON COLUMN line_parts.order_id IS 'Order.';
COMMENT ON COLUMN line_parts.line_id IS 'Line.';
COMMENT ON COLUMN line_parts.kind IS 'What happened to the units.';
COMMENT ON COLUMN line_parts.part_id IS 'The channel''s id of shipment or refund line.';
COMMENT ON COLUMN line_parts.quantity IS 'Units.';
COMMENT ON COLUMN line_parts.bucket IS 'Where returned units went.';
COMMENT ON COLUMN line_parts.occurred_ms IS 'When it happened (ms).';
COMMENT ON COLUMN line_parts.is_dropped IS 'An operator decided that it counts for nothing.';
CREATE INDEX line_parts_line ON line_parts (channel, order_id, line_id);
COMMENT ON INDEX line_parts_line IS 'Parts of a line.';

CREATE TABLE voided_orders (
    channel text NOT NULL,
    order_id text NOT NULL,
    voided_ms bigint NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (channel, order_id)
);
COMMENT ON TABLE voided_orders IS 'Orders that were deleted or cancelled as a whole.';
COMMENT ON COLUMN voided_orders.channel IS 'Channel of the order.';
COMMENT ON COLUMN voided_orders.order_id IS 'Order.';
COMMENT ON COLUMN voided_orders.voided_ms IS 'Newest time at which it was voided (ms).';
COMMENT ON COLUMN voided_orders.event_id IS 'Event that said so.';

CREATE TABLE mappings (
    mapping_id uuid PRIMARY KEY,
    channel text NOT NULL,
    listing text NOT NULL,
    address text NOT NULL,
    pool text NOT NULL,
    valid_from_ms bigint NOT NULL
);
COMMENT ON TABLE mappings IS 'What each listing sells, dated; never changed, only superseded.';
COMMENT ON COLUMN mappings.mapping_id IS 'Event that set it.';
COMMENT ON COLUMN mappings.channel IS 'Channel of the listing.';
COMMENT ON COLUMN mappings.listing IS 'Listing.';
COMMENT ON COLUMN mappings.address IS 'How the channel''s API and snapshots name it.';
COMMENT ON COLUMN mappings.pool IS 'Pool that its orders draw from.';
COMMENT ON COLUMN mappings.valid_from_ms IS 'In force from then on (ms).';
CREATE INDEX mappings_listing ON mappings (channel, listing, valid_from_ms);
COMMENT ON INDEX mappings_listing IS 'Mapping of a listing at a time.';
CREATE INDEX mappings_pool ON mappings (pool);
COMMENT ON INDEX mappings_pool IS 'Listings that draw from a pool.';

CREATE TABLE mapping_components (
    mapping_id uuid NOT NULL REFERENCES mappings,
    sku text NOT NULL,
    units bigint NOT NULL CHECK (units > 0),
    PRIMARY KEY (mapping_id, sku)
);
COMMENT ON TABLE mapping_components IS 'SKUs that one unit of a listing consists of; none: retired.';
COMMENT ON COLUMN mapping_components.mapping_id IS 'Mapping.';
COMMENT ON COLUMN mapping_components.sku IS 'SKU.';
COMMENT ON COLUMN mapping_components.units IS 'Units of the SKU in one unit of the listing.';
CREATE INDEX mapping_components_sku ON mapping_components (sku);
COMMENT ON INDEX mapping_components_sku IS 'Listings that sell a SKU.';

CREATE TABLE pools (
    pool_id uuid PRIMARY KEY,
    pool text NOT NULL,
    authority text NOT NULL CHECK (authority IN ('ledger', 'channel')),
    title text NOT NULL,
    valid_from_ms bigint NOT NULL
);
COMMENT ON TABLE pools IS 'Places whose stock is counted on its own, dated.';
COMMENT ON COLUMN pools.pool_id IS 'Event that set it.';
COMMENT ON COLUMN pools.pool IS 'Name.';
COMMENT ON COLUMN pools.authority IS 'Who counts: ledger or the channel.';
COMMENT ON COLUMN pools.title IS 'For people.';
COMMENT ON COLUMN pools.valid_from_ms IS 'In force from then on (ms).';
CREATE INDEX pools_pool ON pools (pool);
COMMENT ON INDEX pools_pool IS 'A pool by name.';

CREATE TABLE rules (
    rule_id uuid PRIMARY KEY,
    channel text NOT NULL,
    listing text NOT NULL,
    sku text NOT NULL,
    pools text[] NOT NULL,
    buckets text[] NOT NULL,
    buffer_units bigint NOT NULL CHECK (buffer_units >= 0),
    buffer_percent bigint NOT NULL CHECK (buffer_percent BETWEEN 0 AND 100),
    cap bigint NOT NULL CHECK (cap >= 0),
    floor bigint NOT NULL CHECK (floor >= 0),
    tier text NOT NULL,
    risk_bound_ppm bigint NOT NULL CHECK (risk_bound_ppm BETWEEN 0 AND 100000),
    safety_stock bigint NOT NULL CHECK (safety_stock >= 0),
    valid_from_ms bigint NOT NULL
);
COMMENT ON TABLE rules IS 'How a listing''s quantity follows from positions, dated. Empty scope columns mean any.';
COMMENT ON COLUMN rules.rule_id IS 'Event that set it.';
COMMENT ON COLUMN rules.channel IS 'Scope: channel.';
COMMENT ON COLUMN rules.listing IS 'Scope: listing of the channel.';
COMMENT ON COLUMN rules.sku IS 'Scope: SKU.';
COMMENT ON COLUMN rules.pools IS 'Pools that count; none: the mapping''s pool.';
COMMENT ON COLUMN rules.buckets IS 'Buckets that may be sold; none: sellable.';
COMMENT ON COLUMN rules.buffer_units IS 'Units held back.';
COMMENT ON COLUMN rules.buffer_percent IS 'Percent held back, rounded up; the larger buffer counts.';
COMMENT ON COLUMN rules.cap IS 'Most that is shown, 0: no cap.';
COMMENT ON COLUMN rules.floor IS 'Less than this is shown as 0.';
COMMENT ON COLUMN rules.tier IS 'Scope: SKUs of a velocity tier.';
COMMENT ON COLUMN rules.risk_bound_ppm IS 'How likely an oversell by a sale elsewhere may be at most (millionths); 0: not priced.';
COMMENT ON COLUMN rules.safety_stock IS 'What an emergency shows; no part of a target.';
COMMENT ON COLUMN rules.valid_from_ms IS 'In force from then on (ms).';
CREATE INDEX rules_channel ON rules (channel, listing, sku);
COMMENT ON INDEX rules_channel IS 'Rules of a channel, a listing or a SKU.';

CREATE TABLE counts (
    sku text NOT NULL,
    pool text NOT NULL,
    bucket text NOT NULL,
    event_id text NOT NULL,
    counted_ms bigint NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (sku, pool, bucket)
) WITH (fillfactor = 50);
COMMENT ON TABLE counts IS 'The latest stock count in force of each position.';
COMMENT ON COLUMN counts.sku IS 'SKU.';
COMMENT ON COLUMN counts.pool IS 'Pool.';
COMMENT ON COLUMN counts.bucket IS 'Bucket.';
COMMENT ON COLUMN counts.event_id IS 'Event of the count; empty: all counts of the position are held.';
COMMENT ON COLUMN counts.counted_ms IS 'When it was counted (ms).';
COMMENT ON COLUMN counts.quantity IS 'Units counted.';

CREATE TABLE batches (
    batch_id bigint GENERATED ALWAYS AS IDENTITY,
    topic text NOT NULL,
    partition integer NOT NULL,
    epoch bigint NOT NULL,
    generation bigint NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset > first_offset),
    movements bigint NOT NULL CHECK (movements >= 0),
    head bytea NOT NULL CHECK (length(head) = 32),
    replica text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (batch_id, partition)
);
COMMENT ON TABLE batches IS 'Append-only: each transaction that applied events, a row for each partition that it moved. Replay order: batch_id, partition, offset.';
COMMENT ON COLUMN batches.batch_id IS 'Of transactions that wrote the same position, order line or partition the later one has the greater number.';
COMMENT ON COLUMN batches.topic IS 'The events topic.';
COMMENT ON COLUMN batches.partition IS 'Partition that was moved.';
COMMENT ON COLUMN batches.epoch IS 'Epoch of its owner.';
COMMENT ON COLUMN batches.generation IS 'Generation of the partition.';
COMMENT ON COLUMN batches.first_offset IS 'The partition''s next_offset before: there are no gaps.';
COMMENT ON COLUMN batches.next_offset IS 'The partition''s next_offset after.';
COMMENT ON COLUMN batches.movements IS 'Movements that records of the partition made.';
COMMENT ON COLUMN batches.head IS 'Last value of the partition''s chain, this batch included.';
COMMENT ON COLUMN batches.replica IS 'Replica that wrote it.';
COMMENT ON COLUMN batches.applied_at IS 'When it was written.';
CREATE UNIQUE INDEX batches_offsets ON batches (partition, generation, first_offset);
COMMENT ON INDEX batches_offsets IS 'A partition''s batches in order: no two begin at one place.';

CREATE TABLE movements (
    movement_id bigint GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    sku text NOT NULL,
    pool text NOT NULL,
    bucket text NOT NULL,
    delta bigint NOT NULL,
    effect bigint NOT NULL,
    balance bigint NOT NULL,
    occurred_ms bigint NOT NULL,
    reason text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    batch_id bigint NOT NULL,
    topic_partition integer NOT NULL,
    topic_offset bigint NOT NULL,
    ordinal integer NOT NULL,
    chain bytea NOT NULL CHECK (length(chain) = 32),
    filed_ms bigint NOT NULL CHECK (filed_ms >= occurred_ms),
    PRIMARY KEY (batch_id, topic_partition, topic_offset, ordinal, filed_ms)
) PARTITION BY RANGE (filed_ms);
COMMENT ON TABLE movements IS 'Append-only: each change of a position, and the event that made it.';
COMMENT ON COLUMN movements.movement_id IS 'Number.';
COMMENT ON COLUMN movements.event_id IS 'Event that caused it.';
COMMENT ON COLUMN movements.sku IS 'SKU.';
COMMENT ON COLUMN movements.pool IS 'Pool.';
COMMENT ON COLUMN movements.bucket IS 'Bucket; committed: units promised to open lines.';
COMMENT ON COLUMN movements.delta IS 'Units by which the fact changes the bucket.';
COMMENT ON COLUMN movements.effect IS 'What it did to the position: 0 when a later count replaced it.';
COMMENT ON COLUMN movements.balance IS 'Position after it.';
COMMENT ON COLUMN movements.occurred_ms IS 'When the fact happened (ms).';
COMMENT ON COLUMN movements.reason IS 'placed, cancelled, shipped, returned, counted, received, adjusted, transferred, remapped, decided, sent, removed, disposed, lost.';
COMMENT ON COLUMN movements.applied_at IS 'When it was written.';
COMMENT ON COLUMN movements.batch_id IS 'Transaction that wrote it: a row of batches.';
COMMENT ON COLUMN movements.topic_partition IS 'Partition of the record whose application made it; with an event that frees a waiting line, that event''s.';
COMMENT ON COLUMN movements.topic_offset IS 'Offset of that record, in the generation that the batch names.';
COMMENT ON COLUMN movements.ordinal IS 'Number among the movements of that record, from 0.';
COMMENT ON COLUMN movements.chain IS 'SHA-256 of the partition''s chain so far and of this row''s canonical bytes (lib/stock/chain.h).';
COMMENT ON COLUMN movements.filed_ms IS 'When it was written or the fact happened, whichever is later (ms): months are partitions, and none before a time has later facts.';
CREATE INDEX movements_position ON movements (sku, pool, bucket, occurred_ms);
COMMENT ON INDEX movements_position IS 'Movements of a position, by the time of the fact.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: it is append-only; post a correcting event instead',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION refuse_change() IS 'Second lock behind the privileges: nobody changes history.';
CREATE TRIGGER batches_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batches
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER movements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A statement trigger of the parent does not guard a partition that is named directly.
CREATE FUNCTION guard_movements(name text) RETURNS void
    LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER movements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
    EXECUTE format('COMMENT ON TABLE %I IS %L', name, 'Part of movements.');
END
$$;
COMMENT ON FUNCTION guard_movements(text) IS 'Makes a partition of movements append-only.';
REVOKE EXECUTE ON FUNCTION guard_movements(text) FROM PUBLIC;

CREATE TABLE movements_default PARTITION OF movements DEFAULT;
DO 'BEGIN PERFORM guard_movements(''movements_default''); END';

-- A month that is there costs a look into the catalog and no lock. A missing one is made apart and then attached,
-- which waits for batches under way, and they for it: lock_timeout keeps a halted replica from holding up all.
CREATE FUNCTION prepare_movements(months_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = ledger, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    month timestamptz;
    first_ms bigint;
    next_ms bigint;
    name text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7310579214);
    FOR ahead IN 0 .. least(months_ahead, 24) LOOP
        month := date_trunc('month', now()) + ahead * interval '1 month';
        first_ms := ms(month);
        next_ms := ms(month + interval '1 month');
        name := 'movements_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        -- The default one took rows of that month: it keeps the month.
        CONTINUE WHEN EXISTS (SELECT FROM movements_default
                               WHERE filed_ms >= first_ms
                                 AND filed_ms < next_ms);
        EXECUTE format('CREATE TABLE %I (LIKE movements INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        PERFORM guard_movements(name);
        EXECUTE format('ALTER TABLE movements ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       name, first_ms, next_ms);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION prepare_movements(integer) IS 'Makes the missing monthly partitions of movements, this month''s and those ahead; returns how many.';
REVOKE EXECUTE ON FUNCTION prepare_movements(integer) FROM PUBLIC;

CREATE TABLE positions (
    sku text NOT NULL,
    pool text NOT NULL,
    bucket text NOT NULL,
    quantity bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (sku, pool, bucket)
) WITH (fillfactor = 50);
COMMENT ON TABLE positions IS 'Quantity per SKU, pool and bucket. available = sellable - committed.';
COMMENT ON COLUMN positions.sku IS 'SKU.';
COMMENT ON COLUMN positions.pool IS 'Pool.';
COMMENT ON COLUMN positions.bucket IS 'Bucket.';
COMMENT ON COLUMN positions.quantity IS 'Units.';
COMMENT ON COLUMN positions.changed_at IS 'Last change.';

CREATE TABLE skus (
    sku text PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON TABLE skus IS 'A row for each SKU: who changes its positions, counts or oversells writes it, so that of two who do so at once one fails.';
COMMENT ON COLUMN skus.sku IS 'SKU.';
COMMENT ON COLUMN skus.changed_at IS 'Last change of something that hangs on it.';

CREATE TABLE oversells (
    oversell_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    pool text NOT NULL,
    event_id text NOT NULL,
    channel text NOT NULL,
    order_id text NOT NULL,
    available bigint NOT NULL CHECK (available < 0),
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz
);
COMMENT ON TABLE oversells IS 'Times at which available was below zero, and the event that did it.';
COMMENT ON COLUMN oversells.oversell_id IS 'Number.';
COMMENT ON COLUMN oversells.sku IS 'SKU.';
COMMENT ON COLUMN oversells.pool IS 'Pool.';
COMMENT ON COLUMN oversells.event_id IS 'Event that took what was not there.';
COMMENT ON COLUMN oversells.channel IS 'Channel of that event.';
COMMENT ON COLUMN oversells.order_id IS 'Order of that event.';
COMMENT ON COLUMN oversells.available IS 'Available when opened or deepened.';
COMMENT ON COLUMN oversells.opened_at IS 'When.';
COMMENT ON COLUMN oversells.closed_at IS 'When available was back at zero or above.';
CREATE UNIQUE INDEX oversells_open ON oversells (sku, pool) WHERE closed_at IS NULL;
COMMENT ON INDEX oversells_open IS 'At most one open oversell for a SKU in a pool.';

GRANT USAGE ON SCHEMA ledger TO stockbus_ledger, stockbus_reconciler;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ledger TO stockbus_ledger;
GRANT USAGE ON SEQUENCE batches_batch_id_seq TO stockbus_ledger;
GRANT EXECUTE ON FUNCTION prepare_movements(integer) TO stockbus_ledger;
GRANT UPDATE ON partitions, order_lines, voided_orders, counts, positions, skus, oversells
    TO stockbus_ledger;
-- What happened stays; only what became of it changes.
GRANT UPDATE (status, reason) ON events TO stockbus_ledger;
GRANT UPDATE (is_dropped) ON line_parts TO stockbus_ledger;
GRANT EXECUTE ON FUNCTION at_ms(bigint), ms(timestamptz)
    TO stockbus_ledger, stockbus_reconciler, stockbus_audit;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO stockbus_reconciler;
-- A timeline is raised by whoever restores; parts of movements are reached through it.
REVOKE INSERT ON timeline FROM stockbus_ledger;
REVOKE ALL ON movements_default FROM stockbus_ledger, stockbus_reconciler;
DO 'BEGIN PERFORM prepare_movements(2); END';

COMMIT;
