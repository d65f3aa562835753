-- The matrix of db/README.md, table `wanted_privileges`, is exactly what the database grants; and what nobody may, nobody can.
SELECT no_plan();

CREATE TEMPORARY VIEW our_relations AS
SELECT c.oid, c.relkind, c.relispartition, c.relowner, c.relacl, n.nspname || '.' || c.relname AS name
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public', 'sqitch', 'tap');

CREATE TEMPORARY VIEW granted AS
SELECT r.name AS relation, coalesce(g.rolname, 'PUBLIC') AS role, lower(a.privilege_type) AS privilege
  FROM our_relations r
 CROSS JOIN aclexplode(r.relacl) a
  LEFT JOIN pg_roles g ON g.oid = a.grantee
 WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.grantee <> r.relowner
 UNION ALL
SELECT r.name, coalesce(g.rolname, 'PUBLIC'), lower(a.privilege_type) || ' of ' || t.attname
  FROM our_relations r
  JOIN pg_attribute t ON t.attrelid = r.oid AND t.attacl IS NOT NULL
 CROSS JOIN aclexplode(t.attacl) a
  LEFT JOIN pg_roles g ON g.oid = a.grantee
 WHERE a.grantee <> r.relowner;

-- "select, insert": in this order of words in the matrix, too.
CREATE TEMPORARY VIEW actual AS
SELECT relation, role, string_agg(privilege, ', '
                                   ORDER BY array_position(ARRAY['select', 'insert', 'update', 'delete'],
                                                           split_part(privilege, ' ', 1)), privilege)
           AS privileges
  FROM granted
 GROUP BY relation, role;

SELECT is(coalesce(a.privileges, ''), coalesce(w.privileges, 'the matrix has no line for it'),
          coalesce(w.role, a.role) || ' on ' || r.name)
  FROM our_relations r
  LEFT JOIN (SELECT relation, role, privileges FROM wanted_privileges) w ON w.relation = r.name
  LEFT JOIN actual a ON a.relation = r.name AND a.role = w.role
 WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT r.relispartition
 ORDER BY r.name, w.role;
SELECT is_empty($$SELECT relation, role, privileges FROM actual a
                   WHERE NOT EXISTS (SELECT FROM wanted_privileges w WHERE (w.relation, w.role) = (a.relation, a.role))$$,
                'no other role has any privilege on a table or view, PUBLIC neither, and on partitions nobody');
SELECT is_empty($$SELECT relation FROM wanted_privileges WHERE relation NOT IN (SELECT name FROM our_relations)$$,
                'the matrix names only what there is');

SELECT is_empty($$SELECT name FROM our_relations WHERE relowner <> 'stockbus_owner'::regrole$$,
                'stockbus_owner owns every table, view, index and sequence');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                   WHERE n.nspname IN ('ledger', 'findings', 'api')
                     AND (p.proowner <> 'stockbus_owner'::regrole
                          OR p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))$$,
                'stockbus_owner owns every function, and PUBLIC may call none');
SELECT is_empty($$SELECT n.nspname FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a
                   WHERE n.nspname IN ('ledger', 'findings', 'api', 'public') AND a.grantee = 0$$,
                'PUBLIC may use no schema');
SELECT is_empty($$SELECT a.privilege_type FROM pg_database d
                   CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                   WHERE d.datname = current_database() AND a.grantee = 0$$,
                'PUBLIC may not even connect');
SELECT is_empty($$SELECT rolname FROM pg_roles
                   WHERE rolname LIKE 'stockbus%'
                     AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
                          OR rolcanlogin AND rolname = 'stockbus_owner')$$,
                'no role has powers beside its grants, and nobody logs in as the owner');
SELECT is_empty($$SELECT m.member::regrole FROM pg_auth_members m
                   WHERE m.roleid::regrole::text LIKE 'stockbus%' AND m.member::regrole::text LIKE 'stockbus%'$$,
                'no role is a member of another');

-- What a role gets for a statement: its SQLSTATE, or 'allowed'. Nothing stays done.
CREATE FUNCTION pg_temp.answer(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE statement;
    RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN 'allowed';
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;

CREATE TEMPORARY VIEW movement_tables AS
SELECT 'ledger.movements'::regclass AS name
 UNION
SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger.movements'::regclass;

SELECT is(pg_temp.answer(role, format(statement, m.name)), '42501', role || ': ' || format(statement, m.name))
  FROM movement_tables m,
       unnest(ARRAY['UPDATE %s SET delta = 0', 'DELETE FROM %s', 'TRUNCATE %s']) AS statement,
       unnest(ARRAY['stockbus_ledger', 'stockbus_reconciler', 'stockbus_audit', 'stockbus_owner', 'postgres']) AS role;
SELECT is(pg_temp.answer('stockbus_ledger', statement), '42501', 'stockbus_ledger: ' || statement)
  FROM unnest(ARRAY['UPDATE ledger.events SET occurred_at = now()', 'UPDATE ledger.events SET content_hash = ''\x00''',
                    'DELETE FROM ledger.events', 'UPDATE ledger.targets SET quantity = 0', 'DELETE FROM ledger.targets',
                    'UPDATE ledger.pushes SET result = ''confirmed''', 'DELETE FROM ledger.pushes',
                    'UPDATE ledger.count_facts SET quantity = 0', 'DELETE FROM ledger.observation_history',
                    'INSERT INTO findings.runs DEFAULT VALUES', 'SELECT FROM findings.findings',
                    'CREATE TABLE ledger.own (n int)', 'CREATE TEMPORARY TABLE own (n int)']) AS statement;
SELECT is(pg_temp.answer('stockbus_ledger', 'UPDATE ledger.events SET status = ''noted'', reason = ''x'''), 'allowed',
          'stockbus_ledger says what became of an event');
SELECT is(pg_temp.answer('stockbus_audit', statement), '42501', 'stockbus_audit: ' || statement)
  FROM unnest(ARRAY['SELECT FROM ledger.movements', 'SELECT FROM findings.findings', 'DELETE FROM api.positions',
                    'UPDATE api.events SET status = ''noted''', 'CREATE VIEW api.own AS SELECT 1']) AS statement;
SELECT is(pg_temp.answer('stockbus_reconciler', statement), '42501', 'stockbus_reconciler: ' || statement)
  FROM unnest(ARRAY['INSERT INTO ledger.positions VALUES (''a'', ''b'', ''c'', 1)', 'UPDATE ledger.positions SET quantity = 0',
                    'DELETE FROM findings.findings', 'UPDATE findings.findings SET class = ''timing''']) AS statement;
SELECT * FROM finish();
