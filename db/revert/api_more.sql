-- Revert stockbus:api_more from pg

BEGIN;
DROP VIEW api.latency, api.rules, api.mappings, api.target_history, api.movements, api.events;
COMMIT;
