-- $1 ids
DELETE FROM ledger.outbox
 WHERE outbox_id = ANY ($1::bigint[])
