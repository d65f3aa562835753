#include "channels/generic/value.h"

#include <stdlib.h>
#include <string.h>

#include "channels/url.h"

/* ---- sources ---- */

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

static bool is_relative(const char *source)
{
    return source[0] == '.' && (source[1] == '\0' || source[1] == '/');
}

bool generic_source_check(const char *source, const char **ret_why)
{
    *ret_why = "want /pointer, ./pointer, header:Name or =text";
    if (source[0] == '=')
        return true;
    if (is_header(source))
        return source[sizeof(header_prefix) - 1] != '\0';
    if (source[0] != '/' && !is_relative(source))
        return false;
    *ret_why = "'~' must be '~0' or '~1' in a pointer";
    return pointer_is_good(source);
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

const struct json *generic_source_node(const struct generic_scene *scene, const char *source)
{
    if (is_relative(source))
        return pointer_follow(scene->element, source + 1);
    return source[0] == '/' ? pointer_follow(scene->root, source) : NULL;
}

const char *generic_source_text(const struct generic_scene *scene, const char *source)
{
    const struct json *node = NULL;

    if (source[0] == '=')
        return source + 1;
    if (is_header(source))
        return scene->notification == NULL
                   ? NULL
                   : channel_notification_header(scene->notification,
                                                 source + sizeof(header_prefix) - 1);
    node = generic_source_node(scene, source);
    if (json_kind(node) == JSON_TRUE)
        return "true";
    if (json_kind(node) == JSON_FALSE)
        return "false";
    return json_text(node);
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
