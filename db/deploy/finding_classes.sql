-- Deploy stockbus:finding_classes to pg
-- requires: findings

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = findings, pg_catalog;

COMMENT ON COLUMN findings.class IS 'not_applied, foreign_write, missing_push, missing_event, unlisted, unmapped, ledger_differs, unknown.';
COMMENT ON COLUMN findings.listing IS 'Listing; of rows without one what names them: address, else SKU.';

COMMIT;
