-- Every object that is ours says what it is for. A partition says it by its parent, a constraint's index by the constraint.
SELECT plan(8);

CREATE TEMPORARY VIEW our_schemas AS
SELECT oid, nspname
  FROM pg_namespace
 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public', 'sqitch', 'tap');
CREATE TEMPORARY VIEW our_relations AS
SELECT c.oid, c.relkind, n.nspname || '.' || c.relname AS name
  FROM pg_class c
  JOIN our_schemas n ON n.oid = c.relnamespace
 WHERE NOT c.relispartition;

SELECT is_empty($$SELECT nspname FROM our_schemas WHERE obj_description(oid, 'pg_namespace') IS NULL$$,
                'every schema has a comment');
SELECT is_empty($$SELECT name FROM our_relations
                   WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND obj_description(oid, 'pg_class') IS NULL$$,
                'every table and view has a comment');
SELECT is_empty($$SELECT r.name || '.' || a.attname
                    FROM our_relations r
                    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
                   WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND col_description(r.oid, a.attnum) IS NULL$$,
                'every column of a table or view has a comment');
SELECT is_empty($$SELECT r.name
                    FROM our_relations r
                   WHERE r.relkind IN ('i', 'I') AND obj_description(r.oid, 'pg_class') IS NULL
                     AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = r.oid)$$,
                'every index that is no constraint''s has a comment');
SELECT is_empty($$SELECT r.name
                    FROM our_relations r
                   WHERE r.relkind = 'S' AND obj_description(r.oid, 'pg_class') IS NULL
                     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = r.oid AND d.deptype IN ('a', 'i'))$$,
                'every sequence that is no column''s has a comment');
SELECT is_empty($$SELECT p.oid::regprocedure
                    FROM pg_proc p
                    JOIN our_schemas n ON n.oid = p.pronamespace
                   WHERE obj_description(p.oid, 'pg_proc') IS NULL$$,
                'every function has a comment');
SELECT is_empty($$SELECT t.oid::regtype
                    FROM pg_type t
                    JOIN our_schemas n ON n.oid = t.typnamespace
                   WHERE (t.typtype IN ('d', 'e', 'r')
                          OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
                     AND obj_description(t.oid, 'pg_type') IS NULL$$,
                'every type and domain has a comment');
SELECT is_empty($$SELECT rolname FROM pg_roles
                   WHERE rolname LIKE 'stockbus%' AND shobj_description(oid, 'pg_authid') IS NULL$$,
                'every role has a comment');
SELECT * FROM finish();
