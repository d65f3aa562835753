-- $1 places of rows (select_skus): nobody else may write them and commit before us, or one of the two fails
SELECT count(s.sku) AS watched
  FROM unnest($1::text[]) AS k (place)
  JOIN skus s ON s.ctid = k.place::tid
