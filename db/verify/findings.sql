-- Verify stockbus:findings on pg

SELECT run_id, matched FROM findings.runs WHERE false;
SELECT run_id, class FROM findings.findings WHERE false;
SELECT 1 / has_table_privilege('stockbus_reconciler', 'findings.findings', 'INSERT')::int;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'findings.findings', 'INSERT'))::int;
