SELECT channel, findings, (extract(epoch FROM snapshot_at) * 1000)::bigint AS snapshot_ms
  FROM comparisons
