-- A small history, by hand, as the ledger writes it: what happened on 2026-11-21 with the SKU MUG.
--
--   09:10     two are counted; shopify-main sells them as listing 111, woo-main as listing 17
--   10:00:00  order S1 on shopify-main takes one; shopify-main confirms 1, woo-main throttles the push
--   10:00:30  order W1 on woo-main takes the last one
--   10:00:40  order S2 on shopify-main takes one that is not there: shopify-main still showed 1 less its own sale
--   10:20     S2 is cancelled
--   11:00     S1 is shipped; 12:00 it comes back
--   12:30     shopify-main says that it shows 3: nobody of us told it to
--   13:00     listing 17 is mapped to MUG-XL, of which five were counted; order W2 takes one of them
--   13:10     somebody tells of an older count: seven at 09:05
--   13:20     order W9 on woo-main names a listing that nobody mapped
--   02:00     the nightly comparison finds that listing 17 shows 0 instead of 4
SET search_path = ledger, pg_catalog;
SET timezone = 'UTC';
BEGIN;

-- The n-th event's id, a time of that day, and the same as milliseconds.
CREATE FUNCTION pg_temp.e(n integer) RETURNS uuid LANGUAGE sql
    RETURN ('00000000-0000-5000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid;
CREATE FUNCTION pg_temp.t(clock text) RETURNS timestamptz LANGUAGE sql
    RETURN ('2026-11-21 ' || clock || '+00')::timestamptz;
CREATE FUNCTION pg_temp.m(clock text) RETURNS bigint LANGUAGE sql RETURN ledger.ms(pg_temp.t(clock));

INSERT INTO events (event_id, content_hash, kind, channel, account, notification_id, captured_via, actor, listing,
                    sku, order_id, line_id, occurred_at, received_at, applied_at, status, reason, partition,
                    kafka_offset, traceparent, generation)
SELECT pg_temp.e(n), '\x00', kind, channel, '', 'n' || n, CASE actor WHEN '' THEN 'push' ELSE 'manual' END, actor,
       listing, sku, order_id, CASE order_id WHEN '' THEN '' ELSE '1' END, pg_temp.t(occurred), pg_temp.t(received),
       pg_temp.t(applied), CASE reason WHEN '' THEN 'applied' WHEN 'older' THEN 'noted' ELSE 'parked' END,
       CASE reason WHEN 'older' THEN '' ELSE reason END, 0, n, '', 1
  FROM (VALUES
        (2, 'mapping_changed', 'shopify-main', 'ann', '111', '', '', '09:00', '09:00:00.5', '09:00:01', ''),
        (3, 'mapping_changed', 'woo-main', 'ann', '17', '', '', '09:00', '09:00:00.5', '09:00:01', ''),
        (4, 'stock_counted', 'admin', 'bob', '', 'MUG', '', '09:10', '09:10:00.9', '09:10:01', ''),
        (5, 'order_line', 'shopify-main', '', '111', '', 'S1', '10:00', '10:00:00.2', '10:00:00.3', ''),
        (6, 'order_line', 'woo-main', '', '17', '', 'W1', '10:00:30', '10:00:30.4', '10:00:30.5', ''),
        (7, 'order_line', 'shopify-main', '', '111', '', 'S2', '10:00:40', '10:00:41', '10:00:41.2', ''),
        (8, 'observation', 'woo-main', '', '17', '', '', '10:01', '10:01:00.3', '10:01:00.4', ''),
        (9, 'order_line', 'shopify-main', '', '111', '', 'S2', '10:20', '10:20:01', '10:20:01.1', ''),
        (10, 'line_shipped', 'shopify-main', '', '111', '', 'S1', '11:00', '11:00:00.8', '11:00:01', ''),
        (11, 'line_returned', 'shopify-main', '', '111', '', 'S1', '12:00', '12:00:00.9', '12:00:01', ''),
        (12, 'observation', 'shopify-main', '', '111', '', '', '12:30', '12:30:00.3', '12:30:00.4', ''),
        (13, 'stock_counted', 'admin', 'bob', '', 'MUG-XL', '', '12:50', '12:50:00.5', '12:50:01', ''),
        (14, 'mapping_changed', 'woo-main', 'ann', '17', '', '', '13:00', '13:00:00.5', '13:00:01', ''),
        (15, 'order_line', 'woo-main', '', '17', '', 'W2', '13:05', '13:05:00.4', '13:05:00.5', ''),
        (16, 'stock_counted', 'admin', 'bob', '', 'MUG', '', '09:05', '13:10:00.5', '13:10:01', 'older'),
        (17, 'order_line', 'woo-main', '', '99', '', 'W9', '13:20', '13:20:00.4', '13:20:00.5', 'no-mapping'))
       AS k (n, kind, channel, actor, listing, sku, order_id, occurred, received, applied, reason);

INSERT INTO pools (pool_id, pool, authority, title, valid_from_ms)
VALUES (pg_temp.e(1), 'main', 'ledger', 'Main warehouse', pg_temp.m('08:00'));
INSERT INTO mappings (mapping_id, channel, listing, address, pool, valid_from_ms)
VALUES (pg_temp.e(2), 'shopify-main', '111', 'A111', 'main', pg_temp.m('09:00')),
       (pg_temp.e(3), 'woo-main', '17', 'A17', 'main', pg_temp.m('09:00')),
       (pg_temp.e(14), 'woo-main', '17', 'A17', 'main', pg_temp.m('13:00'));
INSERT INTO mapping_components (mapping_id, sku, units)
VALUES (pg_temp.e(2), 'MUG', 1), (pg_temp.e(3), 'MUG', 1), (pg_temp.e(14), 'MUG-XL', 1);

INSERT INTO order_lines (channel, order_id, line_id, listing, ordered, reported_cancelled, placed_ms, version_ms,
                         status, report_id, voided_ms, cancelled, shipped, returned, mapping_id, waiting)
VALUES ('shopify-main', 'S1', '1', '111', 1, 0, pg_temp.m('10:00'), pg_temp.m('10:00'), 'paid', pg_temp.e(5), 0, 0, 1, 1,
        pg_temp.e(2), ''),
       ('woo-main', 'W1', '1', '17', 1, 0, pg_temp.m('10:00:30'), pg_temp.m('10:00:30'), 'processing', pg_temp.e(6), 0,
        0, 0, 0, pg_temp.e(3), ''),
       ('shopify-main', 'S2', '1', '111', 1, 1, pg_temp.m('10:00:40'), pg_temp.m('10:20'), 'voided', pg_temp.e(9), 0, 1,
        0, 0, pg_temp.e(2), ''),
       ('woo-main', 'W2', '1', '17', 1, 0, pg_temp.m('13:05'), pg_temp.m('13:05'), 'processing', pg_temp.e(15), 0, 0, 0,
        0, pg_temp.e(14), ''),
       ('woo-main', 'W9', '1', '99', 1, 0, pg_temp.m('13:20'), pg_temp.m('13:20'), 'processing', pg_temp.e(17), 0, 0, 0,
        0, '', 'no-mapping');
INSERT INTO line_parts (event_id, channel, order_id, line_id, kind, part_id, quantity, bucket, occurred_ms)
VALUES (pg_temp.e(10), 'shopify-main', 'S1', '1', 'line_shipped', 'F1', 1, '', pg_temp.m('11:00')),
       (pg_temp.e(11), 'shopify-main', 'S1', '1', 'line_returned', 'R1', 1, 'sellable', pg_temp.m('12:00'));

INSERT INTO counts (sku, pool, bucket, event_id, counted_ms, quantity)
VALUES ('MUG', 'main', 'sellable', pg_temp.e(4), pg_temp.m('09:10'), 2),
       ('MUG-XL', 'main', 'sellable', pg_temp.e(13), pg_temp.m('12:50'), 5);
INSERT INTO count_facts (event_id, sku, pool, bucket, quantity, counted_ms)
VALUES (pg_temp.e(4), 'MUG', 'main', 'sellable', 2, pg_temp.m('09:10')),
       (pg_temp.e(13), 'MUG-XL', 'main', 'sellable', 5, pg_temp.m('12:50')),
       (pg_temp.e(16), 'MUG', 'main', 'sellable', 7, pg_temp.m('09:05'));

INSERT INTO batches (topic, partition, epoch, generation, first_offset, next_offset, movements, head, replica)
VALUES ('stockbus.events.v1', 0, 1, 1, 0, 18, 10, sha256(''), 'ledger-0');
INSERT INTO movements (event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason, applied_at, batch_id,
                       topic_partition, topic_offset, ordinal, chain, filed_ms)
SELECT pg_temp.e(n), sku, 'main', bucket, delta, effect, balance, pg_temp.m(occurred), reason, pg_temp.t(applied), 1, 0,
       n, row_number() OVER (PARTITION BY n ORDER BY bucket) - 1, sha256(''),
       greatest(pg_temp.m(occurred), pg_temp.m(applied))
  FROM (VALUES
        (4, 'MUG', 'sellable', 0, 2, 2, '09:10', 'counted', '09:10:01'),
        (5, 'MUG', 'committed', 1, 1, 1, '10:00', 'placed', '10:00:00.3'),
        (6, 'MUG', 'committed', 1, 1, 2, '10:00:30', 'placed', '10:00:30.5'),
        (7, 'MUG', 'committed', 1, 1, 3, '10:00:40', 'placed', '10:00:41.2'),
        (9, 'MUG', 'committed', -1, -1, 2, '10:00:40', 'cancelled', '10:20:01.1'),
        (10, 'MUG', 'committed', -1, -1, 1, '10:00', 'shipped', '11:00:01'),
        (10, 'MUG', 'sellable', -1, -1, 1, '11:00', 'shipped', '11:00:01'),
        (11, 'MUG', 'sellable', 1, 1, 2, '12:00', 'returned', '12:00:01'),
        (13, 'MUG-XL', 'sellable', 0, 5, 5, '12:50', 'counted', '12:50:01'),
        (15, 'MUG-XL', 'committed', 1, 1, 1, '13:05', 'placed', '13:05:00.5'))
       AS k (n, sku, bucket, delta, effect, balance, occurred, reason, applied)
 ORDER BY n, bucket;
INSERT INTO skus (sku)
VALUES ('TEE-RED-M');

INSERT INTO positions (sku, pool, bucket, quantity, changed_at)
VALUES ('MUG', 'main', 'sellable', 2, pg_temp.t('12:00:01')),
       ('MUG', 'main', 'committed', 1, pg_temp.t('11:00:01')),
       ('MUG-XL', 'main', 'sellable', 5, pg_temp.t('12:50:01')),
       ('MUG-XL', 'main', 'committed', 1, pg_temp.t('13:05:00.5'));
INSERT INTO oversells (sku, pool, event_id, channel, order_id, available, opened_at, closed_at)
VALUES ('MUG', 'main', pg_temp.e(7), 'shopify-main', 'S2', -1, pg_temp.t('10:00:41.2'), pg_temp.t('10:20:01.1'));

INSERT INTO targets (channel, listing, version, address, quantity, sold_here, event_id, rule_id, mapping_id,
                     cause_channel, occurred_ms, received_ms, applied_ms, traceparent, tier, priced,
                     measurement_id, latency_id)
SELECT e.target_channel, e.listing, e.version, 'A' || e.listing, e.quantity, e.sold, e.event_id, '', e.mapping,
       e.channel, ledger.ms(e.occurred_at), ledger.ms(e.received_at), ledger.ms(e.applied_at), '', 'T4', 0, '', ''
  FROM (SELECT v.event_id, e.channel, e.occurred_at, e.received_at, e.applied_at, v.target_channel, v.listing,
               v.version, v.quantity, v.sold, v.mapping
          FROM (SELECT pg_temp.e(n) AS event_id, target_channel, listing, version, quantity, sold,
                       pg_temp.e(mapping) AS mapping
                  FROM (VALUES
                        (4, 'shopify-main', '111', 1, 2, 0, 2), (4, 'woo-main', '17', 1, 2, 0, 3),
                        (5, 'shopify-main', '111', 2, 1, 1, 2), (5, 'woo-main', '17', 2, 1, 0, 3),
                        (6, 'shopify-main', '111', 3, 0, 1, 2), (6, 'woo-main', '17', 3, 0, 1, 3),
                        (11, 'shopify-main', '111', 4, 1, 1, 2), (11, 'woo-main', '17', 4, 1, 1, 3),
                        (14, 'woo-main', '17', 5, 5, 1, 14), (15, 'woo-main', '17', 6, 4, 2, 14))
                       AS k (n, target_channel, listing, version, quantity, sold, mapping)) v
          JOIN events e USING (event_id)) e;
INSERT INTO listings (channel, listing, address, sku, quantity, version, sold_here, mapping_id, rule_id, event_id,
                      changed_at, tier, priced, measurement_id, latency_id)
VALUES ('shopify-main', '111', 'A111', 'MUG', 1, 4, 1, pg_temp.e(2), '', pg_temp.e(11), pg_temp.t('12:00:01'), 'T4', 0, '',
        ''),
       ('woo-main', '17', 'A17', 'MUG-XL', 4, 6, 2, pg_temp.e(14), '', pg_temp.e(15), pg_temp.t('13:05:00.5'), 'T4', 0,
        '', '');

INSERT INTO pushes (partition, kafka_offset, channel, listing, version, quantity, result, attempt, http_status,
                    error_class, error_text, request_hash, request_us, event_id, occurred_ms, received_ms, applied_ms,
                    published_ms, confirmed_ms, generation)
SELECT 0, k.n, k.channel, k.listing, k.version, t.quantity, k.result, k.attempt, k.status, k.class, k.words, '', 4000,
       t.event_id, t.occurred_ms, t.received_ms, t.applied_ms, pg_temp.m(k.published),
       CASE k.confirmed WHEN '' THEN 0 ELSE pg_temp.m(k.confirmed) END, 1
  FROM (VALUES
        (1, 'shopify-main', '111', 1, 'confirmed', 1, 200, '', '', '09:10:01.2', '09:10:01.5'),
        (2, 'woo-main', '17', 1, 'confirmed', 1, 200, '', '', '09:10:01.3', '09:10:02'),
        (3, 'shopify-main', '111', 2, 'confirmed', 1, 200, '', '', '10:00:00.5', '10:00:00.7'),
        (4, 'woo-main', '17', 2, 'retrying', 1, 429, 'throttled', 'Too many requests', '10:00:00.8', ''),
        (5, 'woo-main', '17', 2, 'superseded', 1, 0, '', '', '10:00:30.6', ''),
        (6, 'woo-main', '17', 3, 'confirmed', 1, 200, '', '', '10:00:45.7', '10:00:46'),
        (7, 'shopify-main', '111', 3, 'confirmed', 1, 200, '', '', '10:00:49.8', '10:00:50'),
        (8, 'shopify-main', '111', 4, 'confirmed', 1, 200, '', '', '12:00:01.4', '12:00:01.9'),
        (9, 'woo-main', '17', 4, 'retrying', 1, 503, 'maintenance', 'Back soon', '12:00:02', ''),
        (10, 'woo-main', '17', 4, 'retrying', 2, 503, 'maintenance', 'Back soon', '12:01:02', ''))
       AS k (n, channel, listing, version, result, attempt, status, class, words, published, confirmed)
  JOIN targets t USING (channel, listing, version);
INSERT INTO confirmations (channel, listing, version, quantity, confirmed_at)
VALUES ('shopify-main', '111', 4, 1, pg_temp.t('12:00:01.9')), ('woo-main', '17', 3, 0, pg_temp.t('10:00:46'));
INSERT INTO observation_history (event_id, channel, listing, quantity, observed_ms)
VALUES (pg_temp.e(8), 'woo-main', '17', 0, pg_temp.m('10:01')), (pg_temp.e(12), 'shopify-main', '111', 3, pg_temp.m('12:30'));
INSERT INTO observations (channel, listing, quantity, observed_at)
VALUES ('woo-main', '17', 0, pg_temp.t('10:01')), ('shopify-main', '111', 3, pg_temp.t('12:30'));

INSERT INTO findings.runs (run_id, channel, snapshot_at, started_at, ended_at, listings, matched, findings,
                           events_replayed)
VALUES (pg_temp.e(50), 'woo-main', '2026-11-22 02:00+00', '2026-11-22 02:04+00', '2026-11-22 02:05+00', 1, 0, 1, 16);
INSERT INTO findings.findings (run_id, channel, listing, sku, class, shown, expected, cause, event_id, found_at)
VALUES (pg_temp.e(50), 'woo-main', '17', 'MUG-XL', 'not_applied', 0, 4, 'the channel answers 503: Back soon',
        pg_temp.e(15)::text, '2026-11-22 02:05+00');

-- Tables that this day leaves empty: a row each, for the constraints.
INSERT INTO partitions (topic, partition, head) VALUES ('stockbus.events.v1', 0, sha256(''));
INSERT INTO conflicts (event_id, content_hash, partition, kafka_offset) VALUES (pg_temp.e(90), '\x01', 0, 90);
INSERT INTO poison (topic, partition, kafka_offset, generation, reason, body)
VALUES ('stockbus.events.v1', 0, 91, 1, 'no protobuf', '\x02');
INSERT INTO parked_bodies (event_id, detail, body) VALUES (pg_temp.e(17), 'no mapping', '\x03');
INSERT INTO decisions (decision_id, event_id, number, decision, note, body)
VALUES (pg_temp.e(17), pg_temp.e(88), 1, 'drop', 'made up', '\x04');
INSERT INTO voided_orders (channel, order_id, voided_ms, event_id) VALUES ('woo-main', 'W0', 1, pg_temp.e(92));
INSERT INTO rules (rule_id, channel, listing, sku, pools, buckets, buffer_units, buffer_percent, cap, floor, tier,
                   risk_bound_ppm, safety_stock, valid_from_ms)
VALUES (pg_temp.e(93), 'none-main', '', '', '{}', '{}', 0, 0, 0, 0, '', 0, 0, 0);
INSERT INTO outbox (records, body) VALUES (1, '\x05');
INSERT INTO tiers (tier_id, tier, from_per_day, latency_ms, lead_time_days, valid_from_ms)
VALUES (pg_temp.e(94), 'T9', 1, 1, 1, 1);
INSERT INTO velocities (measurement_id, sku, as_of_ms, window_ms, channels, units)
VALUES (pg_temp.e(95), 'NONE', 1, 1, '{}', '{}');
INSERT INTO latencies (measurement_id, channel, as_of_ms, latency_ms, samples) VALUES (pg_temp.e(96), 'none-main', 1, 1, 1);
INSERT INTO promotions (promotion_id, sku, active, valid_from_ms) VALUES (pg_temp.e(97), 'NONE', true, 1);
INSERT INTO consignments (kind, consignment_id, sku, channel, from_pool, from_bucket, to_pool, status, report_id, sent,
                          cancelled, shipped, version_ms, expected_ms, received, damaged, disposed, lost, missing,
                          transit, created_ms, arrived_ms, receiving_ms, closed_ms, waiting)
VALUES ('inbound', 'I1', 'NONE', '', '', '', 'main', 'shipped', pg_temp.e(98), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, ''),
       ('removal', 'R1', 'NONE', '', 'main', 'sellable', '', 'open', pg_temp.e(98), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0,
        '');
INSERT INTO consignment_reports (event_id, kind, consignment_id, sku, channel, from_pool, from_bucket, to_pool, status,
                                 sent, cancelled, shipped, received, damaged, disposed, lost, version_ms, created_ms,
                                 expected_ms)
VALUES (pg_temp.e(98), 'inbound', 'I1', 'NONE', '', '', '', 'main', 'shipped', 1, 0, 0, 0, 0, 0, 0, 1, 1, 0);
INSERT INTO consignment_receipts (event_id, kind, consignment_id, sku, pool, bucket, quantity, occurred_ms)
VALUES (pg_temp.e(99), 'inbound', 'I1', 'NONE', 'main', 'sellable', 1, 1);

COMMIT;
