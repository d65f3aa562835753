-- Deploy stockbus:audit_facts to pg
-- requires: pushes

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = ledger, pg_catalog;

-- ledger.observations keeps the newest word only, which is all that targets need. Audits ask for the words before.
CREATE TABLE observation_history (
    event_id uuid PRIMARY KEY,
    channel text NOT NULL,
    listing text NOT NULL,
    quantity bigint NOT NULL,
    observed_ms bigint NOT NULL,
    origin text NOT NULL DEFAULT ''
);
COMMENT ON TABLE observation_history IS 'Every observation of a listing that was known when it came.';
COMMENT ON COLUMN observation_history.event_id IS 'Event of the observation.';
COMMENT ON COLUMN observation_history.channel IS 'Channel.';
COMMENT ON COLUMN observation_history.listing IS 'Listing.';
COMMENT ON COLUMN observation_history.quantity IS 'What the channel said it shows.';
COMMENT ON COLUMN observation_history.observed_ms IS 'When it showed that, by its source (ms).';
COMMENT ON COLUMN observation_history.origin IS 'What brought it about, by the channel''s own word: sale, write, the reference of a push; empty: it does not say.';
CREATE INDEX observation_history_listing ON observation_history (channel, listing, observed_ms);
COMMENT ON INDEX observation_history_listing IS 'What a listing showed at a time.';

-- Without it the newest pushes are found by sorting all there ever were.
CREATE INDEX pushes_newest
    ON pushes (at_ms(coalesce(nullif(confirmed_ms, 0), nullif(published_ms, 0), received_ms)));
COMMENT ON INDEX pushes_newest IS 'The newest pushes.';

GRANT SELECT, INSERT ON observation_history TO stockbus_ledger;
GRANT SELECT ON observation_history TO stockbus_reconciler;

COMMIT;
