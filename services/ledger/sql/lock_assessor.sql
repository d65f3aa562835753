-- One assessor at a time in the whole suite; held by the transaction.
SELECT pg_try_advisory_xact_lock(7310579215) AS locked
