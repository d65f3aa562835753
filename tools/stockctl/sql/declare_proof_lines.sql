DECLARE stored NO SCROLL CURSOR FOR
SELECT channel, order_id, line_id, listing, ordered, reported_cancelled, placed_ms, version_ms,
       status, report_id, voided_ms, cancelled, shipped, returned, mapping_id, waiting
  FROM api.proof_lines
 ORDER BY channel COLLATE "C", order_id COLLATE "C", line_id COLLATE "C"
