-- An error where the table, or the right to see it, is missing.
SELECT pg_catalog.has_table_privilege('movements', 'INSERT') AS may_write
