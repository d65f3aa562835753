-- $1 as of (ms), $2 last SKU that was swept
UPDATE assessments
   SET as_of_ms = $1::bigint, swept_sku = $2::text
