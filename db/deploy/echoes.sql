-- Deploy stockbus:echoes to pg
-- requires: audit_views

BEGIN;

SET LOCAL ROLE stockbus_owner;
SET LOCAL search_path = api, pg_catalog;

-- A channel tells of each change of a quantity, our own writes among them, and hardly ever whose it was. What is meant
-- follows from pushes and orders, whichever of them comes first, so it is asked for and not stored. Channels stamp whole
-- seconds, and their clocks are not ours: an observation is looked at from 2 s before to 2 s after its time. As quantities
-- must be equal, or within what was sold meanwhile, little hangs on that.
CREATE VIEW echoes AS
SELECT o.channel, o.listing, o.quantity, ledger.at_ms(o.observed_ms) AS observed_at, o.origin,
       CASE WHEN b.echo IS NOT NULL THEN 'echo'
            WHEN o.origin = 'sale' OR b.is_sold THEN 'own sale'
            WHEN b.expected IS NULL THEN 'not pushed yet'
            ELSE 'differs' END AS means,
       b.echo AS confirms, b.expected, o.event_id
  FROM ledger.observation_history o
  LEFT JOIN LATERAL (
       SELECT max(p.version) FILTER (WHERE p.quantity = o.quantity
                                       AND o.origin <> 'sale'
                                       AND (o.origin NOT LIKE 'stockbus://%'
                                            OR o.origin = 'stockbus://target/' || p.event_id)) AS echo,
              bool_or(o.quantity BETWEEN p.quantity - s.most AND p.quantity - s.least) AS is_sold,
              (array_agg(greatest(p.quantity - s.most, 0)::bigint ORDER BY p.version DESC))[1] AS expected
         FROM ledger.pushes p
        CROSS JOIN LATERAL (
              SELECT coalesce(sum(l.ordered), 0) AS most,
                     coalesce(sum(l.ordered - l.cancelled)
                              FILTER (WHERE l.placed_ms > greatest(p.confirmed_ms, p.published_ms) + 2000
                                        AND l.placed_ms <= o.observed_ms - 2000), 0) AS least
                FROM ledger.order_lines l
               WHERE (l.channel, l.listing) = (o.channel, o.listing)
                 AND l.placed_ms > p.published_ms - 2000
                 AND l.placed_ms <= o.observed_ms + 2000) s
        WHERE (p.channel, p.listing) = (o.channel, o.listing)
          AND p.published_ms > 0
          AND p.published_ms <= o.observed_ms + 2000
          AND p.result NOT IN ('rejected', 'superseded')
          -- No newer one had been confirmed by then.
          AND NOT EXISTS (SELECT
                            FROM ledger.pushes n
                           WHERE (n.channel, n.listing) = (p.channel, p.listing)
                             AND n.version > p.version
                             AND n.confirmed_ms > 0
                             AND n.confirmed_ms < o.observed_ms - 2000)) b ON true;
COMMENT ON VIEW echoes IS 'What each observation means: the echo of a push of ours, the channel''s own sales, or a difference. None of them moves stock.';
COMMENT ON COLUMN echoes.channel IS 'Channel.';
COMMENT ON COLUMN echoes.listing IS 'Listing.';
COMMENT ON COLUMN echoes.quantity IS 'What the channel said it shows.';
COMMENT ON COLUMN echoes.observed_at IS 'When the channel showed that, by its own word.';
COMMENT ON COLUMN echoes.origin IS 'What brought it about, by the channel''s own word: sale, write, the reference of a push; empty: it does not say.';
COMMENT ON COLUMN echoes.means IS 'echo, own sale, not pushed yet, differs.';
COMMENT ON COLUMN echoes.confirms IS 'Version of the target that an echo confirms.';
COMMENT ON COLUMN echoes.expected IS 'What our last push before it left, less the channel''s own sales since; null: there was none.';
COMMENT ON COLUMN echoes.event_id IS 'Event of the observation.';

GRANT SELECT ON echoes TO stockbus_audit, stockbus_reconciler;

COMMIT;
