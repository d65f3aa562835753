-- Made-up history as big as -v movements=N says, for plans and times: an order line a movement, ten SKUs
-- of a hundred thousand take a tenth of them, and a hundredth of all goes to one, HOT.
-- Two channels; every 5th event makes a target, each target two pushes.
SET search_path = ledger, pg_catalog;
SET synchronous_commit = off;

CREATE TEMPORARY TABLE made AS
SELECT n, md5(n::text)::uuid AS event_id,
       CASE WHEN n % 100 = 0 THEN 'HOT' ELSE 'S' || n % (:movements / 50) END AS sku,
       'c' || n % 2 AS channel,
       1750000000000 + n * 1000 AS at_ms
  FROM generate_series(1, :movements) AS n;

INSERT INTO events (event_id, content_hash, kind, channel, account, notification_id, captured_via,
                    actor, listing, sku, order_id, line_id, occurred_at, received_at, applied_at,
                    partition, kafka_offset, traceparent, generation)
SELECT event_id, '\x00', CASE WHEN n % 3 = 0 THEN 'line_shipped' ELSE 'order_line' END, channel, 'a',
       'n' || n, 'push', '', 'L-' || sku, '', 'o' || n - (n % 3 = 0)::int, '1', at_ms(at_ms),
       at_ms(at_ms + 20), at_ms(at_ms + 60), 0, n, '', 1
  FROM made;

INSERT INTO order_lines (channel, order_id, line_id, listing, ordered, reported_cancelled, placed_ms,
                         version_ms, status, report_id, voided_ms, cancelled, shipped, returned,
                         mapping_id, waiting)
SELECT channel, 'o' || n, '1', 'L-' || sku, 1, 0, at_ms, at_ms, 'paid', event_id, 0, 0, 0, 0,
       md5('map' || channel || sku)::uuid, ''
  FROM made
 WHERE n % 3 <> 0;

INSERT INTO mappings (mapping_id, channel, listing, address, pool, valid_from_ms)
SELECT DISTINCT md5('map' || channel || sku)::uuid, channel, 'L-' || sku, 'A-' || sku, 'main', 1700000000000
  FROM (SELECT DISTINCT sku FROM made) s, (VALUES ('c0'), ('c1')) AS c (channel);
INSERT INTO mapping_components (mapping_id, sku, units)
SELECT mapping_id, substr(listing, 3), 1 FROM mappings WHERE listing LIKE 'L-%';

INSERT INTO count_facts (event_id, sku, pool, bucket, quantity, counted_ms)
SELECT md5('count' || sku)::uuid, sku, 'main', 'sellable', 1000000, 1750000000000
  FROM (SELECT DISTINCT sku FROM made) s;
INSERT INTO counts (sku, pool, bucket, event_id, counted_ms, quantity)
SELECT sku, pool, bucket, event_id, counted_ms, quantity FROM count_facts;

INSERT INTO movements (event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, applied_at,
                       batch_id, topic_partition, topic_offset, ordinal, chain, filed_ms)
SELECT event_id, sku, 'main', CASE WHEN n % 3 = 0 THEN 'sellable' ELSE 'committed' END,
       CASE WHEN n % 3 = 0 THEN -1 ELSE 1 END, CASE WHEN n % 3 = 0 THEN -1 ELSE 1 END, n, at_ms,
       CASE WHEN n % 3 = 0 THEN 'shipped' ELSE 'placed' END, at_ms(at_ms + 61), n, 0, n, 0, sha256(''), at_ms + 61
  FROM made
 ORDER BY n;
INSERT INTO positions (sku, pool, bucket, quantity)
SELECT sku, pool, bucket, sum(effect) FROM movements GROUP BY sku, pool, bucket;

INSERT INTO targets (channel, listing, version, address, quantity, sold_here, event_id, rule_id, mapping_id,
                     cause_channel, occurred_ms, received_ms, applied_ms, traceparent, tier, priced, measurement_id,
                     latency_id)
SELECT channel, 'L-' || sku, n, 'A-' || sku, n % 1000, n, event_id, '', md5('map' || channel || sku)::uuid,
       channel, at_ms, at_ms + 20, at_ms + 60, '', 'T4', 0, '', ''
  FROM made
 WHERE n % 5 = 0;
INSERT INTO listings (channel, listing, address, sku, quantity, version, sold_here, mapping_id, rule_id, event_id,
                      tier, priced, measurement_id, latency_id)
SELECT DISTINCT ON (channel, listing) channel, listing, address, substr(listing, 3), quantity, version, sold_here,
       mapping_id, rule_id, event_id, tier, priced, measurement_id, latency_id
  FROM targets
 ORDER BY channel, listing, version DESC;
INSERT INTO pushes (partition, kafka_offset, channel, listing, version, quantity, result, attempt, http_status,
                    error_class, error_text, request_hash, request_us, event_id, occurred_ms, received_ms,
                    applied_ms, published_ms, confirmed_ms, generation)
SELECT 0, 2 * version + try, channel, listing, version, quantity,
       CASE try WHEN 0 THEN 'retrying' ELSE 'confirmed' END, try + 1, CASE try WHEN 0 THEN 429 ELSE 200 END, '', '',
       '', 5000, event_id, occurred_ms, received_ms, applied_ms, applied_ms + 100 + try * 100,
       CASE try WHEN 0 THEN 0 ELSE applied_ms + 300 END, 1
  FROM targets, generate_series(0, 1) AS try
 WHERE version % 1000 <> 5;
INSERT INTO confirmations (channel, listing, version, quantity, confirmed_at)
SELECT DISTINCT ON (channel, listing) channel, listing, version, quantity, at_ms(confirmed_ms)
  FROM pushes
 WHERE result = 'confirmed'
 ORDER BY channel, listing, version DESC;
INSERT INTO observation_history (event_id, channel, listing, quantity, observed_ms)
SELECT md5('seen' || channel || version)::uuid, channel, listing, quantity, applied_ms + 400
  FROM targets;
INSERT INTO observations (channel, listing, quantity, observed_at)
SELECT DISTINCT ON (channel, listing) channel, listing, quantity, at_ms(observed_ms)
  FROM observation_history
 ORDER BY channel, listing, observed_ms DESC;
INSERT INTO oversells (sku, pool, event_id, channel, order_id, available, closed_at)
SELECT sku, 'main', event_id, channel, 'o' || n, -1, now() FROM made WHERE n % 1000 = 0;
ANALYZE;
