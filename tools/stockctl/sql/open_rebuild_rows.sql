-- The table's rows as JSON, without what is left out, sorted, as the cursor `stored`. Of a time only whether there is
-- one is told of closed_at.
DO $$
DECLARE
    stored refcursor := 'stored';
BEGIN
    OPEN stored NO SCROLL FOR EXECUTE format(
        'SELECT said.row FROM ('
        '    SELECT ((to_jsonb(t) - %L::text[]) || CASE WHEN to_jsonb(t) ? ''closed_at'' '
        '                THEN jsonb_build_object(''is_closed'', to_jsonb(t) -> ''closed_at'' <> ''null''::jsonb) '
        '                ELSE ''{}''::jsonb END)::text COLLATE "C" AS row '
        '      FROM %I.%I t WHERE to_jsonb(t) @> %L::jsonb) said '
        ' ORDER BY said.row',
        current_setting('stockbus.leave'), current_setting('stockbus.schema'),
        current_setting('stockbus.table'), current_setting('stockbus.only'));
END
$$
