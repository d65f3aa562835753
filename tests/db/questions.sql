-- The questions of schema api on the day of fixture.sql; the answers are written by hand from its story.
SELECT plan(31);
SET timezone = 'UTC';

-- ---- stock at a time, by two clocks
CREATE FUNCTION pg_temp.mugs(clock text) RETURNS text LANGUAGE sql AS $$
SELECT coalesce(string_agg(bucket || ' ' || quantity, ', ' ORDER BY bucket DESC), 'nothing')
  FROM api.stock_as_of(('2026-11-21 ' || clock || '+00')::timestamptz) WHERE sku = 'MUG' $$;
CREATE FUNCTION pg_temp.mugs_known(clock text) RETURNS text LANGUAGE sql AS $$
SELECT coalesce(string_agg(bucket || ' ' || quantity, ', ' ORDER BY bucket DESC), 'nothing')
  FROM api.stock_as_known_at(('2026-11-21 ' || clock || '+00')::timestamptz) WHERE sku = 'MUG' $$;
SELECT is(pg_temp.mugs('09:04'), 'nothing', 'as of 09:04: nothing was counted');
SELECT is(pg_temp.mugs('09:07'), 'sellable 7', 'as of 09:07: the count that was told at 13:10');
SELECT is(pg_temp.mugs('09:10'), 'sellable 2', 'as of 09:10: the count of that moment');
SELECT is(pg_temp.mugs('10:00:35'), 'sellable 2, committed 2', 'as of 10:00:35: S1 and W1');
SELECT is(pg_temp.mugs('10:19:59'), 'sellable 2, committed 3', 'as of 10:19:59: S2, too, although it is cancelled by now');
SELECT is(pg_temp.mugs('10:20'), 'sellable 2, committed 2', 'as of 10:20: S2 is cancelled');
SELECT is(pg_temp.mugs('11:30'), 'sellable 1, committed 1', 'as of 11:30: S1 is shipped');
SELECT is(pg_temp.mugs('12:00'), 'sellable 2, committed 1', 'as of 12:00: S1 is back');
SELECT is(pg_temp.mugs_known('09:07'), 'nothing', 'known at 09:07: no count was told yet');
SELECT is(pg_temp.mugs_known('10:00:00.250'), 'sellable 2', 'known at 10:00:00.250: S1 was placed, and not applied');
SELECT is(pg_temp.mugs_known('10:00:41'), 'sellable 2, committed 2', 'known at 10:00:41: not yet of S2');
SELECT is_empty($$SELECT * FROM api.stock_as_of(now()) s FULL JOIN api.positions p USING (sku, pool, bucket)
                   WHERE s.quantity IS DISTINCT FROM p.quantity$$, 'as of now it is what the positions say');
SELECT is_empty($$SELECT * FROM api.stock_as_known_at(now()) s FULL JOIN api.positions p USING (sku, pool, bucket)
                   WHERE s.quantity IS DISTINCT FROM p.quantity$$, 'as known now it is what the positions say');
SELECT results_eq($$SELECT sku, available, channel, listing, target, confirmed FROM api.position_export('2026-11-21 13:06+00')
                     ORDER BY sku$$,
                  $$VALUES ('MUG', 1::bigint, 'shopify-main', '111', 1::bigint, 1::bigint),
                           ('MUG-XL', 4, 'woo-main', '17', 4, 0)$$,
                  'export as of 13:06: listing 17 is the XL''s by then, and the channel did not follow');
SELECT results_eq($$SELECT channel, target, confirmed FROM api.position_export('2026-11-21 10:00:10+00') WHERE sku = 'MUG'
                     ORDER BY channel$$,
                  $$VALUES ('shopify-main', 1::bigint, 1::bigint), ('woo-main', 1, 2)$$,
                  'export as of 10:00:10: both listings are the mug''s, woo-main is behind');

-- ---- why
SELECT results_eq($$SELECT step, what, delta, effect, balance, running, counts, reason, order_id, actor
                      FROM api.why_position('MUG', 'main', 'sellable')$$,
                  $$VALUES (0::bigint, 'count', NULL::bigint, NULL::bigint, 2::bigint, NULL::bigint, true, 'latest count',
                            NULL, 'bob'),
                           (1, 'movement', 0, 2, 2, 2, false, 'counted', '', 'bob'),
                           (2, 'movement', -1, -1, 1, 1, true, 'shipped', 'S1', ''),
                           (3, 'movement', 1, 1, 2, 2, true, 'returned', 'S1', '')$$,
                  'why two are sellable: two counted, one out, one back');
SELECT results_eq($$SELECT step, reason FROM api.why_position('MUG', 'main', 'committed') WHERE step = 0$$,
                  $$VALUES (0::bigint, 'never counted')$$, 'a position that was never counted says so');

-- ---- the last unit, and below
SELECT results_eq($$SELECT verdict, happened_at, available_before, available_after, channel, order_id, time_before
                      FROM api.who_sold_last_unit('MUG', 'main')$$,
                  $$VALUES ('went below zero', '2026-11-21 10:00:40+00'::timestamptz, 0::bigint, -1::bigint, 'shopify-main', 'S2',
                            0::bigint),
                           ('took the last unit', '2026-11-21 10:00:30+00', 1, 0, 'woo-main', 'W1', 0)$$,
                  'W1 took the last unit, S2 went below');
SELECT is_empty($$SELECT * FROM api.who_sold_last_unit('MUG-XL', 'main')$$, 'of the XL there is still one');
SELECT results_eq($$SELECT below_at, known_at, available, back_at, order_id, is_this_order
                      FROM api.oversell_story('shopify-main', 'S2')$$,
                  $$VALUES ('2026-11-21 10:00:40+00'::timestamptz, '2026-11-21 10:00:41.2+00'::timestamptz, -1::bigint,
                            '2026-11-21 10:20+00'::timestamptz, 'S2', true)$$,
                  'S2 was oversold when it was placed, until it was cancelled');
SELECT is_empty($$SELECT * FROM api.oversell_story('woo-main', 'W1')$$, 'W1 was in no oversell');
SELECT results_eq($$SELECT sku, available, order_id, closed_at FROM api.oversells WHERE order_id <> ''$$,
                  $$VALUES ('MUG', -1::bigint, 'S2', '2026-11-21 10:20:01.1+00'::timestamptz)$$, 'one oversell, closed');

-- ---- what a channel showed
CREATE FUNCTION pg_temp.shown(of_channel text, of_listing text, clock text) RETURNS bigint LANGUAGE sql AS $$
SELECT shows FROM api.channel_showed(of_channel, of_listing, ('2026-11-21 ' || clock || '+00')::timestamptz,
                                     ('2026-11-21 ' || clock || '+00')::timestamptz + interval '1 ms') LIMIT 1 $$;
SELECT results_eq($$SELECT clock, pg_temp.shown('woo-main', '17', clock), pg_temp.shown('shopify-main', '111', clock)
                      FROM unnest(ARRAY['09:00', '09:30', '10:00:20', '10:00:35', '10:00:42', '10:00:55', '12:00:30', '12:45'])
                           AS clock$$,
                  $$VALUES ('09:00', NULL::bigint, NULL::bigint),
                           ('09:30', 2, 2),
                           ('10:00:20', 2, 1),
                           ('10:00:35', 1, 1),
                           ('10:00:42', 1, 0),
                           ('10:00:55', 0, 0),
                           ('12:00:30', 0, 1),
                           ('12:45', 0, 3)$$,
                  'what both channels showed at eight moments: late confirmations, their own sales, a foreign write');
SELECT results_eq($$SELECT at, shown_until, shows
                      FROM api.channel_showed('shopify-main', '111', '2026-11-21 09:00+00', '2026-11-21 13:00+00')
                     WHERE shown_until IS NOT NULL$$,
                  $$VALUES ('2026-11-21 09:10:01.5+00'::timestamptz, '2026-11-21 10:00:00+00'::timestamptz, 2::bigint),
                           ('2026-11-21 10:00:00+00', '2026-11-21 10:00:00.7+00', 1),
                           ('2026-11-21 10:00:00.7+00', '2026-11-21 10:00:40+00', 1),
                           ('2026-11-21 10:00:40+00', '2026-11-21 10:00:50+00', 0),
                           ('2026-11-21 10:00:50+00', '2026-11-21 12:00:01.9+00', 0),
                           ('2026-11-21 12:00:01.9+00', '2026-11-21 12:30+00', 1),
                           ('2026-11-21 12:30+00', '2026-11-21 13:00+00', 3)$$,
                  'the intervals at which each number was shown follow each other');

-- ---- what is not as it should be
SELECT results_eq($$SELECT source, channel, listing, shown, expected, class FROM api.drifted('2026-11-21 12:15+00')$$,
                  $$VALUES ('finding', 'woo-main', '17', 0::bigint, 4::bigint, 'not_applied'),
                           ('observation', 'shopify-main', '111', 3, 1, 'differs')$$, 'what drifted since 12:15');
SELECT results_eq($$SELECT channel, listing, quantity, means, confirms, expected FROM api.echoes ORDER BY observed_at$$,
                  $$VALUES ('woo-main', '17', 0::bigint, 'echo', 3::bigint, 0::bigint),
                           ('shopify-main', '111', 3, 'differs', NULL, 1)$$,
                  'woo-main told of our write at 10:00:45, shopify-main of somebody else''s');
SELECT results_eq($$SELECT channel, listing, quantity, confirmed_quantity, since, attempts, last_result, last_error
                      FROM api.unconfirmed('1 ms')$$,
                  $$VALUES ('woo-main', '17', 4::bigint, 0::bigint, '2026-11-21 12:00:01+00'::timestamptz, 2::bigint, 'retrying',
                            'maintenance: Back soon')$$, 'woo-main does not take what it should show');
SELECT results_eq($$SELECT order_id, listing, reason FROM api.parked$$, $$VALUES ('W9', '99', 'no-mapping')$$,
                  'W9 waits for a mapping');

-- ---- one order, one SKU, one listing
SELECT results_eq($$SELECT what, channel, place, change, quantity, latency_ms FROM api.order_effects('woo-main', 'W1')$$,
                  $$VALUES ('event', 'woo-main', '17', NULL::bigint, NULL::bigint, 100::bigint),
                           ('movement', 'woo-main', 'main/committed', 1, 2, 100),
                           ('target', 'shopify-main', '111', NULL, 0, 100),
                           ('target', 'woo-main', '17', NULL, 0, 100),
                           ('push', 'woo-main', '17', NULL, 0, 15600),
                           ('push', 'shopify-main', '111', NULL, 0, 19600)$$,
                  'W1: one event, one movement, two targets, and how long each channel took');
SELECT results_eq($$SELECT what, count(*)::int FROM api.timeline('MUG') GROUP BY what ORDER BY what$$,
                  $$VALUES ('confirmed', 6), ('mapping', 3), ('movement', 8), ('noted', 1), ('observed', 2), ('oversell', 1),
                           ('push', 10), ('target', 10)$$,
                  'the timeline of the mug has all of it, over both channels');
SELECT results_eq($$SELECT sells, valid_until IS NULL, order_id FROM api.events_by_mapping('woo-main', '17')$$,
                  $$VALUES ('1 x MUG', false, 'W1'), ('1 x MUG-XL', true, 'W2')$$,
                  'listing 17 sold a mug to W1 and an XL to W2');
SELECT * FROM finish();
