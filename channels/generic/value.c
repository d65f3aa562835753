#include "channels/generic/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels/url.h"

/* ---- sources ---- */

enum { INNER_LEN_MAX = 255 };

static const char header_prefix[] = "header:";

/* "~1" is '/', "~0" is '~' [RFC 6901, 3]. */
static bool pointer_is_good(const char *pointer)
{
    for (const char *at = pointer; *at != '\0'; at++) {
        if (*at == '~' && at[1] != '0' && at[1] != '1')
            return false;
    }
    return true;
}

static bool is_header(const char *source)
{
    return strncmp(source, header_prefix, sizeof(header_prefix) - 1) == 0;
}

/* What follows the dots of "./a", "../a", "../../a" or ".", and how far up these go; NULL: it is no
   such source. */
static const char *relative_rest(const char *source, size_t *ret_up)
{
    size_t up = 0;

    if (source[0] != '.')
        return NULL;
    while (strncmp(source, "..", 2) == 0 && (source[2] == '/' || source[2] == '\0')) {
        up++;
        source += 2;
        if (strncmp(source, "/..", 3) != 0 || (source[3] != '/' && source[3] != '\0'))
            break;
        source++;
    }
    *ret_up = up;
    if (up > 0)
        return source;
    return source[1] == '\0' || source[1] == '/' ? source + 1 : NULL;
}

/* The next source in braces of a text; moves *at behind it. False: there is none. */
static bool inner_next(const char **at, char inner[INNER_LEN_MAX + 1])
{
    const char *open = strchr(*at, '{');
    const char *close = open == NULL ? NULL : strchr(open, '}');
    size_t len = close == NULL ? 0 : (size_t)(close - open - 1);

    if (close == NULL)
        return false;
    snprintf(inner, INNER_LEN_MAX + 1, "%.*s", (int)len, open + 1);
    *at = close + 1;
    return true;
}

size_t generic_source_up(const char *source)
{
    char inner[INNER_LEN_MAX + 1];
    size_t most = 0;

    if (source[0] != '=')
        return relative_rest(source, &most) == NULL ? 0 : most;
    while (inner_next(&source, inner)) {
        size_t up = generic_source_up(inner);

        most = up > most ? up : most;
    }
    return most;
}

static bool pointer_check(const char *source, const char **ret_why)
{
    size_t up = 0;

    if (source[0] != '/' && relative_rest(source, &up) == NULL)
        return false;
    *ret_why = "'~' must be '~0' or '~1' in a pointer";
    return pointer_is_good(source);
}

bool generic_pointer_check(const char *source, const char **ret_why)
{
    *ret_why = "want /pointer or ./pointer";
    return pointer_check(source, ret_why);
}

static bool inners_check(const char *source, const char **ret_why)
{
    char inner[INNER_LEN_MAX + 1];

    while (inner_next(&source, inner)) {
        *ret_why = "want a source in the braces: /pointer, ./pointer or header:Name";
        if (inner[0] == '=' || strlen(inner) == INNER_LEN_MAX ||
            !generic_source_check(inner, ret_why))
            return false;
    }
    return true;
}

bool generic_source_check(const char *source, const char **ret_why)
{
    *ret_why = "want /pointer, ./pointer, header:Name or =text";
    if (source[0] == '=')
        return inners_check(source, ret_why);
    if (is_header(source))
        return source[sizeof(header_prefix) - 1] != '\0';
    return pointer_check(source, ret_why);
}

/* One step: `token` is between two slashes, escaped. */
static const struct json *pointer_step(const struct json *node, const char *token, size_t len)
{
    char name[256];
    size_t name_len = 0;

    for (size_t i = 0; i < len && name_len < sizeof(name) - 1; i++) {
        name[name_len] = token[i];
        if (token[i] == '~' && i + 1 < len)
            name[name_len] = token[++i] == '1' ? '/' : '~';
        name_len++;
    }
    name[name_len] = '\0';
    if (json_kind(node) == JSON_OBJECT)
        return json_get(node, name);
    if (json_kind(node) != JSON_ARRAY || name_len == 0 || name_len > 6 ||
        strspn(name, "0123456789") != name_len)
        return NULL;
    size_t index = (size_t)strtoul(name, NULL, 10);
    return index < json_len(node) ? json_at(node, index) : NULL;
}

static const struct json *pointer_follow(const struct json *node, const char *pointer)
{
    while (node != NULL && *pointer == '/') {
        size_t len = strcspn(++pointer, "/");

        node = pointer_step(node, pointer, len);
        pointer += len;
    }
    return node;
}

struct generic_scene generic_scene_of(const struct channel_header *headers, size_t headers_len,
                                      const struct json *root, struct arena *arena)
{
    return (struct generic_scene){.arena = arena,
                                  .headers = headers,
                                  .headers_len = headers_len,
                                  .root = root,
                                  .under = "",
                                  .elements = {root},
                                  .depth = 1};
}

void generic_scene_set(struct generic_scene *scene, const struct json *element)
{
    scene->elements[0] = element;
    scene->depth = 1;
}

/* "/order/id" of a root that stands for "/order" is its "/id". */
static const struct json *root_follow(const struct generic_scene *scene, const char *pointer)
{
    size_t len = strlen(scene->under);

    if (strncmp(pointer, scene->under, len) != 0 || (pointer[len] != '/' && pointer[len] != '\0'))
        return NULL;
    return pointer_follow(scene->root, pointer + len);
}

const struct json *generic_source_node(const struct generic_scene *scene, const char *source)
{
    size_t up = 0;
    const char *rest = relative_rest(source, &up);

    if (rest == NULL)
        return source[0] == '/' ? root_follow(scene, source) : NULL;
    return up < scene->depth ? pointer_follow(scene->elements[scene->depth - 1 - up], rest) : NULL;
}

/* NULL as soon as one of its sources gives nothing. */
static const char *text_put_together(const struct generic_scene *scene, const char *text)
{
    SCOPED(buf) struct buf all = {0};
    char inner[INNER_LEN_MAX + 1];
    const char *at = text;

    while (inner_next(&at, inner)) {
        const char *value = generic_source_text(scene, inner);

        if (value == NULL)
            return NULL;
        buf_append(&all, text, strcspn(text, "{"));
        buf_text(&all, value);
        text = at;
    }
    buf_text(&all, text);
    return arena_strdup(scene->arena, buf_str(&all));
}

const char *generic_source_text(const struct generic_scene *scene, const char *source)
{
    const struct json *node = NULL;

    if (source[0] == '=')
        return strchr(source, '{') == NULL ? source + 1 : text_put_together(scene, source + 1);
    if (is_header(source))
        return channel_header_find(scene->headers, scene->headers_len,
                                   source + sizeof(header_prefix) - 1);
    node = generic_source_node(scene, source);
    if (json_kind(node) == JSON_TRUE)
        return "true";
    if (json_kind(node) == JSON_FALSE)
        return "false";
    return json_text(node);
}

/* ---- lists ---- */

/* What follows the next step that is a star; NULL: there is none. */
static const char *star_of(const char *pointer)
{
    for (const char *at = strstr(pointer, "/*"); at != NULL; at = strstr(at + 1, "/*")) {
        if (at[2] == '/' || at[2] == '\0')
            return at + 2;
    }
    return NULL;
}

size_t generic_each_depth(const char *each)
{
    size_t depth = *each == '\0' ? 1 : 2;

    for (each = star_of(each); each != NULL; each = star_of(each))
        depth++;
    return depth;
}

static void each_in(const struct generic_each *run, const struct generic_scene *scene,
                    const char *pointer, const char *at)
{
    const char *star = star_of(pointer);
    const char *own =
        star == NULL ? pointer
                     : arena_strndup(run->arena, pointer, (size_t)(star - strlen("/*") - pointer));
    const struct json *list = generic_source_node(scene, own);
    struct generic_scene inner = *scene;

    at = arena_printf(run->arena, "%s%s", at, own[0] == '.' ? own + 1 : own);
    if (json_kind(list) != JSON_ARRAY || scene->depth == GENERIC_DEPTH_MAX) {
        if (!json_is_null(list))
            run->no_list(run->opaque, scene, at);
        return;
    }
    inner.depth++;
    for (size_t i = 0; i < json_len(list); i++) {
        const char *place = arena_printf(run->arena, "%s/%zu", at, i);

        inner.elements[inner.depth - 1] = json_at(list, i);
        if (star == NULL)
            run->visit(run->opaque, &inner, place);
        else
            each_in(run, &inner, arena_printf(run->arena, ".%s", star), place);
    }
}

void generic_each_run(const struct generic_each *run, const struct generic_scene *scene,
                      const char *each)
{
    if (*each == '\0')
        run->visit(run->opaque, scene, "");
    else
        each_in(run, scene, each, "");
}

/* ---- templates ---- */

static bool is_name_among(const char *name, size_t len, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == len && strncmp(*names, name, len) == 0)
            return true;
    }
    return false;
}

/* A brace begins a name only when a letter follows: JSON's own braces stay what they are. */
static bool is_opening(const char *at)
{
    return *at == '{' && at[1] >= 'a' && at[1] <= 'z';
}

bool generic_template_check(const char *text, const char *const *names, const char **ret_why)
{
    for (const char *at = text; *at != '\0'; at++) {
        size_t len = 0;

        if (!is_opening(at))
            continue;
        len = strcspn(at + 1, "}");
        if (at[1 + len] == '\0') {
            *ret_why = "a brace is not closed";
            return false;
        }
        if (!is_name_among(at + 1, len, names)) {
            *ret_why = "there is no such name in braces here";
            return false;
        }
        at += len + 1;
    }
    return true;
}

/* The writer's own escaping, without its quotes. */
static void put_escaped(const char *value, struct buf *out)
{
    SCOPED(buf) struct buf quoted = {0};
    struct json_out json;

    json_begin(&json, &quoted);
    json_put_text(&json, value);
    buf_append(out, quoted.bytes + 1, quoted.len - 2);
}

/* No header may end early, whatever a value holds. */
static void put_line(const char *value, struct buf *out)
{
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value >= 0x20 && *value != 0x7f)
            buf_char(out, *value);
    }
}

static void put_value(const struct generic_name *name, enum generic_place place, struct buf *out)
{
    if (name->is_raw)
        buf_text(out, name->value);
    else if (place == GENERIC_IN_PATH)
        channel_url_put(out, name->value);
    else if (place == GENERIC_IN_JSON)
        put_escaped(name->value, out);
    else
        put_line(name->value, out);
}

void generic_template_put(const char *text, const struct generic_name *names,
                          enum generic_place place, struct buf *out)
{
    for (const char *at = text; *at != '\0'; at++) {
        size_t len = 0;

        if (!is_opening(at)) {
            buf_char(out, *at);
            continue;
        }
        len = strcspn(at + 1, "}");
        for (const struct generic_name *name = names; name->name != NULL; name++) {
            if (strlen(name->name) == len && strncmp(name->name, at + 1, len) == 0)
                put_value(name, place, out);
        }
        at += at[1 + len] == '\0' ? len : len + 1;
    }
}
