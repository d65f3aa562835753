-- Deploy stockbus:pace to pg
-- requires: api_more

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = ledger, pg_catalog;

CREATE TABLE tiers (
    tier_id uuid PRIMARY KEY,
    tier text NOT NULL,
    from_per_day bigint NOT NULL CHECK (from_per_day >= 0),
    latency_ms bigint NOT NULL CHECK (latency_ms >= 0),
    lead_time_days bigint NOT NULL CHECK (lead_time_days >= 0),
    valid_from_ms bigint NOT NULL
);
COMMENT ON TABLE tiers IS 'Velocity tiers, dated; T1 to T4 have defaults until they are defined.';
COMMENT ON COLUMN tiers.tier_id IS 'Event that set it.';
COMMENT ON COLUMN tiers.tier IS 'Name.';
COMMENT ON COLUMN tiers.from_per_day IS 'Units a day over all channels from which a SKU is in it.';
COMMENT ON COLUMN tiers.latency_ms IS 'Objective: from a change to the channel''s confirmation (ms).';
COMMENT ON COLUMN tiers.lead_time_days IS 'Lead time for restocking.';
COMMENT ON COLUMN tiers.valid_from_ms IS 'In force from then on (ms).';
CREATE INDEX tiers_tier ON tiers (tier);
COMMENT ON INDEX tiers_tier IS 'A tier by name.';

CREATE TABLE velocities (
    measurement_id uuid PRIMARY KEY,
    sku text NOT NULL,
    as_of_ms bigint NOT NULL,
    window_ms bigint NOT NULL CHECK (window_ms > 0),
    channels text[] NOT NULL,
    units bigint[] NOT NULL
);
COMMENT ON TABLE velocities IS 'What SKUs sold within a time, by channel; of a SKU the newest counts.';
COMMENT ON COLUMN velocities.measurement_id IS 'Event that said so.';
COMMENT ON COLUMN velocities.sku IS 'SKU.';
COMMENT ON COLUMN velocities.as_of_ms IS 'End of the time (ms).';
COMMENT ON COLUMN velocities.window_ms IS 'Length of the time (ms).';
COMMENT ON COLUMN velocities.channels IS 'Channels that sold any.';
COMMENT ON COLUMN velocities.units IS 'Units that each of them sold, ordered less cancelled.';
CREATE INDEX velocities_sku ON velocities (sku, as_of_ms, measurement_id);
COMMENT ON INDEX velocities_sku IS 'The newest velocity of a SKU.';

CREATE TABLE latencies (
    measurement_id uuid PRIMARY KEY,
    channel text NOT NULL,
    as_of_ms bigint NOT NULL,
    latency_ms bigint NOT NULL CHECK (latency_ms >= 0),
    samples bigint NOT NULL CHECK (samples >= 0)
);
COMMENT ON TABLE latencies IS 'How long channels show what is no longer true; of a channel the newest counts.';
COMMENT ON COLUMN latencies.measurement_id IS 'Event that said so.';
COMMENT ON COLUMN latencies.channel IS 'Channel.';
COMMENT ON COLUMN latencies.as_of_ms IS 'When it was measured (ms).';
COMMENT ON COLUMN latencies.latency_ms IS '99th percentile, from a sale elsewhere to the channel''s confirmation (ms).';
COMMENT ON COLUMN latencies.samples IS 'Confirmations that it was measured from.';
CREATE INDEX latencies_channel ON latencies (channel, as_of_ms, measurement_id);
COMMENT ON INDEX latencies_channel IS 'The newest latency of a channel.';

CREATE TABLE promotions (
    promotion_id uuid PRIMARY KEY,
    sku text NOT NULL,
    active boolean NOT NULL,
    valid_from_ms bigint NOT NULL
);
COMMENT ON TABLE promotions IS 'SKUs that are promoted, dated: while they are, they are in the fastest tier.';
COMMENT ON COLUMN promotions.promotion_id IS 'Event that said so.';
COMMENT ON COLUMN promotions.sku IS 'SKU.';
COMMENT ON COLUMN promotions.active IS 'Begins, or ends.';
COMMENT ON COLUMN promotions.valid_from_ms IS 'In force from then on (ms).';
CREATE INDEX promotions_sku ON promotions (sku, valid_from_ms, promotion_id);
COMMENT ON INDEX promotions_sku IS 'Promotions of a SKU.';

CREATE TABLE assessments (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    as_of_ms bigint NOT NULL DEFAULT 0,
    swept_sku text NOT NULL DEFAULT ''
);
COMMENT ON TABLE assessments IS 'How far the assessor is: a time is measured once in the whole suite.';
COMMENT ON COLUMN assessments.only_row IS 'Always true: the table has one row.';
COMMENT ON COLUMN assessments.as_of_ms IS 'Last time that was measured (ms).';
COMMENT ON COLUMN assessments.swept_sku IS 'Last SKU of the sweep over all of them.';
INSERT INTO assessments DEFAULT VALUES;

GRANT SELECT, UPDATE ON assessments TO stockbus_ledger;
GRANT SELECT, INSERT ON tiers, velocities, latencies, promotions TO stockbus_ledger;
GRANT SELECT ON tiers, velocities, latencies, promotions TO stockbus_reconciler;

SET LOCAL search_path = api, ledger, pg_catalog;

CREATE VIEW tiers AS
SELECT tier_id, tier, from_per_day, latency_ms, lead_time_days, ledger.at_ms(valid_from_ms) AS valid_from
  FROM ledger.tiers;
COMMENT ON VIEW tiers IS 'Velocity tiers since when.';

CREATE VIEW velocities AS
SELECT measurement_id, sku, ledger.at_ms(as_of_ms) AS as_of, window_ms, channels, units,
       (SELECT coalesce(sum(u), 0) FROM unnest(units) AS u) * 86400000.0 / window_ms AS per_day
  FROM ledger.velocities;
COMMENT ON VIEW velocities IS 'How fast each SKU sold, measured when.';

CREATE VIEW latencies AS
SELECT measurement_id, channel, ledger.at_ms(as_of_ms) AS as_of, latency_ms, samples
  FROM ledger.latencies;
COMMENT ON VIEW latencies IS 'How late each channel was, measured when.';

CREATE VIEW promotions AS
SELECT promotion_id, sku, active, ledger.at_ms(valid_from_ms) AS valid_from
  FROM ledger.promotions;
COMMENT ON VIEW promotions IS 'SKUs that are promoted, since when.';

GRANT SELECT ON tiers, velocities, latencies, promotions
    TO stockbus_audit, stockbus_reconciler;

COMMIT;
