-- Revert stockbus:api from pg

BEGIN;
DROP SCHEMA api CASCADE;
COMMIT;
