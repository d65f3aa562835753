-- $1 run, $2 channel, $3 snapshot, $4 start and $5 end (ms), $6 listings, $7 matched, $8 findings,
-- $9 events replayed
INSERT INTO findings.runs
       (run_id, channel, snapshot_at, started_at, ended_at, listings, matched, findings,
        events_replayed)
VALUES ($1::uuid, $2, ledger.at_ms($3::bigint), ledger.at_ms($4::bigint), ledger.at_ms($5::bigint),
        $6::bigint, $7::bigint, $8::bigint, $9::bigint)
    ON CONFLICT (run_id) DO NOTHING
