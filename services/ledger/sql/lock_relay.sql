-- One relay at a time in the whole suite; held by the session, which ends when its relay is halted.
SELECT pg_try_advisory_lock(7310579213) AS locked
