-- Revert stockbus:echoes from pg

BEGIN;
DROP VIEW api.echoes;
COMMIT;
