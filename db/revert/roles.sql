-- Revert stockbus:roles from pg. Roles are shared by the whole cluster and may own other databases'
-- objects, so they stay.

BEGIN;
COMMIT;
