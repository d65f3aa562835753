-- $1 SKUs
INSERT INTO skus (sku)
SELECT sku
  FROM unnest($1::text[]) AS k (sku)
 ORDER BY sku
    ON CONFLICT (sku)
    DO UPDATE SET changed_at = clock_timestamp()
