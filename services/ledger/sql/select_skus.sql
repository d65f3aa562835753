-- $1 SKUs: where their rows are, NULL: they have none yet
SELECT k.sku, s.place
  FROM unnest($1::text[]) AS k (sku)
  LEFT JOIN LATERAL (SELECT ctid AS place FROM skus WHERE sku = k.sku OFFSET 0) s ON true
