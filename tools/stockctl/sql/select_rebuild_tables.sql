SELECT relname AS name
  FROM pg_catalog.pg_class
 WHERE relnamespace = 'ledger'::regnamespace
   AND relkind IN ('r', 'p')
   AND NOT relispartition
 ORDER BY relname COLLATE "C"
