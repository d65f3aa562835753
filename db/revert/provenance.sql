-- Revert stockbus:provenance from pg

BEGIN;

SET LOCAL ROLE stockbus_owner;

DROP VIEW api.provenance_rows;

COMMIT;
