-- $1 number of records, $2 the records (services/ledger/outbox.h)
INSERT INTO outbox (records, body)
VALUES ($1::bigint, $2::bytea)
