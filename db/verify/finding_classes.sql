-- Verify stockbus:finding_classes on pg

SELECT 1 / (col_description('findings.findings'::regclass, a.attnum) ~ 'missing_event')::int
  FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = 'findings.findings'::regclass AND a.attname = 'class';
