-- Revert stockbus:audit_views from pg. Comments go with the views.

BEGIN;
DROP VIEW api.observations, api.counts, api.positions;
COMMIT;
