-- The view's rows, sorted by their key byte by byte, as the cursor `stored`.
DO $$
DECLARE
    stored refcursor := 'stored';
    columns text[] := current_setting('stockbus.columns')::text[];
    keys bigint := current_setting('stockbus.keys')::bigint;
BEGIN
    OPEN stored NO SCROLL FOR EXECUTE format(
        'SELECT %s FROM api.%I ORDER BY %s',
        (SELECT string_agg(format('%I', name), ', ' ORDER BY at)
           FROM unnest(columns) WITH ORDINALITY AS c (name, at)),
        current_setting('stockbus.view'),
        (SELECT string_agg(format('%I::text COLLATE "C"', name), ', ' ORDER BY at)
           FROM unnest(columns) WITH ORDINALITY AS c (name, at)
          WHERE at <= keys));
END
$$
