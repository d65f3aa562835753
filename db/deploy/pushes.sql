-- Deploy stockbus:pushes to pg
-- requires: ledger

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = ledger, pg_catalog;

CREATE TABLE listings (
    channel text NOT NULL,
    listing text NOT NULL,
    address text NOT NULL,
    sku text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= -1),
    version bigint NOT NULL,
    sold_here bigint NOT NULL,
    open_here bigint NOT NULL DEFAULT 0,
    mapping_id text NOT NULL,
    rule_id text NOT NULL,
    tier text NOT NULL,
    priced bigint NOT NULL,
    measurement_id text NOT NULL,
    latency_id text NOT NULL,
    event_id text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (channel, listing)
) WITH (fillfactor = 50);
COMMENT ON TABLE listings IS 'What each listing should show now.';
COMMENT ON COLUMN listings.channel IS 'Channel.';
COMMENT ON COLUMN listings.listing IS 'Listing.';
COMMENT ON COLUMN listings.address IS 'How the channel''s API and snapshots name it.';
COMMENT ON COLUMN listings.sku IS 'SKU that it sells; empty for bundles and retired listings.';
COMMENT ON COLUMN listings.quantity IS 'Quantity that it should show; -1: not computed yet.';
COMMENT ON COLUMN listings.version IS 'Version of the newest target.';
COMMENT ON COLUMN listings.sold_here IS 'Units sold through this listing, less cancelled ones.';
COMMENT ON COLUMN listings.open_here IS 'Of these, units that nobody shipped yet.';
COMMENT ON COLUMN listings.mapping_id IS 'Mapping in force.';
COMMENT ON COLUMN listings.rule_id IS 'Rule in force; empty: the default.';
COMMENT ON COLUMN listings.tier IS 'Velocity tier of its SKU; empty: it sells several, or none is so slow.';
COMMENT ON COLUMN listings.priced IS 'Units of the listing that the risk of overselling costs.';
COMMENT ON COLUMN listings.measurement_id IS 'Velocity that tier and price follow from; empty: none.';
COMMENT ON COLUMN listings.latency_id IS 'Latency that the price follows from; empty: not priced.';
COMMENT ON COLUMN listings.event_id IS 'Event that changed it last.';
COMMENT ON COLUMN listings.changed_at IS 'Last change of the target.';
CREATE INDEX listings_address ON listings (channel, address) WHERE address <> '';
COMMENT ON INDEX listings_address IS 'A listing by its address.';
CREATE INDEX listings_sku ON listings (sku);
COMMENT ON INDEX listings_sku IS 'Listings of a SKU.';

-- What channels confirm and what they say comes from other topics and threads than the targets: in tables of their own it
-- never conflicts with the batch that moves a target.
CREATE TABLE confirmations (
    channel text NOT NULL,
    listing text NOT NULL,
    version bigint NOT NULL,
    quantity bigint NOT NULL,
    confirmed_at timestamptz NOT NULL,
    PRIMARY KEY (channel, listing)
) WITH (fillfactor = 50);
COMMENT ON TABLE confirmations IS 'The newest target of each listing that its channel confirmed.';
COMMENT ON COLUMN confirmations.channel IS 'Channel.';
COMMENT ON COLUMN confirmations.listing IS 'Listing.';
COMMENT ON COLUMN confirmations.version IS 'Newest version that the channel confirmed.';
COMMENT ON COLUMN confirmations.quantity IS 'Quantity of that version.';
COMMENT ON COLUMN confirmations.confirmed_at IS 'When it was confirmed.';

CREATE TABLE observations (
    channel text NOT NULL,
    listing text NOT NULL,
    quantity bigint NOT NULL,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (channel, listing)
) WITH (fillfactor = 50);
COMMENT ON TABLE observations IS 'What the channel last said that each listing shows.';
COMMENT ON COLUMN observations.channel IS 'Channel.';
COMMENT ON COLUMN observations.listing IS 'Listing.';
COMMENT ON COLUMN observations.quantity IS 'What the channel said it shows.';
COMMENT ON COLUMN observations.observed_at IS 'When the channel said so.';

CREATE TABLE targets (
    channel text NOT NULL,
    listing text NOT NULL,
    version bigint NOT NULL,
    address text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    sold_here bigint NOT NULL,
    open_here bigint NOT NULL DEFAULT 0,
    event_id text NOT NULL,
    rule_id text NOT NULL,
    mapping_id text NOT NULL,
    tier text NOT NULL,
    priced bigint NOT NULL,
    measurement_id text NOT NULL,
    latency_id text NOT NULL,
    cause_channel text NOT NULL,
    occurred_ms bigint NOT NULL,
    received_ms bigint NOT NULL,
    applied_ms bigint NOT NULL,
    traceparent text NOT NULL,
    PRIMARY KEY (channel, listing, version)
);
COMMENT ON TABLE targets IS 'Every target there ever was, with the event, rule and mapping that made it.';
COMMENT ON COLUMN targets.channel IS 'Channel.';
COMMENT ON COLUMN targets.listing IS 'Listing.';
COMMENT ON COLUMN targets.version IS 'Grows with every change, also over a restore.';
COMMENT ON COLUMN targets.address IS 'Address at that time.';
COMMENT ON COLUMN targets.quantity IS 'Quantity to be shown.';
COMMENT ON COLUMN targets.sold_here IS 'Units sold through the listing until then.';
COMMENT ON COLUMN targets.open_here IS 'Of these, units that nobody had shipped yet: still on hand.';
COMMENT ON COLUMN targets.event_id IS 'Event that caused it.';
COMMENT ON COLUMN targets.rule_id IS 'Rule in force; empty: the default.';
COMMENT ON COLUMN targets.mapping_id IS 'Mapping in force.';
COMMENT ON COLUMN targets.tier IS 'Velocity tier of its SKU; empty: it sold several, or none was so slow.';
COMMENT ON COLUMN targets.priced IS 'Units of the listing that the risk of overselling cost.';
COMMENT ON COLUMN targets.measurement_id IS 'Velocity that tier and price followed from; empty: none.';
COMMENT ON COLUMN targets.latency_id IS 'Latency that the price followed from; empty: not priced.';
COMMENT ON COLUMN targets.cause_channel IS 'Channel of the causing event.';
COMMENT ON COLUMN targets.occurred_ms IS 'When the cause happened (ms).';
COMMENT ON COLUMN targets.received_ms IS 'When ingest had it (ms).';
COMMENT ON COLUMN targets.applied_ms IS 'When the ledger applied it (ms).';
COMMENT ON COLUMN targets.traceparent IS 'W3C trace context of the cause.';

CREATE TABLE outbox (
    outbox_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    records bigint NOT NULL CHECK (records > 0),
    body bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
-- Small ones stand in the row, large ones beside it, as they are: they are read and deleted at once.
ALTER TABLE outbox ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE outbox IS 'What must be on Kafka and is not yet known to be: written with its cause, deleted after the broker has it.';
COMMENT ON COLUMN outbox.outbox_id IS 'Order of writing, which for one listing is the order of its versions.';
COMMENT ON COLUMN outbox.records IS 'How many records it carries: targets, catalog entries, events of the ledger itself.';
COMMENT ON COLUMN outbox.body IS 'The records of one transaction, in order, with what names their topics and keys (services/ledger/outbox.h).';
COMMENT ON COLUMN outbox.written_at IS 'When its transaction began.';

CREATE TABLE pushes (
    partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    channel text NOT NULL,
    listing text NOT NULL,
    version bigint NOT NULL,
    quantity bigint NOT NULL,
    result text NOT NULL,
    attempt integer NOT NULL,
    http_status integer NOT NULL,
    error_class text NOT NULL,
    error_text text NOT NULL,
    request_hash text NOT NULL,
    request_us bigint NOT NULL,
    event_id text NOT NULL,
    occurred_ms bigint NOT NULL,
    received_ms bigint NOT NULL,
    applied_ms bigint NOT NULL,
    published_ms bigint NOT NULL,
    confirmed_ms bigint NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (partition, generation, kafka_offset)
);
COMMENT ON TABLE pushes IS 'Every attempt to make a channel show a target, and what became of it.';
COMMENT ON COLUMN pushes.partition IS 'Where the outcome stands on its topic.';
COMMENT ON COLUMN pushes.kafka_offset IS 'Where the outcome stands on its topic.';
COMMENT ON COLUMN pushes.channel IS 'Channel.';
COMMENT ON COLUMN pushes.listing IS 'Listing.';
COMMENT ON COLUMN pushes.version IS 'Target''s version.';
COMMENT ON COLUMN pushes.quantity IS 'Quantity sent.';
COMMENT ON COLUMN pushes.result IS 'confirmed, accepted_not_applied, rejected, superseded, parked, retrying.';
COMMENT ON COLUMN pushes.attempt IS 'Which try.';
COMMENT ON COLUMN pushes.http_status IS 'Answer''s status, 0: none came.';
COMMENT ON COLUMN pushes.error_class IS 'The channel''s code or ours.';
COMMENT ON COLUMN pushes.error_text IS 'The channel''s words.';
COMMENT ON COLUMN pushes.request_hash IS 'SHA-256 of the request''s body.';
COMMENT ON COLUMN pushes.request_us IS 'Duration of the request (us).';
COMMENT ON COLUMN pushes.event_id IS 'Event that caused the target.';
COMMENT ON COLUMN pushes.occurred_ms IS 'When the cause happened (ms).';
COMMENT ON COLUMN pushes.received_ms IS 'When ingest had it (ms).';
COMMENT ON COLUMN pushes.applied_ms IS 'When the ledger applied it (ms).';
COMMENT ON COLUMN pushes.published_ms IS 'When the request was sent (ms).';
COMMENT ON COLUMN pushes.confirmed_ms IS 'When the channel confirmed (ms), 0: it did not.';
COMMENT ON COLUMN pushes.generation IS 'Generation of the partition of the outcomes topic: offsets begin again when it is created anew.';
CREATE INDEX pushes_listing ON pushes (channel, listing, version);
COMMENT ON INDEX pushes_listing IS 'Pushes of a target.';
CREATE INDEX pushes_confirmed ON pushes (confirmed_ms) WHERE result = 'confirmed';
COMMENT ON INDEX pushes_confirmed IS 'Confirmed pushes, by time.';

GRANT SELECT, INSERT, UPDATE ON listings, confirmations, observations TO stockbus_ledger;
GRANT SELECT, INSERT ON targets, pushes TO stockbus_ledger;
GRANT SELECT, INSERT, DELETE ON outbox TO stockbus_ledger;
GRANT SELECT ON listings, confirmations, observations, targets, outbox, pushes TO stockbus_reconciler;

COMMIT;
