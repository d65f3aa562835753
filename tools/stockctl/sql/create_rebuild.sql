-- A schema with tables like the ledger's: the same columns, keys and checks, nothing in them, nobody who relays. All of
-- them, so that a table that comes later is rebuilt and compared, too.
DO $$
DECLARE
    schema text := current_setting('stockbus.schema');
    name text;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', schema);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', schema, 'Made by stockctl rebuild; can be dropped.');
    FOR name IN SELECT relname FROM pg_class
                 WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition LOOP
        EXECUTE format('CREATE TABLE %I.%I (LIKE ledger.%I INCLUDING ALL)', schema, name, name);
    END LOOP;
    EXECUTE format('INSERT INTO %I.timeline TABLE ledger.timeline', schema);
END
$$
