-- Verify stockbus:parked on pg

SELECT event_id, reason, detail, age_s, decisions FROM api.parked WHERE false;
SELECT decision_id, event_id, number, status, event_status FROM api.decisions WHERE false;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.parked', 'SELECT'))::int;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.decisions', 'SELECT'))::int;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.parked_bodies', 'SELECT'))::int;
