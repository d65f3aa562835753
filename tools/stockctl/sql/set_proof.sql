-- $1 view of schema api, $2 its columns, $3 how many of the first are the key: what open_proof_rows looks up.
SELECT set_config('stockbus.view', $1::text, false), set_config('stockbus.columns', $2::text[]::text, false),
       set_config('stockbus.keys', $3::bigint::text, false)
