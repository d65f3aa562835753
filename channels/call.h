/*
 * Between a kind's requests and the HTTP client: whoever sends a request for a kind makes its call
 * here, so that none goes out unsealed.
 */
#pragma once

#include "lib/http/client.h"

#include "channels/channel.h"

enum { CHANNEL_CALL_TIMEOUT_MS = 10000 };

/* Seals the request as of now_ms (wall clock) where the kind does that, and says it as a call.
   Both live in the arena; the body is borrowed from the request. */
struct http_call channel_call(const struct channel_account *account,
                              struct channel_request *request, int64_t now_ms, struct arena *arena);

/* The same for requests whose maker knew the time: login(), receive(), forget(). */
struct http_call channel_call_unsealed(const struct channel_account *account,
                                       const struct channel_request *request, struct arena *arena);

/* The reply as kinds read it; in the arena, its texts borrowed from the reply. */
const struct channel_response *channel_call_answer(const struct http_reply *reply,
                                                   struct arena *arena);
