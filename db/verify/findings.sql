-- Verify stockbus:findings on pg

SELECT run_id, class FROM findings.findings WHERE false;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'findings.findings', 'INSERT'))::int;
