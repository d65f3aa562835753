-- Verify stockbus:audit_questions on pg. Merged into a query by the planner, a function must not be a
-- SECURITY DEFINER.

SELECT 1 / (count(*) = 13
            AND bool_and(NOT p.prosecdef AND has_function_privilege('stockbus_audit', p.oid, 'EXECUTE')))::int
  FROM unnest(ARRAY['api.stock_as_of(timestamptz)', 'api.stock_as_known_at(timestamptz)',
                    'api.position_export(timestamptz)', 'api.why_position(text, text, text)',
                    'api.available_history(text, text)', 'api.who_sold_last_unit(text, text)',
                    'api.oversell_story(text, text)',
                    'api.channel_showed(text, text, timestamptz, timestamptz)',
                    'api.drifted(timestamptz)', 'api.unconfirmed(interval)',
                    'api.order_effects(text, text)', 'api.timeline(text)',
                    'api.events_by_mapping(text, text)']) AS k (name)
  JOIN pg_proc p ON p.oid = k.name::regprocedure;
