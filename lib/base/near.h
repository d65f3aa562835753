/* What a misspelled name may have meant: the nearest of those that were offered. Pure. */
#pragma once

#include <stddef.h>

enum { NEAR_LEN_MAX = 128, NEAR_HINT_LEN = NEAR_LEN_MAX + 32 };

struct near {
    const char *name; /* that is not known */
    const char *best; /* borrowed from the offers; NULL: none yet */
    size_t distance;  /* between the two; SIZE_MAX: none yet */
};

/* Levenshtein distance; what is longer than NEAR_LEN_MAX is cut. */
size_t near_distance(const char *from, const char *to);
struct near near_to(const char *name);
void near_offer(struct near *near, const char *known);
/* "; did you mean 'delimiter'?", or "" when nothing is near enough to be what was meant. */
const char *near_hint(const struct near *near, char text[NEAR_HINT_LEN]);
