/*
 * One configured channel: an account on one marketplace or storefront, read from the channels file
 * (YAML, errors with line and column). Its kind is the adapter; everything else is a setting.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

struct channel_kind;

enum { CHANNEL_SECRETS_MAX = 2, CHANNELS_MAX = 256, CHANNEL_NAME_MAX = 64 };

struct channel_account {
    const char *name; /* "shopify-main": [a-z0-9-]{1,64} */
    const struct channel_kind *kind;
    const char *account;  /* the marketplace's own name: shop domain, site URL; checked against the
                             notification's header when not "" */
    const char *base_url; /* of its API, without a slash at the end */
    const char *api_version; /* "" = the kind's default */
    const char *location;    /* place that the quantity is written to, where the kind has places */
    /* Webhook secrets: the second is accepted beside the first while a rotation goes on. Re-read
       from their files when these change. */
    const char *secrets[CHANNEL_SECRETS_MAX];
    const char *token; /* API token, or the key's name where there is a pair */
    const char *token_secret;
    const char *spec_file;            /* of kinds that take one */
    const char *spec_text;            /* its bytes */
    const void *spec;                 /* what the kind made of it */
    bool writes_on_hand; /* the account's own spec says so: channel_writes_on_hand() */
    const char *const *settings;      /* values in the order of the kind's table */
    const char *const *setting_files; /* where they came from; NULL: given inline, or not at all */
    /* Where returned units go when the channel does not grade them: "quarantine" by default;
       "sellable" where the merchant says so. */
    const char *return_bucket;
    /* Budget of the API: requests (or points) per second and burst; 0 = the kind's default. */
    double rate_per_second;
    double rate_burst;
    int64_t batch_max;        /* items per request; 0 = the kind's limit */
    int64_t concurrency;      /* requests in flight; 0 = the kind's default */
    int64_t timeout_ms;       /* per request; 0 = 10000 */
    int64_t poll_interval_ms; /* of changed orders; -1 = the kind's, 0 = none */
};

struct channel_accounts;

/* A setting that the kind's table has: what the file gives, else the preset. Never NULL. */
const char *channel_account_setting(const struct channel_account *account, const char *name);
/* Of a setting that holds texts with commas between them: whether this is one of them. */
bool channel_account_setting_has(const struct channel_account *account, const char *name,
                                 const char *text);
/* With everything in the arena, the spec too. */
struct channel_account channel_account_copy(const struct channel_account *account,
                                            struct arena *arena);
/* A secret's file: one line of text. In the arena; NULL: err says why. */
const char *channel_secret_read(const char *path, struct arena *arena, struct err *err);

/* Reads and checks the file, or every *.yaml of a folder in the order of their names. ERR_FATAL:
   "channels.yaml:12:5: unknown key 'sekret'". Secrets may be given inline (secret:) or as file
   (secret_file:), relative to the YAML file's folder. */
struct channel_accounts *channel_accounts_read(const char *path, struct err *err);
void channel_accounts_free(struct channel_accounts *accounts);
SCOPE_DEFINE(channel_accounts, struct channel_accounts, channel_accounts_free)
/* Reads the spec of an account that was made by hand: path NULL is none. ERR_FATAL with the place
   of what is wrong, or when the kind wants one and there is none, or the other way round. What it
   keeps goes to the arena. */
bool channel_account_read_spec(struct channel_account *account, const char *path,
                               struct arena *arena, struct err *err) MUST_CHECK;
/* Of everything that the file and the files named in it say; to be compared within this process. */
uint64_t channel_accounts_digest(const struct channel_accounts *accounts);
/* Of one account but for the setting named (NULL: none is left out). */
uint64_t channel_account_digest(const struct channel_account *account, const char *except);
size_t channel_accounts_len(const struct channel_accounts *accounts);
const struct channel_account *channel_accounts_at(const struct channel_accounts *accounts,
                                                  size_t index);
/* NULL when there is none of that name. */
const struct channel_account *channel_accounts_find(const struct channel_accounts *accounts,
                                                    const char *name);
