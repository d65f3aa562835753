-- On the history of scale.sql each question about one key goes by indexes: no scan of a big table, and no more blocks than
-- the budget beside it. Prints blocks and milliseconds.
SELECT no_plan();

CREATE FUNCTION pg_temp.plan_of(question text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING OFF) ' || question INTO found;
    RETURN found -> 0;
END
$$;
-- Months without rows are no matter.
CREATE FUNCTION pg_temp.scanned(plan jsonb) RETURNS text LANGUAGE sql AS $$
SELECT string_agg(DISTINCT root.relname, ', ')
  FROM jsonb_path_query(plan, '$.** ? (@."Node Type" == "Seq Scan")."Relation Name"') AS scan (name)
  JOIN pg_class c ON c.relname = scan.name #>> '{}' AND c.relnamespace = 'ledger'::regnamespace
   AND c.relpages > 8
  JOIN pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid)
 WHERE root.relname IN ('movements', 'events', 'order_lines', 'pushes', 'targets', 'observation_history') $$;

-- S76 has 49 of the 100,000 movements.
CREATE TEMPORARY TABLE questions (question text, budget integer);
INSERT INTO questions
VALUES ('SELECT * FROM api.stock_as_of(now()) WHERE sku = ''S76''', 300),
       ('SELECT * FROM api.stock_as_known_at(now()) WHERE sku = ''S76''', 300),
       ('SELECT * FROM api.position_export(now()) WHERE sku = ''S76''', 400),
       ('SELECT * FROM api.why_position(''S76'', ''main'', ''committed'')', 500),
       ('SELECT * FROM api.who_sold_last_unit(''S76'', ''main'')', 500),
       ('SELECT * FROM api.timeline(''S76'')', 1500),
       ('SELECT * FROM api.channel_showed(''c0'', ''L-S76'', ''2025-06-15'')', 600),
       ('SELECT * FROM api.events_by_mapping(''c0'', ''L-S76'')', 600),
       ('SELECT * FROM api.conservation WHERE sku = ''S76''', 300),
       ('SELECT * FROM api.order_effects(''c0'', ''o4076'')', 1500),
       ('SELECT * FROM api.oversell_story(''c0'', ''o4076'')', 1000),
       ('SELECT * FROM api.parked', 100),
       ('SELECT * FROM api.oversells', 100),
       ('SELECT * FROM api.pushes ORDER BY at DESC, channel, listing LIMIT 100', 300),
       ('SELECT * FROM api.unconfirmed(''1 minute'')', 1000);

CREATE TEMPORARY TABLE plans AS
SELECT question, budget, pg_temp.plan_of(question) AS plan FROM questions;

SELECT is(pg_temp.scanned(plan), NULL, 'scans no big table: ' || question) FROM plans;
SELECT cmp_ok(blocks, '<=', budget, format('%s blocks of %s, %s ms: %s', blocks, budget, ms, question))
  FROM (SELECT question, budget, round((plan -> 'Execution Time')::numeric, 1) AS ms,
               (plan #> '{Plan,Shared Hit Blocks}')::int + (plan #> '{Plan,Shared Read Blocks}')::int AS blocks
          FROM plans) measured;
SELECT * FROM finish();
