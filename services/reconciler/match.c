#include "services/reconciler/match.h"

#include "lib/base/map.h"

/* Listings by one of their names; a name that several have is ambiguous, and names none. */
struct names {
    struct map *owners;
    struct map *ambiguous; /* name -> the second owner */
};

struct matcher {
    struct arena *arena;
    const struct reconciler_comparison *comparison;
    struct names listings;
    struct names addresses;
    struct names skus;
    struct names retired; /* their addresses */
    struct reconciler_matches found;
    size_t strays_capacity;
};

static void names_init(struct names *names)
{
    *names = (struct names){map_new(), map_new()};
}

static void names_release(struct names *names)
{
    map_free(names->owners);
    map_free(names->ambiguous);
}

static void names_add(struct names *names, const char *name,
                      const struct reconciler_listing *listing)
{
    if (*name == '\0')
        return;
    map_set(map_get(names->owners, name) == NULL ? names->owners : names->ambiguous, name,
            (void *)(uintptr_t)listing);
}

static const struct reconciler_listing *names_get(const struct names *names, const char *name)
{
    if (*name == '\0' || map_get(names->ambiguous, name) != NULL)
        return NULL;
    return map_get(names->owners, name);
}

static void matcher_init(struct matcher *matcher)
{
    const struct reconciler_comparison *comparison = matcher->comparison;

    names_init(&matcher->listings);
    names_init(&matcher->addresses);
    names_init(&matcher->skus);
    names_init(&matcher->retired);
    for (size_t i = 0; i < comparison->listings_len; i++) {
        const struct reconciler_listing *listing = &comparison->listings[i];

        names_add(&matcher->listings, listing->listing, listing);
        if (listing->is_retired) {
            names_add(&matcher->retired, listing->address, listing);
            continue;
        }
        names_add(&matcher->addresses, listing->address, listing);
        names_add(&matcher->skus, listing->sku, listing);
    }
}

static void matcher_release(struct matcher *matcher)
{
    names_release(&matcher->listings);
    names_release(&matcher->addresses);
    names_release(&matcher->skus);
    names_release(&matcher->retired);
}

static const struct reconciler_listing *matcher_find(const struct matcher *matcher,
                                                     const struct channel_row *row)
{
    const struct reconciler_listing *found = names_get(&matcher->listings, row->listing);

    if (found == NULL)
        found = names_get(&matcher->addresses, row->address);
    if (found == NULL)
        found = names_get(&matcher->skus, row->sku);
    /* Where rows have no listing, a retired one is known by its address alone, unless one in force
       took that over. */
    if (found == NULL && map_get(matcher->addresses.owners, row->address) == NULL)
        found = names_get(&matcher->retired, row->address);
    return found;
}

/* ---- rows of no listing ---- */

static const char *names_why(const struct names *names, struct arena *arena, const char *what,
                             const char *name)
{
    const struct reconciler_listing *first = map_get(names->owners, name);
    const struct reconciler_listing *second = map_get(names->ambiguous, name);

    if (*name == '\0' || second == NULL)
        return NULL;
    return arena_printf(arena, "several listings have its %s '%s', '%s' and '%s' among them", what,
                        name, first->listing, second->listing);
}

static const char *matcher_why(const struct matcher *matcher, const struct channel_row *row)
{
    const char *why = names_why(&matcher->addresses, matcher->arena, "address", row->address);

    if (why == NULL)
        why = names_why(&matcher->skus, matcher->arena, "SKU", row->sku);
    return why == NULL ? "no mapping in force has its listing, address or SKU" : why;
}

static void matcher_add_stray(struct matcher *matcher, const struct channel_row *row)
{
    struct reconciler_matches *found = &matcher->found;

    /* What the channel does not track can't be oversold by a wrong quantity. */
    if (!row->tracked)
        return;
    found->strays = arena_grow(matcher->arena, found->strays, found->strays_len,
                               &matcher->strays_capacity, sizeof(*found->strays));
    found->strays[found->strays_len++] =
        (struct reconciler_stray){row, matcher_why(matcher, row)};
}

/* ---- several rows of one listing ---- */

static bool row_says_the_same(const struct channel_row *a, const struct channel_row *b)
{
    return a->tracked == b->tracked && (!a->tracked || a->quantity == b->quantity);
}

/* A tracked row beats an untracked one, then the newer one beats the older. */
static void match_take(struct reconciler_match *match, const struct channel_row *row)
{
    const struct channel_row *old = match->row;

    if (old == NULL || (row->tracked && !old->tracked)) {
        match->row = row;
        return;
    }
    if (row_says_the_same(row, old) || !row->tracked || row->version_ms < old->version_ms)
        return;
    match->is_torn = row->version_ms == old->version_ms;
    if (!match->is_torn)
        match->row = row;
}

struct reconciler_matches reconciler_match(struct arena *arena,
                                           const struct reconciler_comparison *comparison)
{
    struct matcher matcher = {.arena = arena, .comparison = comparison};

    matcher.found.matches =
        arena_alloc(arena, comparison->listings_len * sizeof(*matcher.found.matches));
    matcher_init(&matcher);
    for (size_t i = 0; i < comparison->rows_len; i++) {
        const struct channel_row *row = &comparison->rows[i];
        const struct reconciler_listing *listing = matcher_find(&matcher, row);

        if (listing == NULL)
            matcher_add_stray(&matcher, row);
        else
            match_take(&matcher.found.matches[listing - comparison->listings], row);
    }
    matcher_release(&matcher);
    return matcher.found;
}
