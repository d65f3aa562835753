-- Verify stockbus:roles on pg

SELECT 'stockbus_owner'::regrole, 'stockbus_ledger'::regrole, 'stockbus_reconciler'::regrole,
       'stockbus_audit'::regrole;
SELECT 1 / (NOT EXISTS (SELECT
                          FROM pg_database d
                         CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                         WHERE d.datname = current_database() AND a.grantee = 0))::int;
SELECT 1 / has_database_privilege('stockbus_ledger', current_database(), 'CONNECT')::int;
SELECT 1 / (NOT has_schema_privilege('stockbus_audit', 'public', 'USAGE'))::int;
SELECT 1 / (count(*) = 2)::int
  FROM pg_default_acl
 WHERE defaclrole = 'stockbus_owner'::regrole AND defaclobjtype IN ('f', 'T');
