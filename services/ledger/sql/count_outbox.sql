SELECT coalesce(sum(records), 0)::bigint AS records
  FROM outbox
