-- $1 ids
DELETE FROM outbox
 WHERE outbox_id = ANY ($1::bigint[])
