/*
 * The channels file as of now. It is read again while the service runs, so that secrets rotate
 * without a restart; a holder keeps what it got, and a bad file changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/scope.h"

#include "channels/account.h"

struct ingest_accounts;
struct ingest_accounts_held;

/* Owned, or NULL with ERR_FATAL. Keeps no pointer to path. */
struct ingest_accounts *ingest_accounts_new(const char *path, struct err *err);
void ingest_accounts_free(struct ingest_accounts *accounts);
SCOPE_DEFINE(ingest_accounts, struct ingest_accounts, ingest_accounts_free)
/* One thread only. *ret_changed: the file says something else than before. False: the old one stays
   in force. */
bool ingest_accounts_refresh(struct ingest_accounts *accounts, bool *ret_changed,
                             struct err *err) MUST_CHECK;

/* Any thread; to be let go. */
struct ingest_accounts_held *ingest_accounts_hold(struct ingest_accounts *accounts);
void ingest_accounts_let_go(struct ingest_accounts_held *held);
SCOPE_DEFINE(ingest_accounts_held, struct ingest_accounts_held, ingest_accounts_let_go)
size_t ingest_accounts_len(const struct ingest_accounts_held *held);
/* Borrowed until let go, as is the next. */
const struct channel_account *ingest_accounts_at(const struct ingest_accounts_held *held,
                                                 size_t index);
/* NULL when there is none of that name. */
const struct channel_account *ingest_accounts_find(const struct ingest_accounts_held *held,
                                                   const char *name);
