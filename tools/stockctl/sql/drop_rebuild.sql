-- Only what a rebuild made.
DO $$
DECLARE
    schema text := current_setting('stockbus.schema');
BEGIN
    IF to_regnamespace(quote_ident(schema)) IS NULL THEN
        RETURN;
    END IF;
    IF obj_description(to_regnamespace(quote_ident(schema)), 'pg_namespace') IS DISTINCT FROM
       'Made by stockctl rebuild; can be dropped.' THEN
        RAISE EXCEPTION 'schema % was not made by stockctl rebuild: it stays', schema;
    END IF;
    SET LOCAL client_min_messages = warning;
    EXECUTE format('DROP SCHEMA %I CASCADE', schema);
END
$$
