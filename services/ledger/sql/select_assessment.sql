SELECT a.as_of_ms, a.swept_sku
  FROM assessments a
