#include "lib/yaml/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/*
 * libyaml's own document tree, not libcyaml on top of it: that one reports the place of the value
 * before an unknown key, knows no place for what is wrong between keys, and takes the number "-1x"
 * for -1.
 */

struct yaml {
    enum yaml_kind kind;
    const char *file;
    size_t line;   /* from 1 */
    size_t column; /* from 1 */
    const char *text;
    const struct yaml **keys;
    const struct yaml **values;
    size_t len;
};

struct reading {
    struct arena *arena;
    const char *file;
    yaml_document_t document;
    size_t nodes;
    struct err *err;
};

/* Aliases are copied out: a small file could else be a huge tree. */
enum { DEPTH_MAX = 64, NODES_MAX = 100000 };

static bool fail_at(struct reading *reading, yaml_mark_t mark, const char *what)
{
    return err_set(reading->err, ERR_FATAL, "%s:%zu:%zu: %s", reading->file, mark.line + 1,
                   mark.column + 1, what);
}

bool yaml_fail(const struct yaml *node, struct err *err, const char *format, ...)
{
    char what[400];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return err_set(err, ERR_FATAL, "%s:%zu:%zu: %s", node->file, node->line, node->column, what);
}

/* ---- making the tree ---- */

static struct yaml *node_new(struct reading *reading, const yaml_node_t *from, enum yaml_kind kind,
                             size_t len)
{
    struct yaml *node = arena_alloc(reading->arena, sizeof(*node));

    *node = (struct yaml){
        .kind = kind,
        .file = reading->file,
        .line = from->start_mark.line + 1,
        .column = from->start_mark.column + 1,
        .keys = arena_alloc(reading->arena, (len + 1) * sizeof(const void *)),
        .values = arena_alloc(reading->arena, (len + 1) * sizeof(const void *)),
    };
    return node;
}

static struct yaml *read_node(struct reading *reading, int index, int depth);

static struct yaml *read_text(struct reading *reading, const yaml_node_t *from)
{
    struct yaml *node = node_new(reading, from, YAML_TEXT, 0);
    const char *text = (const char *)from->data.scalar.value;

    if (strlen(text) == from->data.scalar.length)
        node->text = arena_strdup(reading->arena, text);
    return node;
}

static struct yaml *read_list(struct reading *reading, const yaml_node_t *from, int depth)
{
    const yaml_node_item_t *items = from->data.sequence.items.start;
    size_t len = (size_t)(from->data.sequence.items.top - items);
    struct yaml *node = node_new(reading, from, YAML_LIST, len);

    for (; node->len < len; node->len++) {
        node->values[node->len] = read_node(reading, items[node->len], depth + 1);
        if (node->values[node->len] == NULL)
            return NULL;
    }
    return node;
}

static bool read_key(struct reading *reading, struct yaml *map, int index)
{
    const yaml_node_t *from = yaml_document_get_node(&reading->document, index);
    const struct yaml *key = NULL;

    if (from->type != YAML_SCALAR_NODE)
        return fail_at(reading, from->start_mark, "a key must be text");
    key = read_text(reading, from);
    if (key->text == NULL)
        return fail_at(reading, from->start_mark, "a key must be text");
    if (yaml_get(map, key->text) != NULL)
        return yaml_fail(key, reading->err, "key '%.100s' is there twice", key->text);
    map->keys[map->len] = key;
    return true;
}

static struct yaml *read_map(struct reading *reading, const yaml_node_t *from, int depth)
{
    const yaml_node_pair_t *pairs = from->data.mapping.pairs.start;
    size_t len = (size_t)(from->data.mapping.pairs.top - pairs);
    struct yaml *node = node_new(reading, from, YAML_MAP, len);

    for (size_t i = 0; i < len; i++) {
        const struct yaml *value = NULL;

        if (!read_key(reading, node, pairs[i].key))
            return NULL;
        value = read_node(reading, pairs[i].value, depth + 1);
        if (value == NULL)
            return NULL;
        node->values[node->len++] = value;
    }
    return node;
}

static struct yaml *read_node(struct reading *reading, int index, int depth)
{
    const yaml_node_t *from = yaml_document_get_node(&reading->document, index);

    if (depth > DEPTH_MAX || ++reading->nodes > NODES_MAX) {
        fail_at(reading, from->start_mark,
                depth > DEPTH_MAX ? "nested too deep" : "more than 100000 values");
        return NULL;
    }
    switch (from->type) {
    case YAML_SEQUENCE_NODE:
        return read_list(reading, from, depth);
    case YAML_MAPPING_NODE:
        return read_map(reading, from, depth);
    case YAML_SCALAR_NODE:
    case YAML_NO_NODE:
        break;
    }
    return read_text(reading, from);
}

/* ---- the file ---- */

static bool load(struct reading *reading, yaml_parser_t *parser)
{
    return yaml_parser_load(parser, &reading->document) ||
           fail_at(reading, parser->problem_mark,
                   parser->problem == NULL ? "no yaml" : parser->problem);
}

static struct yaml *read_root(struct reading *reading, yaml_parser_t *parser)
{
    struct yaml *root = NULL;

    if (!load(reading, parser))
        return NULL;
    if (yaml_document_get_root_node(&reading->document) == NULL)
        fail_at(reading, (yaml_mark_t){0}, "the file is empty");
    else
        root = read_node(reading, 1, 0);
    yaml_document_delete(&reading->document);
    return root;
}

static bool read_end(struct reading *reading, yaml_parser_t *parser)
{
    const yaml_node_t *more = NULL;
    bool is_end = false;

    if (!load(reading, parser))
        return false;
    more = yaml_document_get_root_node(&reading->document);
    is_end = more == NULL || fail_at(reading, more->start_mark, "want one document");
    yaml_document_delete(&reading->document);
    return is_end;
}

const struct yaml *yaml_parse(struct arena *arena, const char *name, const char *bytes, size_t len,
                              struct err *err)
{
    struct reading reading = {.arena = arena, .file = arena_strdup(arena, name), .err = err};
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser)) {
        err_set(err, ERR_FATAL, "%s: libyaml can't start", name);
        return NULL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
    const struct yaml *root = read_root(&reading, &parser);
    if (root != NULL && !read_end(&reading, &parser))
        root = NULL;
    yaml_parser_delete(&parser);
    return root;
}

/* ---- asking ---- */

enum yaml_kind yaml_kind(const struct yaml *node)
{
    return node->kind;
}

const char *yaml_text(const struct yaml *node)
{
    return node->text;
}

size_t yaml_len(const struct yaml *node)
{
    return node->len;
}

const struct yaml *yaml_at(const struct yaml *node, size_t index)
{
    return node->values[index];
}

const struct yaml *yaml_key_at(const struct yaml *map, size_t index)
{
    return map->keys[index];
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    for (size_t i = 0; map->kind == YAML_MAP && i < map->len; i++) {
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->values[i];
    }
    return NULL;
}
