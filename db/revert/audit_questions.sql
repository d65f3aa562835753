-- Revert stockbus:audit_questions from pg

BEGIN;
DROP FUNCTION api.events_by_mapping(text, text), api.timeline(text), api.order_effects(text, text),
     api.unconfirmed(interval), api.drifted(timestamptz),
     api.channel_showed(text, text, timestamptz, timestamptz), api.oversell_story(text, text),
     api.who_sold_last_unit(text, text), api.available_history(text, text),
     api.why_position(text, text, text), api.position_export(timestamptz),
     api.stock_as_known_at(timestamptz), api.stock_as_of(timestamptz);
COMMIT;
