#include "lib/base/near.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

size_t near_distance(const char *from, const char *to)
{
    size_t row[NEAR_LEN_MAX + 1];
    size_t from_len = strnlen(from, NEAR_LEN_MAX);
    size_t to_len = strnlen(to, NEAR_LEN_MAX);

    for (size_t j = 0; j <= to_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= from_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= to_len; j++) {
            size_t above = row[j];

            row[j] = smallest(diagonal + (from[i - 1] != to[j - 1]), above + 1, row[j - 1] + 1);
            diagonal = above;
        }
    }
    return row[to_len];
}

struct near near_to(const char *name)
{
    return (struct near){.name = name, .distance = SIZE_MAX};
}

void near_offer(struct near *near, const char *known)
{
    size_t distance = near_distance(near->name, known);

    if (distance >= near->distance)
        return;
    near->distance = distance;
    near->best = known;
}

/* A third of the letters may be wrong, one at least. */
const char *near_hint(const struct near *near, char text[NEAR_HINT_LEN])
{
    size_t len = strlen(near->name);

    text[0] = '\0';
    if (near->best != NULL && near->distance <= (len < 6 ? 1 : len / 3))
        snprintf(text, NEAR_HINT_LEN, "; did you mean '%.*s'?", NEAR_LEN_MAX, near->best);
    return text;
}
