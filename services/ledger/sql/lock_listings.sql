-- $1 channels, $2 listings. The row locks make a change that is under way come wholly before (who reads next sees it) or
-- wholly after (its outbox row is greater).
SELECT count(*)
  FROM (SELECT 1
          FROM listings l
         WHERE (l.channel, l.listing) IN (SELECT * FROM unnest($1::text[], $2::text[]))
         ORDER BY l.channel, l.listing
           FOR SHARE OF l) locked
