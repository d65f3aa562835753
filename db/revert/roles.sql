-- Revert stockbus:roles from pg. Roles are shared by the whole cluster and may own other databases'
-- objects, so they stay.

BEGIN;

ALTER DEFAULT PRIVILEGES FOR ROLE stockbus_owner GRANT USAGE ON TYPES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE stockbus_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM stockbus_ledger, stockbus_reconciler, '
                   'stockbus_audit', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$$;
GRANT USAGE ON SCHEMA public TO PUBLIC;

COMMIT;
