#include "tools/sandbox/reply.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sandbox_reply_json(struct sandbox_reply *reply, int status)
{
    buf_clear(&reply->body);
    reply->status = status;
    reply->content_type = "application/json; charset=utf-8";
}

void sandbox_reply_text(struct sandbox_reply *reply, int status, const char *content_type,
                        const char *text)
{
    buf_clear(&reply->body);
    reply->status = status;
    reply->content_type = content_type;
    buf_text(&reply->body, text);
}

void sandbox_reply_header(struct sandbox_reply *reply, struct arena *arena, const char *name,
                          const char *value)
{
    size_t i = 0;

    while (reply->headers[i].name != NULL)
        i++;
    assert(i + 1 < ARRAY_LEN(reply->headers));
    reply->headers[i] = (struct http_header){name, arena_strdup(arena, value)};
}

bool sandbox_query_number(const struct http_request *request, const char *name, int64_t *ret_number)
{
    const char *text = http_request_query(request, name);
    char *end = NULL;

    if (text == NULL)
        return true;
    errno = 0;
    long long number = strtoll(text, &end, 10);

    if (errno != 0 || end == text || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}

bool sandbox_path_skip(const char **path, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncmp(*path, prefix, len) != 0)
        return false;
    *path += len;
    return true;
}

const char *sandbox_path_segment(struct arena *arena, const char **path)
{
    if (**path != '/')
        return NULL;
    const char *begin = *path + 1;
    size_t len = strcspn(begin, "/");

    if (len == 0)
        return NULL;
    *path = begin + len;
    return arena_strndup(arena, begin, len);
}
