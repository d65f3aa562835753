-- Deploy stockbus:findings to pg
-- requires: pushes

BEGIN;

CREATE SCHEMA findings AUTHORIZATION stockbus_owner;
COMMENT ON SCHEMA findings IS 'What the reconciler found.';
SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = findings, pg_catalog;

CREATE TABLE runs (
    run_id uuid PRIMARY KEY,
    channel text NOT NULL,
    snapshot_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    listings bigint NOT NULL,
    matched bigint NOT NULL,
    findings bigint NOT NULL,
    events_replayed bigint NOT NULL
);
COMMENT ON TABLE runs IS 'One comparison of a channel''s snapshot with the replayed topic.';
COMMENT ON COLUMN runs.run_id IS 'Run.';
COMMENT ON COLUMN runs.channel IS 'Channel.';
COMMENT ON COLUMN runs.snapshot_at IS 'Time that the snapshot shows.';
COMMENT ON COLUMN runs.started_at IS 'Start.';
COMMENT ON COLUMN runs.ended_at IS 'End.';
COMMENT ON COLUMN runs.listings IS 'Listings compared.';
COMMENT ON COLUMN runs.matched IS 'Listings that showed what they should.';
COMMENT ON COLUMN runs.findings IS 'Differences.';
COMMENT ON COLUMN runs.events_replayed IS 'Events that were replayed.';

CREATE TABLE findings (
    run_id uuid NOT NULL REFERENCES runs,
    channel text NOT NULL,
    listing text NOT NULL,
    sku text NOT NULL,
    class text NOT NULL,
    shown bigint,
    expected bigint,
    cause text NOT NULL,
    event_id text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, channel, listing)
);
COMMENT ON TABLE findings IS 'Each difference with its class and cause.';
COMMENT ON COLUMN findings.run_id IS 'Run that found it.';
COMMENT ON COLUMN findings.channel IS 'Channel.';
COMMENT ON COLUMN findings.listing IS 'Listing.';
COMMENT ON COLUMN findings.sku IS 'SKU.';
COMMENT ON COLUMN findings.class IS 'timing, foreign_write, not_applied, unlisted, unmapped, missing_push, ledger_differs, unknown.';
COMMENT ON COLUMN findings.shown IS 'What the channel shows; null: nothing.';
COMMENT ON COLUMN findings.expected IS 'What it should show; null: not known to us.';
COMMENT ON COLUMN findings.cause IS 'The likeliest cause, in words.';
COMMENT ON COLUMN findings.event_id IS 'Event that explains the expected quantity.';
COMMENT ON COLUMN findings.found_at IS 'When.';

GRANT USAGE ON SCHEMA findings TO stockbus_reconciler;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA findings TO stockbus_reconciler;

COMMIT;
