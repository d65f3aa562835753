#include "tools/sandbox/graphql.h"

#include <ctype.h>
#include <string.h>

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static const char *skip_blank(const char *at)
{
    while (*at != '\0' && (isspace((unsigned char)*at) || *at == ','))
        at++;
    return at;
}

static const char *take_name(struct arena *arena, const char **at)
{
    const char *begin = *at;

    while (is_name(**at))
        (*at)++;
    return arena_strndup(arena, begin, (size_t)(*at - begin));
}

/* A copy without what stands between # and the end of the line. */
static const char *without_comments(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    char *to = copy;
    bool quoted = false;

    for (const char *at = copy; *at != '\0'; at++) {
        if (*at == '"')
            quoted = !quoted;
        if (*at == '#' && !quoted)
            at += strcspn(at, "\n");
        if (*at == '\0')
            break;
        *to++ = *at;
    }
    *to = '\0';
    return copy;
}

void sandbox_graphql_read(struct arena *arena, const char *text, struct sandbox_graphql *ret)
{
    struct sandbox_graphql query = {
        .text = without_comments(arena, text), .field = "", .alias = ""};
    const char *at = skip_blank(query.text);

    query.mutation = strncmp(at, "mutation", strlen("mutation")) == 0;
    at = strchr(at, '{');
    query.after = "";
    if (at != NULL) {
        at = skip_blank(at + 1);
        query.field = query.alias = take_name(arena, &at);
        query.after = at;
        at = skip_blank(at);
        if (*at == ':') {
            at = skip_blank(at + 1);
            query.field = take_name(arena, &at);
            query.after = at;
        }
    }
    *ret = query;
}

const char *sandbox_graphql_variable(struct arena *arena, const struct sandbox_graphql *query,
                                     const char *argument)
{
    const char *at = skip_blank(query->after);
    size_t len = strlen(argument);

    if (*at != '(')
        return NULL;
    for (at++; *at != '\0' && *at != ')'; at++) {
        if (strncmp(at, argument, len) != 0 || is_name(at[len]) || is_name(at[-1]))
            continue;
        at = skip_blank(at + len);
        if (*at != ':')
            return NULL;
        at = skip_blank(at + 1);
        if (*at++ != '$')
            return NULL;
        return take_name(arena, &at);
    }
    return NULL;
}

bool sandbox_graphql_idempotent(struct arena *arena, const struct sandbox_graphql *query,
                                const char **ret_key, const char **ret_variable)
{
    const char *at = strstr(query->text, "@idempotent");

    *ret_key = *ret_variable = NULL;
    if (at == NULL)
        return false;
    at = skip_blank(at + strlen("@idempotent"));
    if (*at != '(')
        return false;
    at = skip_blank(at + 1);
    if (strncmp(at, "key", 3) != 0)
        return false;
    at = skip_blank(at + 3);
    if (*at != ':')
        return false;
    at = skip_blank(at + 1);
    if (*at == '$') {
        at++;
        *ret_variable = take_name(arena, &at);
        return true;
    }
    if (*at != '"')
        return false;
    *ret_key = arena_strndup(arena, at + 1, strcspn(at + 1, "\""));
    return true;
}

bool sandbox_graphql_mentions(const struct sandbox_graphql *query, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(query->text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == query->text || !is_name(at[-1])) && !is_name(at[len]))
            return true;
    return false;
}
