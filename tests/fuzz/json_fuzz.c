/* Any bytes as JSON; what is read can be written, and reads the same again. Manual facts too. */
#include "lib/event/codec.h"
#include "lib/json/json.h"

#include "tests/fuzz/fuzz.h"

static void write_node(struct json_out *out, const struct json *node)
{
    int64_t number = 0;

    (void)json_int(node, INT64_MIN, INT64_MAX, &number);
    if (json_kind(node) == JSON_OBJECT) {
        json_object(out);
        for (size_t i = 0; i < json_len(node); i++) {
            json_key(out, json_key_at(node, i));
            write_node(out, json_at(node, i));
        }
        json_object_end(out);
    } else if (json_kind(node) == JSON_ARRAY) {
        json_array(out);
        for (size_t i = 0; i < json_len(node); i++)
            write_node(out, json_at(node, i));
        json_array_end(out);
    } else if (json_kind(node) == JSON_NUMBER) {
        json_put_raw(out, json_text(node));
    } else if (json_kind(node) == JSON_STRING) {
        json_put_text(out, json_text(node));
    } else {
        bool value = false;

        if (json_bool(node, &value))
            json_put_bool(out, value);
        else
            json_put_null(out);
    }
}

static void write_root(const struct json *root, struct buf *bytes)
{
    struct json_out out;

    json_begin(&out, bytes);
    write_node(&out, root);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf once = {0};
    SCOPED(buf) struct buf twice = {0};
    struct event event;
    struct err err = {0};
    const struct json *root = json_parse(arena, bytes, len, &err);

    if (root == NULL) {
        assert(err.code != ERR_NONE);
        return 0;
    }
    write_root(root, &once);
    const struct json *again = json_parse(arena, once.bytes, once.len, &err);
    assert(again != NULL);
    write_root(again, &twice);
    assert(once.len == twice.len && memcmp(once.bytes, twice.bytes, once.len) == 0);
    if (event_from_json(arena, root, &event, &err)) {
        SCOPED(buf) struct buf packed = {0};

        event_encode(&event, &packed);
    }
    return 0;
}
