-- Revert stockbus:findings from pg

BEGIN;
DROP SCHEMA findings CASCADE;
COMMIT;
