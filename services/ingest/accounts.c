#include "services/ingest/accounts.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

#include "channels/channel.h"

struct ingest_accounts_held {
    struct channel_accounts *accounts;
    atomic_int refs;
};

struct ingest_accounts {
    char *path;
    pthread_mutex_t lock; /* guards current */
    struct ingest_accounts_held *current;
    uint64_t digest;
};

static struct ingest_accounts_held *accounts_read(const char *path, struct err *err)
{
    struct channel_accounts *accounts = channel_accounts_read(path, err);

    if (accounts == NULL)
        return NULL;
    struct ingest_accounts_held *held = mem_calloc(1, sizeof(*held));
    held->accounts = accounts;
    atomic_init(&held->refs, 1);
    return held;
}

static void accounts_put(struct buf *out, const char *text)
{
    buf_text(out, text == NULL ? "" : text);
    buf_char(out, '\n');
}

/* Of what matters here; only ever compared within this process. */
static uint64_t accounts_digest(const struct channel_accounts *accounts)
{
    SCOPED(buf) struct buf text = {0};

    for (size_t i = 0; i < channel_accounts_len(accounts); i++) {
        const struct channel_account *account = channel_accounts_at(accounts, i);

        accounts_put(&text, account->name);
        accounts_put(&text, account->kind->name);
        accounts_put(&text, account->account);
        accounts_put(&text, account->return_bucket);
        accounts_put(&text, account->base_url);
        accounts_put(&text, account->api_version);
        accounts_put(&text, account->token);
        accounts_put(&text, account->token_secret);
        accounts_put(&text, account->spec_text);
        buf_printf(&text, "%lld %lld\n", (long long)account->poll_interval_ms,
                   (long long)account->timeout_ms);
        for (size_t s = 0; s < CHANNEL_SECRETS_MAX; s++)
            accounts_put(&text, account->secrets[s]);
    }
    return hash_text(buf_str(&text));
}

struct ingest_accounts *ingest_accounts_new(const char *path, struct err *err)
{
    struct ingest_accounts_held *first = accounts_read(path, err);

    if (first == NULL)
        return NULL;
    struct ingest_accounts *accounts = mem_calloc(1, sizeof(*accounts));
    accounts->path = mem_strdup(path);
    pthread_mutex_init(&accounts->lock, NULL);
    accounts->current = first;
    accounts->digest = accounts_digest(first->accounts);
    return accounts;
}

void ingest_accounts_free(struct ingest_accounts *accounts)
{
    if (accounts == NULL)
        return;
    ingest_accounts_let_go(accounts->current);
    pthread_mutex_destroy(&accounts->lock);
    mem_free(accounts->path);
    mem_free(accounts);
}

/* Times of files are not asked: a mounted secret is a link that changes somewhere else. */
bool ingest_accounts_refresh(struct ingest_accounts *accounts, bool *ret_changed, struct err *err)
{
    struct ingest_accounts_held *fresh = accounts_read(accounts->path, err);

    if (fresh == NULL)
        return false;
    uint64_t digest = accounts_digest(fresh->accounts);
    *ret_changed = digest != accounts->digest;
    struct ingest_accounts_held *old = fresh;
    if (*ret_changed) {
        accounts->digest = digest;
        pthread_mutex_lock(&accounts->lock);
        old = accounts->current;
        accounts->current = fresh;
        pthread_mutex_unlock(&accounts->lock);
    }
    ingest_accounts_let_go(old);
    return true;
}

struct ingest_accounts_held *ingest_accounts_hold(struct ingest_accounts *accounts)
{
    pthread_mutex_lock(&accounts->lock);
    struct ingest_accounts_held *held = accounts->current;
    atomic_fetch_add(&held->refs, 1);
    pthread_mutex_unlock(&accounts->lock);
    return held;
}

void ingest_accounts_let_go(struct ingest_accounts_held *held)
{
    if (held == NULL || atomic_fetch_sub(&held->refs, 1) > 1)
        return;
    channel_accounts_free(held->accounts);
    mem_free(held);
}

size_t ingest_accounts_len(const struct ingest_accounts_held *held)
{
    return channel_accounts_len(held->accounts);
}

const struct channel_account *ingest_accounts_at(const struct ingest_accounts_held *held,
                                                 size_t index)
{
    return channel_accounts_at(held->accounts, index);
}

const struct channel_account *ingest_accounts_find(const struct ingest_accounts_held *held,
                                                   const char *name)
{
    return channel_accounts_find(held->accounts, name);
}
