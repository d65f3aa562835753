/* Any bytes as XML; the tree that comes out can be walked to its end. */
#include "lib/xml/xml.h"

#include "tests/fuzz/fuzz.h"

static size_t walk(const struct xml *node)
{
    size_t count = 1;

    (void)xml_text(node);
    for (const struct xml *child = xml_get(node, NULL); child != NULL;
         child = xml_next(child, NULL))
        count += walk(child);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};
    const struct xml *root = xml_parse(arena, bytes, len, &err);

    if (root == NULL)
        assert(err.code != ERR_NONE);
    else
        assert(walk(root) > 0);
    return 0;
}
