-- Deploy stockbus:roles to pg

BEGIN;

DO $$
DECLARE
    name text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stockbus_owner') THEN
        CREATE ROLE stockbus_owner NOLOGIN;
    END IF;
    FOREACH name IN ARRAY ARRAY['stockbus_ledger', 'stockbus_reconciler', 'stockbus_audit'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
    END LOOP;
END
$$;

COMMENT ON ROLE stockbus_owner IS 'Owns every object; nobody logs in as it.';
COMMENT ON ROLE stockbus_ledger IS 'The ledger service: the only writer of stock.';
COMMENT ON ROLE stockbus_reconciler IS 'The reconciler: reads, and writes findings.';
COMMENT ON ROLE stockbus_audit IS 'Operators and auditors: reads the views of schema api.';

REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- PUBLIC gets nothing, of later objects neither: connecting and calling are granted by name.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO stockbus_ledger, stockbus_reconciler, '
                   'stockbus_audit', current_database());
END
$$;
ALTER DEFAULT PRIVILEGES FOR ROLE stockbus_owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE stockbus_owner REVOKE ALL ON TYPES FROM PUBLIC;

COMMIT;
