-- $1 months ahead
SELECT ledger.prepare_movements($1::integer) AS made
