/*
 * Access tokens of the accounts whose kind has login(): asked for when there is none, renewed ahead
 * of their end, one request of an account at a time, again with growing pauses. Accounts of other
 * kinds pass through as they are. Shared by the services; one thread each. Logs what an operator
 * must hear of, and counts stockbus_session_*.
 *
 * A refresh token that the channel replaces is kept in memory and, where the kind's setting came
 * from a file that can be written, in that file, which is read again before each login. A lock
 * beside it ("<file>.lock") lets one process of several log in at a time.
 */
#pragma once

#include <stdbool.h>

#include "lib/http/client.h"

#include "channels/channel.h"

struct channel_sessions;

/* Logins go out through the client; it is borrowed, and is to be freed first. */
struct channel_sessions *channel_sessions_new(struct http_client *client);
void channel_sessions_free(struct channel_sessions *sessions);
SCOPE_DEFINE(channel_sessions, struct channel_sessions, channel_sessions_free)

/*
 * The account as requests need it: a copy that borrows the account's texts, its token in the arena.
 * Never waits; to be called before each request, as it is what moves logins and renewals on.
 * ERR_RETRY: there is no token yet. ERR_REJECT: the channel refuses our login, which is tried again
 * seldom, and at once when the account's settings change.
 */
bool channel_sessions_open(struct channel_sessions *sessions, const struct channel_account *account,
                           struct arena *arena, struct channel_account *ret_account,
                           struct err *err) MUST_CHECK;

/*
 * The channel refused a request that carried this token (401, CHANNEL_AUTH). True: another one may
 * do, open again. False: it is no matter of tokens, or the one before was refused just now, too.
 */
bool channel_sessions_doubt(struct channel_sessions *sessions, const char *channel,
                            const char *token) MUST_CHECK;
