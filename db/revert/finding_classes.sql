-- Revert stockbus:finding_classes from pg

BEGIN;
SET LOCAL ROLE stockbus_owner;
COMMENT ON COLUMN findings.findings.class IS 'timing, foreign_write, not_applied, unlisted, unmapped, missing_push, ledger_differs, unknown.';
COMMENT ON COLUMN findings.findings.listing IS 'Listing.';
COMMIT;
