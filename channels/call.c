#include "channels/call.h"

struct http_call channel_call(const struct channel_account *account,
                              struct channel_request *request, int64_t now_ms, struct arena *arena)
{
    if (account->kind->seal != NULL)
        account->kind->seal(account, now_ms, arena, request);
    return channel_call_unsealed(account, request, arena);
}

struct http_call channel_call_unsealed(const struct channel_account *account,
                                       const struct channel_request *request, struct arena *arena)
{
    struct http_header *headers = arena_alloc(arena, (request->headers_len + 1) * sizeof(*headers));
    for (size_t i = 0; i < request->headers_len; i++)
        headers[i] = (struct http_header){request->headers[i].name, request->headers[i].value};
    return (struct http_call){
        .method = request->method,
        .url = request->url,
        .headers = headers,
        .headers_len = request->headers_len,
        .body = request->body,
        .body_len = request->body_len,
        .timeout_ms = account->timeout_ms > 0 ? (int)account->timeout_ms : CHANNEL_CALL_TIMEOUT_MS,
        .user = request->user,
        .password = request->password,
    };
}

const struct channel_response *channel_call_answer(const struct http_reply *reply,
                                                   struct arena *arena)
{
    struct channel_header *headers =
        arena_alloc(arena, (reply->headers_len + 1) * sizeof(*headers));

    for (size_t i = 0; i < reply->headers_len; i++)
        headers[i] = (struct channel_header){reply->headers[i].name, reply->headers[i].value};
    const struct channel_response response = {
        .status = reply->status,
        .body = reply->body == NULL ? "" : reply->body,
        .body_len = reply->body_len,
        .headers = headers,
        .headers_len = reply->headers_len,
    };
    return arena_memdup(arena, &response, sizeof(response));
}
