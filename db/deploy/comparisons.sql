-- Deploy stockbus:comparisons to pg
-- requires: findings

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = ledger, pg_catalog;

-- Read with its owner's rights: the ledger sees how many findings there are, not what they are.
CREATE VIEW comparisons AS
SELECT DISTINCT ON (channel) channel, snapshot_at, findings
  FROM findings.runs
 ORDER BY channel, snapshot_at DESC, ended_at DESC;
COMMENT ON VIEW comparisons IS 'The newest comparison of each channel, for the ledger''s metrics.';
COMMENT ON COLUMN comparisons.channel IS 'Channel.';
COMMENT ON COLUMN comparisons.snapshot_at IS 'Time that the snapshot shows.';
COMMENT ON COLUMN comparisons.findings IS 'Differences.';
GRANT SELECT ON comparisons TO stockbus_ledger;

COMMIT;
