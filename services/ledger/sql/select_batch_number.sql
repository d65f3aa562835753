-- The number of this transaction's batch. The statement has its snapshot before it draws the number, so of two
-- transactions that wrote the same row the later one drew later: it began after the other's COMMIT, or failed to
-- serialize and runs again with a new number.
SELECT nextval('batches_batch_id_seq') AS batch_id
