/*
 * Requests whose answer comes later: because a fault makes them hang, or because they ask for
 * journal entries that are not there yet.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/http/server.h"

struct sandbox;
struct sandbox_reply;
struct sandbox_waiting;

struct sandbox_waiting *sandbox_waiting_new(struct sandbox *sandbox);
/* Answers all that is still there. NULL is fine. */
void sandbox_waiting_free(struct sandbox_waiting *waiting);

/* None of these is called under the sandbox's lock. */

/* Answers delay_ms from now. Takes reply's body; copies its headers. */
void sandbox_waiting_add(struct sandbox_waiting *waiting, struct http_request *request,
                         struct sandbox_reply *reply, int64_t delay_ms);
/* Answers with the entries after `after` as soon as there are some, or with none in wait_ms. */
void sandbox_waiting_add_log(struct sandbox_waiting *waiting, struct http_request *request,
                             uint64_t after, size_t limit, int64_t wait_ms);
/* Answers what is due. Returns pause_ms, or less when something is due earlier. */
int64_t sandbox_waiting_answer(struct sandbox_waiting *waiting, int64_t now_ms, int64_t pause_ms);
/* Does anyone wait for entries? Any thread. */
int sandbox_waiting_readers(const struct sandbox_waiting *waiting);
