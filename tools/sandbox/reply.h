/* Filling in an answer to a call. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* Status and content type; the body is written to reply->body. */
void sandbox_reply_json(struct sandbox_reply *reply, int status);
void sandbox_reply_text(struct sandbox_reply *reply, int status, const char *content_type,
                        const char *text);
/* name is borrowed, value is copied into the call's arena. Three at most. */
void sandbox_reply_header(struct sandbox_reply *reply, struct arena *arena, const char *name,
                          const char *value);
/* A query parameter: untouched when it is absent, false when it is no whole number. */
bool sandbox_query_number(const struct http_request *request, const char *name,
                          int64_t *ret_number);
/* Takes what follows prefix off *path; "" may be left. */
bool sandbox_path_skip(const char **path, const char *prefix);
/* Takes the next segment off *path, with the slash before it; NULL at the end. In the arena. */
const char *sandbox_path_segment(struct arena *arena, const char **path);
