-- Each constraint refuses a wrong row: a copy of a row of the fixture, with what is wrong in it. A constraint without a
-- wrong row here fails by name.
SELECT no_plan();

-- Which constraint, or unique index, refuses the copy with these columns changed; or 'accepted'. Nothing stays done.
CREATE FUNCTION pg_temp.refuser(relation regclass, changes jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    refuser text;
BEGIN
    EXECUTE format('INSERT INTO %s OVERRIDING SYSTEM VALUE
                    SELECT (jsonb_populate_record(was, $1)).* FROM %s was LIMIT 1', relation, relation)
      USING changes;
    RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN 'accepted';
    WHEN integrity_constraint_violation THEN
        GET STACKED DIAGNOSTICS refuser = CONSTRAINT_NAME;
        -- A partition's key goes by its parent's name.
        RETURN coalesce((SELECT parent.relname
                           FROM pg_class c
                           JOIN pg_class parent ON parent.oid = pg_partition_root(c.oid)
                          WHERE c.relname = refuser AND c.relkind = 'i'), refuser);
END
$$;

CREATE TEMPORARY TABLE wrong (constraint_name text PRIMARY KEY, changes jsonb NOT NULL);
INSERT INTO wrong (constraint_name, changes)
VALUES ('timeline_only_row_check', '{"only_row": false}'),
       ('timeline_timeline_check', '{"timeline": 0}'),
       ('batches_check', '{"next_offset": 0}'),
       ('batches_movements_check', '{"movements": -1}'),
       ('batches_head_check', '{"head": "\\x00"}'),
       ('batches_offsets', '{"batch_id": 99}'),
       ('movements_check', '{"filed_ms": 0}'),
       ('movements_chain_check', '{"chain": "\\x00"}'),
       ('events_status_check', '{"status": "lost"}'),
       ('order_lines_ordered_check', '{"ordered": -1}'),
       ('order_lines_reported_cancelled_check', '{"reported_cancelled": -1}'),
       ('order_lines_cancelled_check', '{"cancelled": -1}'),
       ('order_lines_shipped_check', '{"shipped": -1}'),
       ('order_lines_returned_check', '{"returned": -1}'),
       ('line_parts_kind_check', '{"kind": "line_lost"}'),
       ('line_parts_quantity_check', '{"quantity": 0}'),
       ('mapping_components_units_check', '{"units": 0}'),
       ('mapping_components_mapping_id_fkey', '{"mapping_id": "00000000-0000-5000-8000-00000000ffff"}'),
       ('pools_authority_check', '{"authority": "nobody"}'),
       ('rules_buffer_units_check', '{"buffer_units": -1}'),
       ('rules_buffer_percent_check', '{"buffer_percent": 101}'),
       ('rules_cap_check', '{"cap": -1}'),
       ('rules_floor_check', '{"floor": -1}'),
       ('counts_quantity_check', '{"quantity": -1}'),
       ('count_facts_quantity_check', '{"quantity": -1}'),
       ('oversells_available_check', '{"available": 0}'),
       ('oversells_open', '{"oversell_id": 99, "closed_at": null}'),
       ('listings_quantity_check', '{"quantity": -2}'),
       ('targets_quantity_check', '{"quantity": -1}'),
       ('outbox_records_check', '{"records": 0}'),
       ('parked_bodies_event_id_fkey', '{"event_id": "00000000-0000-5000-8000-00000000ffff"}'),
       ('rules_risk_bound_ppm_check', '{"risk_bound_ppm": 100001}'),
       ('rules_safety_stock_check', '{"safety_stock": -1}'),
       ('tiers_from_per_day_check', '{"from_per_day": -1}'),
       ('tiers_latency_ms_check', '{"latency_ms": -1}'),
       ('tiers_lead_time_days_check', '{"lead_time_days": -1}'),
       ('velocities_window_ms_check', '{"window_ms": 0}'),
       ('latencies_latency_ms_check', '{"latency_ms": -1}'),
       ('assessments_only_row_check', '{"only_row": false}'),
       ('latencies_samples_check', '{"samples": -1}'),
       ('consignments_kind_check', '{"kind": "gift"}'),
       ('consignments_check', '{"sent": 5}'),
       ('consignments_sent_check', '{"sent": -1, "missing": -2}'),
       ('consignments_cancelled_check', '{"cancelled": -1, "missing": 1}'),
       ('consignments_shipped_check', '{"shipped": -1}'),
       ('consignments_received_check', '{"received": -1, "missing": 1}'),
       ('consignments_damaged_check', '{"damaged": -1, "missing": 1}'),
       ('consignments_disposed_check', '{"disposed": -1, "missing": 1}'),
       ('consignments_lost_check', '{"lost": -1, "missing": 1}'),
       ('consignments_transit_check', '{"transit": -1, "missing": 2}'),
       ('consignment_reports_kind_check', '{"kind": "gift"}'),
       ('consignment_receipts_kind_check', '{"kind": "gift"}'),
       ('consignment_receipts_quantity_check', '{"quantity": 0}'),
       ('inbound_windows_step_check', '{"step": "waiting"}'),
       ('inbound_windows_first_month_check', '{"first_month": 0}'),
       ('inbound_windows_check', '{"last_month": 13}'),
       ('inbound_windows_min_days_check', '{"min_days": -1}'),
       ('inbound_windows_check1', '{"max_days": 1001}'),
       ('decisions_number_check', '{"number": 0}'),
       ('decisions_decision_check', '{"decision": "wait"}'),
       ('decisions_decision_id_fkey', '{"decision_id": "00000000-0000-5000-8000-00000000ffff", "number": 9}'),
       ('decisions_event_id_number_key', '{"decision_id": "00000000-0000-5000-8000-00000000ffff"}'),
       ('findings_run_id_fkey', '{"run_id": "00000000-0000-5000-8000-00000000ffff"}');

CREATE TEMPORARY VIEW our_constraints AS
SELECT c.conname::text AS name, c.conrelid::regclass AS relation, c.contype = 'p' AS is_key
  FROM pg_constraint c
  JOIN pg_class r ON r.oid = c.conrelid AND NOT r.relispartition
 WHERE c.connamespace IN ('ledger'::regnamespace, 'findings'::regnamespace)
   AND c.contype IN ('p', 'u', 'f', 'c', 'x')
 UNION ALL
SELECT i.relname, x.indrelid::regclass, false
  FROM pg_index x
  JOIN pg_class i ON i.oid = x.indexrelid AND NOT i.relispartition
 WHERE i.relnamespace IN ('ledger'::regnamespace, 'findings'::regnamespace)
   AND x.indisunique
   AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype <> 'f');

-- A second open oversell needs a first.
INSERT INTO ledger.oversells (sku, pool, event_id, channel, order_id, available, closed_at)
SELECT sku, pool, event_id, channel, order_id, available, NULL FROM ledger.oversells;

-- A copy as it is meets the primary key.
SELECT CASE WHEN c.is_key OR w.changes IS NOT NULL
            THEN is(pg_temp.refuser(c.relation, coalesce(w.changes, '{}')), c.name, c.name || ' refuses '
                    || coalesce(w.changes::text, 'a second row with the same key'))
            ELSE fail(c.name || ' of ' || c.relation || ' has no wrong row in tests/db/constraints.sql') END
  FROM our_constraints c
  LEFT JOIN wrong w ON w.constraint_name = c.name
 ORDER BY c.relation::text, c.name;
SELECT is_empty($$SELECT constraint_name FROM wrong WHERE constraint_name NOT IN (SELECT name FROM our_constraints)$$,
                'every wrong row has its constraint');
SELECT * FROM finish();
