-- $1 channel, NULL for all; $2 limit. What a go-live should not begin with, one row each.
WITH newest AS (
    SELECT DISTINCT ON (channel, listing) channel, listing, mapping_id, valid_from
      FROM api.mappings
     WHERE $1::text IS NULL OR channel = $1
     ORDER BY channel, listing, valid_from DESC, mapping_id DESC
), sold AS (
    SELECT n.channel, n.listing, n.valid_from, m.sku, m.units,
           count(m.sku) OVER (PARTITION BY n.channel, n.listing) AS components
      FROM newest n
      JOIN api.mappings m USING (mapping_id)
), skus AS (
    SELECT sku FROM sold WHERE sku IS NOT NULL
     UNION
    SELECT sku FROM api.stock WHERE $1::text IS NULL
), spelt AS (
    SELECT sku, regexp_replace(ltrim(lower(sku), '0 '), '[[:space:]_./-]+', '', 'g') AS spelling FROM skus
), named AS (
    SELECT DISTINCT channel, listing,
           regexp_replace(ltrim(lower(listing), '0 '), '[[:space:]_./-]+', '', 'g') AS spelling
      FROM sold
)
SELECT section, channel, listing, sku, detail
  FROM (SELECT 'unmapped listing' AS section, o.channel, o.listing, '' AS sku,
               count(*) || ' order lines wait' AS detail
          FROM api.orders o
         WHERE o.waiting = 'no-mapping'
           AND ($1::text IS NULL OR o.channel = $1)
         GROUP BY o.channel, o.listing
         UNION ALL
        SELECT 'unmapped sku', '', '', s.sku, 'has ' || sum(s.available) || ' available and no listing'
          FROM api.stock s
         WHERE $1::text IS NULL
           AND NOT EXISTS (SELECT FROM sold WHERE sold.sku = s.sku)
         GROUP BY s.sku
        HAVING sum(s.available) <> 0
         UNION ALL
        SELECT 'bundle of unknown', channel, listing, sku, 'nothing was ever counted or received of it'
          FROM sold
         WHERE components > 1
           AND NOT EXISTS (SELECT FROM api.stock s WHERE s.sku = sold.sku)
         UNION ALL
        SELECT 'many to one', channel, string_agg(listing, ', ' ORDER BY listing), sku,
               count(*) || ' listings of the channel sell ' || units || ' of it and nothing else'
          FROM sold
         WHERE components = 1
         GROUP BY channel, sku, units
        HAVING count(*) > 1
         UNION ALL
        SELECT 'one to many', m.channel, m.listing, string_agg(DISTINCT m.sku, ', '),
               'it sold different SKUs, one after the other'
          FROM api.mappings m
          JOIN newest n USING (channel, listing)
         WHERE m.sku IS NOT NULL
         GROUP BY m.channel, m.listing
        HAVING count(DISTINCT m.sku) > max((SELECT count(*) FROM sold s
                                             WHERE s.channel = m.channel
                                               AND s.listing = m.listing
                                               AND s.sku IS NOT NULL))
         UNION ALL
        SELECT 'retired but sold', o.channel, o.listing, '', count(*) || ' order lines came after it was retired'
          FROM api.orders o
         WHERE o.waiting = 'retired'
           AND ($1::text IS NULL OR o.channel = $1)
         GROUP BY o.channel, o.listing
         UNION ALL
        SELECT 'spelling', '', '', string_agg('''' || sku || '''', ', ' ORDER BY sku),
               'these SKUs differ in case, spaces, leading zeros or separators only'
          FROM spelt
         GROUP BY spelling
        HAVING count(*) > 1
         UNION ALL
        SELECT 'spelling', '', '', '''' || sku || '''', 'it begins or ends with a space'
          FROM skus
         WHERE sku <> btrim(sku)
         UNION ALL
        SELECT 'spelling', channel, string_agg('''' || listing || '''', ', ' ORDER BY listing), '',
               'these listings differ in case, spaces, leading zeros or separators only'
          FROM named
         GROUP BY channel, spelling
        HAVING count(*) > 1) found
 ORDER BY section, channel, listing, sku
 LIMIT $2::bigint
