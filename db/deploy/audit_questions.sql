-- Deploy stockbus:audit_questions to pg
-- requires: audit_views, echoes

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, pg_catalog;

-- Each function is one query over the views of api, run with the caller's rights: what it reads the
-- caller may read by hand. Without SECURITY DEFINER and SET the planner merges it into the caller's
-- query, so that a WHERE on its result reaches the indexes. BEGIN ATOMIC binds names here and now.

-- ---- stock at a time, by two clocks

CREATE FUNCTION stock_as_of(of_time timestamptz)
RETURNS TABLE (sku text, pool text, bucket text, quantity bigint, counted bigint,
               counted_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
SELECT p.sku, p.pool, p.bucket, coalesce(c.quantity, 0) + m.moved, c.quantity, c.counted_at
  FROM api.positions p
  LEFT JOIN LATERAL (SELECT c.quantity, c.counted_ms, c.counted_at
                       FROM api.counts c
                      WHERE (c.sku, c.pool, c.bucket) = (p.sku, p.pool, p.bucket)
                        AND c.counted_ms <= ledger.ms(of_time)
                      ORDER BY c.counted_ms DESC, c.event_id DESC
                      LIMIT 1) c ON true
 CROSS JOIN LATERAL (SELECT coalesce(sum(m.delta), 0)::bigint AS moved, count(*) AS movements
                       FROM api.movements m
                      WHERE (m.sku, m.pool, m.bucket) = (p.sku, p.pool, p.bucket)
                        AND m.occurred_ms > coalesce(c.counted_ms, -1)
                        AND m.happened_ms <= ledger.ms(of_time)) m
 WHERE c.quantity IS NOT NULL
    OR m.movements > 0;
END;
COMMENT ON FUNCTION stock_as_of(timestamptz) IS
    'What was in each position at that time, by the time of the facts: with all that is known today.';

CREATE FUNCTION stock_as_known_at(of_time timestamptz)
RETURNS TABLE (sku text, pool text, bucket text, quantity bigint, event_id uuid,
               applied_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
SELECT DISTINCT ON (m.sku, m.pool, m.bucket)
       m.sku, m.pool, m.bucket, m.balance, m.event_id, m.applied_at
  FROM api.movements m
 WHERE m.applied_at <= of_time
 ORDER BY m.sku, m.pool, m.bucket, m.movement_id DESC;
END;
COMMENT ON FUNCTION stock_as_known_at(timestamptz) IS
    'What the ledger held in each position at that time: with what it had been told until then.';

CREATE FUNCTION position_export(of_time timestamptz)
RETURNS TABLE (sku text, pool text, sellable bigint, committed bigint, available bigint,
               elsewhere bigint, channel text, listing text, units bigint, target bigint,
               confirmed bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH stock AS (
    SELECT s.sku, s.pool,
           coalesce(sum(s.quantity) FILTER (WHERE s.bucket = 'sellable'), 0)::bigint AS sellable,
           coalesce(sum(s.quantity) FILTER (WHERE s.bucket = 'committed'), 0)::bigint AS committed,
           coalesce(sum(s.quantity) FILTER (WHERE s.bucket NOT IN ('sellable', 'committed')), 0)::bigint
               AS elsewhere
      FROM api.stock_as_of(of_time) s
     GROUP BY s.sku, s.pool
)
SELECT s.sku, s.pool, s.sellable, s.committed, s.sellable - s.committed, s.elsewhere,
       m.channel, m.listing, m.units, t.quantity, p.quantity
  FROM stock s
  LEFT JOIN api.mappings m
    ON m.sku = s.sku
   AND m.pool = s.pool
   AND m.valid_from <= of_time
   AND NOT EXISTS (SELECT
                     FROM api.mappings n
                    WHERE (n.channel, n.listing) = (m.channel, m.listing)
                      AND n.valid_from <= of_time
                      AND (n.valid_from, n.mapping_id) > (m.valid_from, m.mapping_id))
  LEFT JOIN LATERAL (SELECT t.quantity
                       FROM api.target_history t
                      WHERE (t.channel, t.listing) = (m.channel, m.listing)
                        AND t.applied_at <= of_time
                      ORDER BY t.version DESC
                      LIMIT 1) t ON true
  LEFT JOIN LATERAL (SELECT p.quantity
                       FROM api.pushes p
                      WHERE (p.channel, p.listing, p.result) = (m.channel, m.listing, 'confirmed')
                        AND p.confirmed_at <= of_time
                      ORDER BY p.version DESC
                      LIMIT 1) p ON true;
END;
COMMENT ON FUNCTION position_export(timestamptz) IS
    'Stock by SKU and pool at that time, by the time of the facts, and for each listing of the SKU what it should show and was confirmed to show then.';

-- ---- why a position is what it is

CREATE FUNCTION why_position(of_sku text, of_pool text, of_bucket text DEFAULT 'sellable')
RETURNS TABLE (step bigint, what text, occurred_at timestamptz, applied_at timestamptz,
               delta bigint, effect bigint, balance bigint, running bigint, counts boolean,
               reason text, kind text, channel text, listing text, order_id text, line_id text,
               actor text, event_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH latest AS (
    SELECT c.quantity, c.counted_ms, c.counted_at, c.applied_at, c.actor, c.event_id
      FROM api.counts c
     WHERE (c.sku, c.pool, c.bucket) = (of_sku, of_pool, of_bucket)
     ORDER BY c.counted_ms DESC, c.event_id DESC
     LIMIT 1
)
SELECT 0::bigint, 'count', l.counted_at, l.applied_at, NULL::bigint, NULL::bigint, l.quantity,
       NULL::bigint, l.event_id IS NOT NULL,
       CASE WHEN l.event_id IS NULL THEN 'never counted' ELSE 'latest count' END,
       NULL, NULL, NULL, NULL, NULL, l.actor, l.event_id
  FROM (VALUES (true)) AS always (present)
  LEFT JOIN latest l ON true
 UNION ALL
SELECT row_number() OVER w, 'movement', m.occurred_at, m.applied_at, m.delta, m.effect, m.balance,
       (sum(m.effect) OVER w)::bigint,
       m.delta <> 0 AND m.occurred_ms > coalesce((SELECT l.counted_ms FROM latest l), -1),
       m.reason, m.kind, m.channel, m.listing, m.order_id, m.line_id, m.actor, m.event_id
  FROM api.movements m
 WHERE (m.sku, m.pool, m.bucket) = (of_sku, of_pool, of_bucket)
WINDOW w AS (ORDER BY m.movement_id ROWS UNBOUNDED PRECEDING)
 ORDER BY 1;
END;
COMMENT ON FUNCTION why_position(text, text, text) IS
    'Why a position is what it is: its latest count, then every movement in the order of writing. running adds up the effects and must equal balance; the quantity is the count and the deltas where counts is true.';

-- ---- who sold the last unit

CREATE FUNCTION available_history(of_sku text, of_pool text)
RETURNS TABLE (step bigint, happened_at timestamptz, applied_at timestamptz, change bigint,
               available bigint, reason text, kind text, channel text, order_id text,
               line_id text, listing text, actor text, event_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH steps AS (
    -- A shipment moves two buckets and leaves available alone: an event is one step.
    SELECT m.happened_ms, 0 AS rank, min(m.movement_id) AS seq, min(m.applied_at) AS applied_at,
           coalesce(sum(m.delta) FILTER (WHERE m.bucket = 'sellable'), 0) AS sellable,
           coalesce(sum(m.delta) FILTER (WHERE m.bucket = 'committed'), 0) AS committed,
           NULL::bigint AS counted, min(m.reason) AS reason, m.event_id
      FROM api.movements m
     WHERE (m.sku, m.pool) = (of_sku, of_pool)
       AND m.bucket IN ('sellable', 'committed')
       AND m.reason <> 'counted'
     GROUP BY m.happened_ms, m.event_id
     UNION ALL
    -- A count replaces what happened up to its millisecond, that included.
    SELECT c.counted_ms, 1, 0, c.applied_at, 0, 0, c.quantity, 'counted', c.event_id
      FROM api.counts c
     WHERE (c.sku, c.pool, c.bucket) = (of_sku, of_pool, 'sellable')
), numbered AS (
    SELECT s.*, row_number() OVER w AS step, count(s.counted) OVER w AS count_number,
           sum(s.committed) OVER w AS promised
      FROM steps s
    WINDOW w AS (ORDER BY s.happened_ms, s.rank, s.seq, s.event_id ROWS UNBOUNDED PRECEDING)
), levels AS (
    SELECT n.*, (coalesce(first_value(n.counted) OVER w, 0) + sum(n.sellable) OVER w
                 - n.promised)::bigint AS available
      FROM numbered n
    WINDOW w AS (PARTITION BY n.count_number ORDER BY n.step ROWS UNBOUNDED PRECEDING)
), changes AS (
    SELECT l.*, l.available - lag(l.available, 1, 0::bigint) OVER (ORDER BY l.step) AS change
      FROM levels l
)
-- Events are looked up last: who asks for a few steps looks up a few.
SELECT c.step, ledger.at_ms(c.happened_ms), c.applied_at, c.change, c.available, c.reason,
       e.kind, e.channel, e.order_id, e.line_id, e.listing, e.actor, c.event_id
  FROM changes c
  LEFT JOIN api.events e USING (event_id);
END;
COMMENT ON FUNCTION available_history(text, text) IS
    'Available of a SKU in a pool after each event that moved it, by the time of the facts; orders take units when they are placed.';

CREATE FUNCTION who_sold_last_unit(of_sku text, of_pool text)
RETURNS TABLE (time_before bigint, verdict text, happened_at timestamptz, available_before bigint,
               available_after bigint, reason text, channel text, order_id text, line_id text,
               listing text, actor text, event_id uuid, applied_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
SELECT sum(CASE WHEN h.available - h.change > 0 THEN 1 ELSE 0 END) OVER (ORDER BY h.step DESC)
           - CASE WHEN h.available - h.change > 0 THEN 1 ELSE 0 END,
       CASE WHEN h.available - h.change <= 0 THEN 'went below zero'
            WHEN h.available = 0 THEN 'took the last unit'
            ELSE 'took the last unit and more' END,
       h.happened_at, h.available - h.change, h.available, h.reason, h.channel, h.order_id,
       h.line_id, h.listing, h.actor, h.event_id, h.applied_at
  FROM api.available_history(of_sku, of_pool) h
 WHERE h.change < 0
   AND h.available <= 0
   AND (h.reason = 'placed' OR h.available - h.change > 0)
 ORDER BY h.step DESC;
END;
COMMENT ON FUNCTION who_sold_last_unit(text, text) IS
    'Lines that took the last unit and those that went below, newest first by the time of placing; also what else took the last unit. time_before 0: when it ran out last, 1: the time before.';

-- ---- oversells

CREATE FUNCTION oversell_story(of_channel text, of_order text)
RETURNS TABLE (sku text, pool text, below_at timestamptz, known_at timestamptz, available bigint,
               lowest bigint, back_at timestamptz, reason text, channel text, order_id text,
               line_id text, listing text, event_id uuid, is_this_order boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH shelves AS (
    SELECT DISTINCT m.sku, coalesce(nullif(o.pool, ''), m.pool) AS pool
      FROM api.orders o
      JOIN api.mappings m
        ON (m.channel, m.listing) = (o.channel, o.listing)
     WHERE (o.channel, o.order_id) = (of_channel, of_order)
       AND m.sku IS NOT NULL
), history AS (
    SELECT s.sku, s.pool, h.*,
           count(*) FILTER (WHERE h.available < 0 AND h.available - h.change >= 0
                               OR h.available >= 0 AND h.available - h.change < 0)
               OVER (PARTITION BY s.sku, s.pool ORDER BY h.step) AS phase,
           coalesce((h.channel, h.order_id) = (of_channel, of_order), false) AS is_this_order
      FROM shelves s
     CROSS JOIN LATERAL api.available_history(s.sku, s.pool) h
), phases AS (
    SELECT h.sku, h.pool, h.phase, min(h.step) AS first_step, min(h.available) AS lowest,
           bool_or(h.is_this_order) AS has_this_order,
           lead(min(h.happened_at)) OVER (PARTITION BY h.sku, h.pool ORDER BY h.phase) AS back_at
      FROM history h
     GROUP BY h.sku, h.pool, h.phase
)
SELECT h.sku, h.pool, h.happened_at, h.applied_at, h.available, p.lowest, p.back_at, h.reason,
       h.channel, h.order_id, h.line_id, h.listing, h.event_id, h.is_this_order
  FROM phases p
  JOIN history h
    ON (h.sku, h.pool, h.step) = (p.sku, p.pool, p.first_step)
 WHERE p.has_this_order
   AND p.lowest < 0
 ORDER BY h.happened_at, h.sku, h.pool;
END;
COMMENT ON FUNCTION oversell_story(text, text) IS
    'For an order that was in an oversell: the first moment at which available was below zero, and the event that caused it. No row: it was in none.';

-- ---- what a channel showed

CREATE FUNCTION channel_showed(of_channel text, of_listing text, since timestamptz,
                               until timestamptz DEFAULT now())
RETURNS TABLE (at timestamptz, what text, quantity bigint, shows bigint, shown_until timestamptz,
               version bigint, detail text, event_id text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH said AS (
    SELECT t.applied_at AS at, 0 AS rank, 'target' AS what, t.quantity, false AS resets,
           0::bigint AS sold, t.version, nullif(concat('on ' || nullif(t.cause_channel, '')), '') AS detail,
           t.event_id
      FROM api.target_history t
     WHERE (t.channel, t.listing) = (of_channel, of_listing)
     UNION ALL
    SELECT coalesce(p.published_at, p.at), 1, 'push', p.quantity, false, 0, p.version,
           concat(p.result, ', attempt ' || p.attempt, ', status ' || nullif(p.http_status, 0),
                  ', ' || nullif(p.error_class, ''), ': ' || nullif(p.error_text, '')), p.event_id
      FROM api.pushes p
     WHERE (p.channel, p.listing) = (of_channel, of_listing)
     UNION ALL
    SELECT p.confirmed_at, 2, 'confirmed', p.quantity, true, 0, p.version,
           p.latency_ms || ' ms after the notification', p.event_id
      FROM api.pushes p
     WHERE (p.channel, p.listing, p.result) = (of_channel, of_listing, 'confirmed')
     UNION ALL
    SELECT o.observed_at, 3, 'observed', o.quantity, true, 0, e.confirms, concat_ws(', ', o.captured_via, e.means),
           o.event_id::text
      FROM api.observations o
      JOIN api.echoes e USING (event_id)
     WHERE (o.channel, o.listing) = (of_channel, of_listing)
     UNION ALL
    SELECT l.placed_at, 4, 'sold here', l.ordered, false, l.ordered, NULL,
           concat('order ', l.order_id, ' line ', l.line_id), NULL
      FROM api.orders l
     WHERE (l.channel, l.listing) = (of_channel, of_listing)
       AND l.placed_at IS NOT NULL
), numbered AS (
    SELECT s.*, s.resets OR s.sold > 0 AS changes,
           count(*) FILTER (WHERE s.resets) OVER w AS base_number, row_number() OVER w AS step
      FROM said s
     WHERE s.at <= until
    WINDOW w AS (ORDER BY s.at, s.rank, s.version, s.event_id ROWS UNBOUNDED PRECEDING)
), told AS (
    SELECT n.*,
           CASE WHEN n.base_number > 0
                THEN greatest(first_value(n.quantity) OVER base - sum(n.sold) OVER base, 0)::bigint
                END AS shows,
           CASE WHEN n.changes
                THEN coalesce(lead(n.at) OVER (PARTITION BY n.changes ORDER BY n.step), until)
                END AS shown_until
      FROM numbered n
    WINDOW base AS (PARTITION BY n.base_number ORDER BY n.step ROWS UNBOUNDED PRECEDING)
)
SELECT t.at, t.what, t.quantity, t.shows, t.shown_until, t.version, t.detail, t.event_id
  FROM told t
 WHERE t.at >= since
    OR t.shown_until > since
 ORDER BY t.step;
END;
COMMENT ON FUNCTION channel_showed(text, text, timestamptz, timestamptz) IS
    'What a listing showed from since to until: targets, pushes, confirmations, observations and its own sales. shows: the number from then on; rows that change it say until when. The number at since comes first.';

-- ---- what is not as it should be

CREATE FUNCTION drifted(since timestamptz)
RETURNS TABLE (at timestamptz, source text, channel text, listing text, sku text, shown bigint,
               expected bigint, class text, cause text, event_id text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
SELECT f.found_at AS at, 'finding', f.channel, f.listing, f.sku, f.shown, f.expected, f.class,
       f.cause, f.event_id
  FROM api.findings f
 WHERE f.found_at >= since
 UNION ALL
SELECT t.observed_at, 'observation', t.channel, t.listing, t.sku, t.observed_quantity,
       e.expected, 'differs',
       'last observation differs from version ' || t.confirmed_version || ', confirmed before',
       t.event_id
  FROM api.targets t
  JOIN api.target_history c
    ON (c.channel, c.listing, c.version) = (t.channel, t.listing, t.confirmed_version)
 CROSS JOIN LATERAL (SELECT greatest(t.confirmed_quantity - coalesce(sum(o.ordered), 0), 0)::bigint
                                AS expected
                       FROM api.orders o
                      WHERE (o.channel, o.listing) = (t.channel, t.listing)
                        AND o.placed_ms > ledger.ms(t.confirmed_at)
                        AND o.placed_ms <= ledger.ms(t.observed_at)) e
 WHERE t.observed_at >= since
   AND t.observed_at > t.confirmed_at
   AND t.observed_quantity <> e.expected
   AND NOT EXISTS (SELECT
                     FROM api.echoes x
                    WHERE (x.channel, x.listing) = (t.channel, t.listing)
                      AND x.observed_at = t.observed_at
                      AND x.quantity = t.observed_quantity
                      AND x.means <> 'differs')
 ORDER BY 1 DESC, 3, 4;
END;
COMMENT ON FUNCTION drifted(timestamptz) IS
    'What drifted since then: findings, and listings whose last observation differs from what was confirmed before it, less what they sold between.';

CREATE FUNCTION unconfirmed(older_than interval DEFAULT '0')
RETURNS TABLE (channel text, listing text, sku text, quantity bigint, version bigint,
               confirmed_quantity bigint, since timestamptz, age_s bigint, attempts bigint,
               last_at timestamptz, last_result text, last_error text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
SELECT t.channel, t.listing, t.sku, t.quantity, t.version, t.confirmed_quantity, f.since,
       extract(epoch FROM now() - f.since)::bigint, a.attempts, l.at, l.result,
       nullif(concat_ws(': ', nullif(l.error_class, ''), nullif(l.error_text, '')), '')
  FROM api.targets t
 CROSS JOIN LATERAL (SELECT h.applied_at AS since
                       FROM api.target_history h
                      WHERE (h.channel, h.listing) = (t.channel, t.listing)
                        AND h.version > t.confirmed_version
                      ORDER BY h.version
                      LIMIT 1) f
 CROSS JOIN LATERAL (SELECT count(*) AS attempts
                       FROM api.pushes p
                      WHERE (p.channel, p.listing) = (t.channel, t.listing)
                        AND p.version > t.confirmed_version) a
  LEFT JOIN LATERAL (SELECT p.at, p.result, p.error_class, p.error_text
                       FROM api.pushes p
                      WHERE (p.channel, p.listing) = (t.channel, t.listing)
                        AND p.version > t.confirmed_version
                      ORDER BY p.version DESC, p.at DESC
                      LIMIT 1) l ON true
 WHERE NOT t.at_rest
   AND f.since <= now() - older_than
 ORDER BY f.since, t.channel, t.listing;
END;
COMMENT ON FUNCTION unconfirmed(interval) IS
    'Listings whose newest target is not confirmed, and have not been at rest for that long, oldest first: attempts since, the last result and error.';

-- ---- one order, one SKU, one listing

CREATE FUNCTION order_effects(of_channel text, of_order text)
RETURNS TABLE (at timestamptz, what text, channel text, place text, sku text, change bigint,
               quantity bigint, version bigint, latency_ms bigint, detail text, event_id text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH lines AS (
    SELECT o.channel, o.listing, o.mapping_id, o.placed_at
      FROM api.orders o
     WHERE (o.channel, o.order_id) = (of_channel, of_order)
), events AS (
    SELECT e.*
      FROM api.events e
     WHERE (e.channel, e.order_id) = (of_channel, of_order)
       AND e.order_id <> ''
), skus AS (
    SELECT DISTINCT m.sku
      FROM lines l
      JOIN api.mappings m
        ON (m.channel, m.listing) = (l.channel, l.listing)
     WHERE m.sku IS NOT NULL
), movements AS (
    SELECT m.*
      FROM skus s
      JOIN api.movements m
        ON m.sku = s.sku
     WHERE m.event_id IN (SELECT e.event_id FROM events e)
        OR (m.event_id::text, m.occurred_at) IN (SELECT l.mapping_id, l.placed_at FROM lines l)
), causes AS (
    -- What leaves available alone, such as a shipment, changes no target.
    SELECT e.event_id, e.received_at, date_trunc('milliseconds', min(m.applied_at)) AS applied_at
      FROM events e
      JOIN movements m USING (event_id)
     GROUP BY e.event_id, e.received_at
    HAVING sum(CASE m.bucket WHEN 'sellable' THEN m.effect WHEN 'committed' THEN -m.effect ELSE 0 END) <> 0
), listings AS (
    SELECT DISTINCT m.channel, m.listing
      FROM skus s
      JOIN api.mappings m
        ON m.sku = s.sku
), targets AS (
    -- One target may carry several events of a batch, and names the last.
    SELECT DISTINCT ON (t.channel, t.listing, t.version)
           t.channel, t.listing, t.version, t.quantity, t.applied_at, t.event_id,
           c.event_id AS for_event_id, c.received_at
      FROM causes c
     CROSS JOIN listings l
     CROSS JOIN LATERAL (SELECT t.channel, t.listing, t.version, t.quantity, t.applied_at, t.event_id
                           FROM api.target_history t
                          WHERE (t.channel, t.listing) = (l.channel, l.listing)
                            AND (t.applied_at >= c.applied_at OR t.event_id = c.event_id::text)
                          ORDER BY t.version
                          LIMIT 1) t
     ORDER BY t.channel, t.listing, t.version, c.applied_at DESC
)
SELECT e.applied_at AS at, 'event', e.channel, e.listing, NULLIF(e.sku, ''), NULL::bigint, NULL::bigint,
       NULL::bigint, (extract(epoch FROM e.applied_at - e.received_at) * 1000)::bigint,
       concat(e.kind, ' by ', e.captured_via, ', ', e.status, ': ' || nullif(e.reason, '')),
       e.event_id::text
  FROM events e
 UNION ALL
SELECT m.applied_at, 'movement', m.channel, m.pool || '/' || m.bucket, m.sku, m.effect, m.balance,
       NULL, (extract(epoch FROM m.applied_at - e.received_at) * 1000)::bigint, m.reason,
       m.event_id::text
  FROM movements m
  JOIN api.events e USING (event_id)
 UNION ALL
SELECT t.applied_at, 'target', t.channel, t.listing, NULL, NULL, t.quantity, t.version,
       (extract(epoch FROM t.applied_at - t.received_at) * 1000)::bigint,
       CASE WHEN t.event_id = t.for_event_id::text THEN 'because of this event'
            ELSE 'the next after this event' END, t.for_event_id::text
  FROM targets t
 UNION ALL
SELECT p.at, 'push', p.channel, p.listing, NULL, NULL, p.quantity, p.version,
       (extract(epoch FROM p.at - t.received_at) * 1000)::bigint,
       concat(p.result, ', attempt ' || p.attempt, ', ' || nullif(p.error_class, ''),
              ': ' || nullif(p.error_text, '')), t.for_event_id::text
  FROM targets t
  JOIN api.pushes p
    ON (p.channel, p.listing, p.version) = (t.channel, t.listing, t.version)
 ORDER BY 1, 2, 3, 4;
END;
COMMENT ON FUNCTION order_effects(text, text) IS
    'What an order did: its events, their movements, the next target of every listing of its SKUs on every channel, and the pushes of those. latency_ms is from the arrival of the event.';

CREATE FUNCTION timeline(of_sku text)
RETURNS TABLE (at timestamptz, rank integer, seq bigint, what text, channel text, place text,
               change bigint, quantity bigint, version bigint, detail text, event_id text,
               occurred_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH listings AS (
    SELECT DISTINCT m.channel, m.listing
      FROM api.mappings m
     WHERE m.sku = of_sku
), movements AS (
    SELECT m.applied_at AS at, 1 AS rank, m.movement_id AS seq, 'movement' AS what, m.channel,
           m.pool || '/' || m.bucket AS place, m.effect AS change, m.balance AS quantity,
           NULL::bigint AS version,
           concat(m.reason, ' by ', m.kind, ', order ' || nullif(m.order_id, ''),
                  ' line ' || nullif(m.line_id, ''), ', ' || nullif(m.actor, '')) AS detail,
           m.event_id::text AS event_id, m.occurred_at
      FROM api.movements m
     WHERE m.sku = of_sku
), caused AS (
    SELECT m.event_id, max(m.at) AS at
      FROM movements m
     GROUP BY m.event_id
), targets AS (
    -- Times come from several clocks; a target never stands before the movements of its event.
    SELECT greatest(t.applied_at, c.at) AS at, 2 AS rank, t.version AS seq, 'target' AS what,
           t.channel, t.listing AS place, NULL::bigint AS change, t.quantity, t.version,
           concat('because of ', coalesce(e.kind, 'an unknown event'), ', order ' || nullif(e.order_id, ''),
                  ' on ' || nullif(t.cause_channel, '')) AS detail,
           t.event_id, t.occurred_at
      FROM api.target_history t
      JOIN listings l USING (channel, listing)
      LEFT JOIN caused c ON c.event_id = t.event_id
      LEFT JOIN api.events e ON e.event_id = nullif(t.event_id, '')::uuid
), pushes AS (
    -- Nor a push before its target.
    SELECT p.*, greatest(p.published_at, t.at) AS sent_at, greatest(p.confirmed_at, t.at) AS done_at,
           greatest(p.at, t.at) AS known_at
      FROM api.pushes p
      JOIN listings l USING (channel, listing)
      LEFT JOIN targets t ON (t.channel, t.place, t.version) = (p.channel, p.listing, p.version)
)
SELECT m.at, m.rank, m.seq, m.what, m.channel, m.place, m.change, m.quantity, m.version, m.detail,
       m.event_id, m.occurred_at
  FROM movements m
 UNION ALL
SELECT t.at, t.rank, t.seq, t.what, t.channel, t.place, t.change, t.quantity, t.version, t.detail,
       t.event_id, t.occurred_at
  FROM targets t
 UNION ALL
SELECT coalesce(p.sent_at, p.known_at), 3, p.version, 'push', p.channel, p.listing, NULL, p.quantity,
       p.version,
       concat(p.result, ', attempt ' || p.attempt, ', status ' || nullif(p.http_status, 0),
              ', ' || nullif(p.error_class, ''), ': ' || nullif(p.error_text, '')),
       p.event_id, NULL
  FROM pushes p
 UNION ALL
SELECT p.done_at, 4, p.version, 'confirmed', p.channel, p.listing, NULL, p.quantity, p.version,
       p.latency_ms || ' ms after the notification', p.event_id, NULL
  FROM pushes p
 WHERE p.result = 'confirmed'
 UNION ALL
SELECT o.observed_at, 5, 0, 'observed', o.channel, o.listing, NULL, o.quantity, NULL, o.captured_via,
       o.event_id::text, o.observed_at
  FROM api.observations o
  JOIN listings l USING (channel, listing)
 UNION ALL
SELECT coalesce(e.applied_at, m.valid_from), 0, 0, 'mapping', m.channel, m.listing, NULL, m.units, NULL,
       coalesce(concat('sells ', m.units, ' of ', m.sku, ' from ', m.pool), 'retired'),
       m.mapping_id::text, m.valid_from
  FROM api.mappings m
  JOIN listings l USING (channel, listing)
  LEFT JOIN api.events e ON e.event_id = m.mapping_id
 UNION ALL
SELECT coalesce(e.applied_at, r.valid_from), 0, 0, 'rule', nullif(r.channel, ''), nullif(r.listing, ''),
       NULL, NULL, NULL,
       concat('buffer ', r.buffer_units, ' or ', r.buffer_percent, ' %, cap ', r.cap, ', floor ', r.floor,
              ', ' || nullif(e.actor, '')),
       r.rule_id::text, r.valid_from
  FROM api.rules r
  LEFT JOIN api.events e ON e.event_id = r.rule_id
 WHERE r.sku IN ('', of_sku)
   AND (r.channel = '' OR r.channel IN (SELECT l.channel FROM listings l))
   AND (r.listing = '' OR (r.channel, r.listing) IN (SELECT l.channel, l.listing FROM listings l))
 UNION ALL
SELECT e.applied_at, 0, 0, e.status, e.channel, nullif(e.listing, ''), NULL, NULL, NULL,
       concat(e.kind, ': ' || nullif(e.reason, '')), e.event_id::text, e.occurred_at
  FROM api.events e
 WHERE e.sku = of_sku
   AND e.sku <> ''
   AND e.status <> 'applied'
 UNION ALL
SELECT o.opened_at, 6, 0, 'oversell', nullif(o.channel, ''), o.pool, NULL, o.available, NULL,
       concat('order ' || nullif(o.order_id, ''), ', closed at ' || o.closed_at), o.event_id, NULL
  FROM api.oversells o
 WHERE o.sku = of_sku
 UNION ALL
SELECT f.found_at, 7, 0, 'finding', f.channel, f.listing, NULL, f.shown, NULL,
       concat(f.class, ', expected ' || f.expected, ': ', f.cause), nullif(f.event_id, ''), f.snapshot_at
  FROM api.findings f
 WHERE f.sku = of_sku;
END;
COMMENT ON FUNCTION timeline(text) IS
    'All that is known of a SKU, over all channels, by the time at which it was known: mappings, rules, movements, targets, pushes, confirmations, observations, oversells, findings, events that moved nothing. Order by at, rank, seq.';

CREATE FUNCTION events_by_mapping(of_channel text, of_listing text)
RETURNS TABLE (mapping_id uuid, valid_from timestamptz, valid_until timestamptz, sells text,
               pool text, placed_at timestamptz, order_id text, line_id text, ordered bigint,
               kind text, occurred_at timestamptz, actor text, event_id uuid)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH versions AS (
    SELECT m.mapping_id, m.valid_from, m.pool,
           lead(m.valid_from) OVER (ORDER BY m.valid_from, m.mapping_id) AS valid_until,
           coalesce(string_agg(m.units || ' x ' || m.sku, ' + ' ORDER BY m.sku), 'retired') AS sells
      FROM api.mappings m
     WHERE (m.channel, m.listing) = (of_channel, of_listing)
     GROUP BY m.mapping_id, m.valid_from, m.pool
), lines AS (
    SELECT o.order_id, o.line_id, o.ordered, o.placed_at, nullif(o.mapping_id, '')::uuid AS mapping_id
      FROM api.orders o
     WHERE (o.channel, o.listing) = (of_channel, of_listing)
)
SELECT mapping_id, v.valid_from, v.valid_until, v.sells, v.pool, l.placed_at, l.order_id, l.line_id,
       l.ordered, e.kind, e.occurred_at, e.actor, e.event_id
  FROM versions v
  FULL JOIN lines l USING (mapping_id)
  LEFT JOIN api.events e
    ON (e.channel, e.order_id, e.line_id) = (of_channel, l.order_id, l.line_id)
   AND e.order_id <> ''
 ORDER BY v.valid_from, l.placed_at, l.order_id, l.line_id, e.occurred_at, e.event_id;
END;
COMMENT ON FUNCTION events_by_mapping(text, text) IS
    'Order events of a listing under each version of its mapping; no mapping: lines that wait.';

GRANT EXECUTE ON FUNCTION stock_as_of(timestamptz), stock_as_known_at(timestamptz),
      position_export(timestamptz), why_position(text, text, text), available_history(text, text),
      who_sold_last_unit(text, text), oversell_story(text, text),
      channel_showed(text, text, timestamptz, timestamptz), drifted(timestamptz),
      unconfirmed(interval), order_effects(text, text), timeline(text), events_by_mapping(text, text)
    TO stockbus_audit, stockbus_reconciler;

COMMIT;
