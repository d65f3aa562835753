-- $1 schema, $2 table, $3 columns that are left out, $4 what rows must contain, as JSON: what the statements that
-- can't have parameters look up.
SELECT set_config('stockbus.schema', $1::text, false), set_config('stockbus.table', $2::text, false),
       set_config('stockbus.leave', $3::text, false), set_config('stockbus.only', $4::text, false)
