/*
 * The channels file as of now. It is read again while a service runs, so that secrets and tokens
 * rotate without a restart; a holder keeps what it got, and a bad file changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/scope.h"

#include "channels/account.h"

struct channel_live;
struct channel_live_held;

/* Owned, or NULL with ERR_FATAL. Keeps no pointer to path. */
struct channel_live *channel_live_new(const char *path, struct err *err);
void channel_live_free(struct channel_live *live);
SCOPE_DEFINE(channel_live, struct channel_live, channel_live_free)
enum channel_live_news {
    CHANNEL_LIVE_SAME,
    CHANNEL_LIVE_CHANGED,
    CHANNEL_LIVE_BROKEN,       /* the old one stays in force; err says why */
    CHANNEL_LIVE_STILL_BROKEN, /* in the same way as before */
};
/* Reads the file again; what changed counts when it is the same a moment (0.1 s) later, so that a
   file that is being written is let be. One thread only. */
enum channel_live_news channel_live_refresh(struct channel_live *live, struct err *err) MUST_CHECK;

/* Any thread; to be let go. */
struct channel_live_held *channel_live_hold(struct channel_live *live);
void channel_live_let_go(struct channel_live_held *held);
SCOPE_DEFINE(channel_live_held, struct channel_live_held, channel_live_let_go)
/* Another holder of the same. NULL is fine. */
struct channel_live_held *channel_live_share(struct channel_live_held *held);
size_t channel_live_len(const struct channel_live_held *held);
/* Borrowed until let go, as is the next. */
const struct channel_account *channel_live_at(const struct channel_live_held *held, size_t index);
/* NULL when there is none of that name. */
const struct channel_account *channel_live_find(const struct channel_live_held *held,
                                                const char *name);
