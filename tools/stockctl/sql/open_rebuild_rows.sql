-- The table's rows as JSON, without what is left out, sorted, as the cursor `stored`. Of a time only whether there is
-- one is told of closed_at. OFFSET 0: each row is made JSON once.
DO $$
DECLARE
    stored refcursor := 'stored';
BEGIN
    OPEN stored NO SCROLL FOR EXECUTE format(
        'SELECT said.row FROM ('
        '    SELECT ((r.whole - %L::text[]) || CASE WHEN r.whole ? ''closed_at'' '
        '                THEN jsonb_build_object(''is_closed'', r.whole -> ''closed_at'' <> ''null''::jsonb) '
        '                ELSE ''{}''::jsonb END)::text COLLATE "C" AS row '
        '      FROM %I.%I t CROSS JOIN LATERAL (SELECT to_jsonb(t) AS whole OFFSET 0) r WHERE r.whole @> %L::jsonb) said '
        ' ORDER BY said.row',
        current_setting('stockbus.leave'), current_setting('stockbus.schema'),
        current_setting('stockbus.table'), current_setting('stockbus.only'));
END
$$
