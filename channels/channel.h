/*
 * What a kind of channel is: one folder channels/<kind>/ with the same file names in each
 * (notifications.c, pushes.c, snapshots.c, <kind>.c), one exported descriptor, one line in kinds.c.
 * Everything that can be a field is a field; a function only where behaviour differs. Channels see
 * no database, no Kafka and no clock: values in, values out. Sources of every fact are named at the
 * field or function that relies on it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/event/event.h"
#include "lib/event/push.h"

#include "channels/account.h"

struct channel_header {
    const char *name;
    const char *value;
};

/* Case-insensitive; NULL when absent. */
const char *channel_header_find(const struct channel_header *headers, size_t len, const char *name);

/* ---- in: notifications ---- */

struct channel_key;

struct channel_notification {
    const struct channel_header *headers;
    size_t headers_len;
    const void *body; /* raw bytes */
    size_t body_len;
    int64_t received_ms; /* wall clock at which it was complete */
    enum event_captured_via captured_via;
    const char *method; /* "POST", with path and query as they came; NULL: it came by no HTTP */
    const char *path;
    const char *hint; /* what was read when this is an answer to read(); NULL: nobody asked */
    const struct channel_key *key; /* that its key id names; NULL: not asked for yet */
};

/* What a thin notification names and must be read before anything is known: "order:123", in the
   kind's own words, at most CHANNEL_HINT_MAX bytes. One with '@' in it names a version, too
   ("order:123@1718305585"): read once, it need not be read again. */
enum { CHANNEL_HINTS_MAX = 1000, CHANNEL_HINT_MAX = 200 };
struct channel_hints {
    const char *hints[CHANNEL_HINTS_MAX]; /* in the arena */
    size_t len;
};
/* Adds one, if it is not there; false: full, or too long. */
bool channel_hint(struct channel_hints *hints, struct arena *arena, const char *format, ...)
    PRINTF_LIKE(3, 4) MUST_CHECK;

/* A notification taken from a queue that we must ask (SQS). */
struct channel_message {
    const char *receipt; /* what deletes it */
    int64_t sent_ms;     /* wall clock: when the queue got it; 0: it does not say */
    int64_t receives;    /* how often the queue handed it out by now; 0: it does not say */
    struct channel_notification notification;
};
enum { CHANNEL_MESSAGES_MAX = 10 };

/* Case-insensitive; NULL when absent. */
const char *channel_notification_header(const struct channel_notification *notification,
                                        const char *name);

enum channel_signature_scheme {
    CHANNEL_SIGNATURE_NONE, /* verifies nothing */
    CHANNEL_SIGNATURE_HMAC,
    CHANNEL_SIGNATURE_TOKEN, /* the header holds the secret itself: says who, not what */
    CHANNEL_SIGNATURE_ECDSA, /* P-256; the header is base64 of JSON with kid and signature (DER in
                                base64); the key is asked of the channel: key() */
    CHANNEL_SIGNATURE_KIND,  /* it is within the body, or else peculiar: verify() */
};
enum channel_signature_digest {
    CHANNEL_DIGEST_SHA256,
    CHANNEL_DIGEST_SHA1,
    CHANNEL_DIGEST_SHA512,
};
enum channel_signature_encoding {
    CHANNEL_ENCODING_BASE64,
    CHANNEL_ENCODING_HEX, /* lower case */
    CHANNEL_ENCODING_ANY, /* of these, or upper case: where the sender's form is unconfirmed */
};
enum channel_signature_secret {
    CHANNEL_SECRET_TEXT,
    CHANNEL_SECRET_HTML,   /* the sender decodes HTML entities in its secret before it signs */
    CHANNEL_SECRET_BASE64, /* the key is what it decodes to; "whsec_" before it is taken off */
    CHANNEL_SECRET_BASIC,  /* "user:password"; the key is its base64, as HTTP Basic sends it */
};

/* How a sender signs. With the zeros of a static initializer: the raw body, HMAC-SHA256, base64. */
struct channel_signature {
    enum channel_signature_scheme scheme;
    const char *header; /* NULL: the signature is within the body */
    enum channel_signature_secret secret;
    enum channel_signature_digest digest;
    enum channel_signature_encoding encoding;
    const char *prefix;      /* before each signature, "sha256=", in any case; NULL: none */
    bool prefix_is_optional; /* it may lack */
    bool is_list;            /* several signatures; one good one will do */
    const char *separator;   /* one byte between those of a list; NULL: a space */
    /* What is signed, of {body}, {body_sha256} (hex), {id}, {timestamp}, {method}, {path} (with
       query), {account} and {setting:NAME}; NULL: "{body}". */
    const char *signs;
    const char *id_header;
    const char *timestamp_header; /* seconds or milliseconds since 1970, or RFC 3339 */
    const char *timestamp_prefix; /* "t=": it stands in the list, behind this; NULL: it does not */
    int64_t tolerance_ms; /* how far the timestamp may be from now; 0: it is not looked at */
};

/* A public key as the channel tells it. */
struct channel_key {
    const char *pem; /* line breaks in it or not */
    enum channel_signature_digest digest;
};

/* ---- out: pushes ---- */

struct channel_push {
    const struct target *target;
    /* What the channel is believed to show now, for compare-and-set; false: unknown or forced. */
    bool has_expected;
    int64_t expected;
};

struct channel_request {
    const char *method;
    const char *url;
    const struct channel_header *headers;
    size_t headers_len;
    const char *body; /* NUL-terminated */
    size_t body_len;
    const char *user; /* HTTP Basic; NULL: none */
    const char *password;
    double cost; /* what it takes from the budget */
};

struct channel_response {
    int status; /* 0: no answer came */
    const char *body;
    size_t body_len;
    const struct channel_header *headers;
    size_t headers_len;
};

const char *channel_response_header(const struct channel_response *response, const char *name);

/* What an answer means for one push, named for the publisher's next move. */
enum channel_verdict {
    CHANNEL_CONFIRMED, /* the answer shows our quantity */
    CHANNEL_ACCEPTED,  /* taken, but the answer does not show it */
    CHANNEL_STALE,     /* compare-and-set lost: the channel shows something else */
    CHANNEL_RETRY,     /* same request later: overload, 5xx, no answer */
    CHANNEL_RETRY_NEW, /* later, but with a new idempotency key */
    CHANNEL_SPLIT,     /* the whole request was refused, and others in it may be why: now, apart */
    CHANNEL_THROTTLED, /* the budget is used up: wait as told */
    CHANNEL_AUTH,      /* credentials are refused: stop the channel and alarm */
    CHANNEL_EXHAUSTED, /* this listing was written too often today: later, others go on */
    CHANNEL_REJECTED,  /* this listing's push is wrong for ever: park it, neighbours go on */
    CHANNEL_VERDICT_COUNT,
};
const char *channel_verdict_name(enum channel_verdict verdict);

struct channel_result {
    enum channel_verdict verdict;
    const char *error_class; /* the channel's own code, or "http_500"; "" when confirmed */
    const char *error_text;
    int64_t shown; /* what the answer says is shown now */
    bool has_shown;
    int64_t again_ms; /* accepted: how long what was taken may take to show; 0: a second */
};

/* The budget as the answer's headers or body tell it; what is unknown is < 0. */
struct channel_budget {
    double available;
    double restore_per_second;
    int64_t retry_after_ms;
};

/* What the HTTP status alone means, with class "http_500" or "no_answer". CHANNEL_ACCEPTED for 2xx:
   then the body decides. */
struct channel_result channel_result_of_status(int status, struct arena *arena);
/* Of a Retry-After in seconds, fractions too ("2.0"), at most an hour; -1 when there is none. A
   date is not read: channels have no clock. */
int64_t channel_retry_after_ms(const struct channel_response *response);

/*
 * Some channels keep back what they sold themselves until it is shipped: they are told units on
 * hand. push() and answer() deal in what is written, rows of snapshots too; everything else in the
 * system in what is available.
 */
bool channel_writes_on_hand(const struct channel_account *account);
/* What is written for the target. */
int64_t channel_written(const struct channel_account *account, const struct target *target);

/* ---- in: snapshots ---- */

struct channel_row {
    const char *listing; /* at least one of listing, address, sku is not "" */
    const char *address;
    const char *sku;
    bool tracked;
    int64_t quantity;
    int64_t version_ms; /* 0 when the row does not say */
};

typedef bool channel_row_visit(void *opaque, const struct channel_row *row, struct err *err);

/* The next call of several: url "" when there is none. */
struct channel_fetch {
    struct channel_request request;
    int64_t wait_ms; /* before sending it (polling an asynchronous job) */
    /* With url "" of push_next(): what answer() judges instead of the last answer, when it takes
       several to show what came of the push. In the arena; NULL: the last one. */
    const struct channel_response *judged;
};

/* ---- credentials ---- */

/* A setting that only some kinds have, below `settings:` of the channel. */
struct channel_setting {
    const char *name;   /* "marketplace_ids" */
    const char *preset; /* NULL: it must be given */
    bool is_secret;     /* may come from a file, as "<name>_file", re-read when that changes */
    const char *what;   /* for people, one line */
    bool is_rotated;    /* login()'s refresh token, at most one: what granted() says instead is kept
                           in memory and, where that can be written, in the file it came from */
};

/* An access token as the channel granted it. */
struct channel_grant {
    const char *token;
    int64_t life_ms;           /* from the answer on */
    const char *refresh_token; /* that replaces the one that was used; NULL: it stays */
};

enum { CHANNEL_SNAPSHOT_STATE_LEN = 1024, CHANNEL_BAD_LINES_MAX = 100 };

struct channel_bad_lines {
    const char *reasons[CHANNEL_BAD_LINES_MAX]; /* in the arena */
    size_t len;
    size_t more; /* that the last reason stands for */
};
/* Adds one; beyond the maximum the last says how many more. */
void channel_bad_line(struct channel_bad_lines *bad, struct arena *arena, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* A limit of writes a day, for each listing or whatever the key names: several listings may share
   one. A request counts once for each key in it. */
struct channel_quota {
    int64_t per_day; /* 0: there is none */
    int64_t reserve; /* so many at last are for zero and for less; half of them for zero alone */
    const char *(*key)(const struct channel_account *account, const struct target *target,
                       struct arena *arena);
};

struct channel_kind {
    const char *name;    /* "shopify" */
    const char *adapter; /* "shopify/1": goes into every event */
    struct channel_signature signature;
    /* MAY. What the account says instead, or this notification (two ways into one channel). */
    const struct channel_signature *(*signature_of)(
        const struct channel_account *account, const struct channel_notification *notification);
    /* Content types that a notification may have; others are 415. Closed by NULL. */
    const char *content_types[4];
    const char *account_header; /* names the account; NULL: none */
    const char *topic_header;   /* names what happened */
    bool quantity_is_available; /* what is written means available (true) or on hand (false):
                                   channel_written() */
    bool has_compare_and_set;
    int64_t batch_max;
    double rate_per_second;
    double rate_burst;
    int64_t concurrency;
    const char *snapshot_formats[4]; /* closed by NULL; the first is the default */

    /*
     * MAY. The kind's accounts name a file of their own (`spec:`), of which this makes
     * account->spec, in the arena, and limits that the account does not set. ERR_FATAL names line
     * and column.
     */
    bool (*read_spec)(struct channel_account *account, struct arena *arena, const char *name,
                      const char *bytes, size_t len, struct err *err);

    /* MAY, with read_spec: JSON Schema of such a file. */
    void (*spec_schema)(struct buf *out);

    /*
     * MAY. True for a notification that needs no signature and says nothing (WooCommerce's ping):
     * answered 200, nothing written. Called before verification. May be NULL: none.
     */
    bool (*is_ping)(const struct channel_notification *notification);

    /*
     * MUST. The business facts of an authentic notification, in the list; every event complete but
     * for received time, host and id (the caller fills and identifies them). Zero events is fine
     * (a topic that means nothing to us). One bad line must not cost the others: it is put into
     * ret_bad (one text per line), the rest goes on. False with ERR_REJECT when the whole body is
     * not understood: it goes to the rejected topic.
     */
    bool (*normalize)(const struct channel_account *account,
                      const struct channel_notification *notification, struct arena *arena,
                      struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                      struct err *err);

    /*
     * MUST. The id that all events of the notification share: the sender's own if it has a usable
     * one, else a digest of topic and body. In the arena.
     */
    const char *(*notification_id)(const struct channel_account *account,
                                   const struct channel_notification *notification,
                                   struct arena *arena);

    /*
     * MAY, NULL: there is no such list. The request for the next page of the orders that changed
     * after since_ms (source's clock, order of no matter), whose pages normalize() understands.
     * previous is the answer before (NULL at first), page counts from 1. url "": that was all.
     */
    void (*poll)(const struct channel_account *account, int64_t since_ms, int64_t page,
                 const struct channel_response *previous, struct arena *arena,
                 struct channel_request *ret_request);
    int64_t poll_interval_ms; /* default pause between two rounds of poll() */

    /*
     * MAY. What the notification, a page of poll() or an answer to read() only names. It comes
     * beside what normalize() makes of the same bytes. Every hint is kept until it was read.
     */
    bool (*hints)(const struct channel_account *account,
                  const struct channel_notification *notification, struct arena *arena,
                  struct channel_hints *ret_hints, struct err *err);

    /*
     * MUST, with hints(). Drives the reading of what a hint names: given the answer to the previous
     * call (NULL at first), the next one; url "": that was all. Bytes for normalize() are handed
     * over as *ret_bytes (from the answer or the arena; NULL: none). *state is the kind's own,
     * starts NULL; what it points to lies in the arena, which lives as long as the reading. It sees
     * 2xx, and 4xx that are no matter of load or login (404). ERR_REJECT: it will never be read
     * (unknown there, not ours); else it is tried again.
     */
    bool (*read)(const struct channel_account *account, const char *hint,
                 const struct channel_response *previous, void **state, struct arena *arena,
                 struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                 struct err *err);

    /*
     * MAY. Notifications that wait in a queue: the request for some (long poll, at most timeout_ms
     * of the account; url "": this account has no queue), what its answer holds, all of it in the
     * arena, and the request that deletes them once the broker has all that they said. now_ms is
     * wall clock: these requests are signed by who makes them, not by seal(), and they do without
     * the token of login(). Messages are not verified: the queue's owner says who may write to it.
     */
    void (*receive)(const struct channel_account *account, int64_t now_ms, struct arena *arena,
                    struct channel_request *ret_request);
    bool (*received)(const struct channel_account *account, const struct channel_response *response,
                     struct arena *arena, struct channel_message *ret_messages, size_t *ret_len,
                     struct err *err);
    void (*forget)(const struct channel_account *account, const struct channel_message *messages,
                   size_t len, int64_t now_ms, struct arena *arena,
                   struct channel_request *ret_request);

    /*
     * MAY. Tokens that live for a while: the request for one, and what its answer grants. All other
     * functions find it as account->token. refresh_token is the newest that is known, NULL when no
     * setting is_rotated. url "": this account needs no login, its token is used as it stands.
     * granted() sees any answer but 429 and 5xx. ERR_REJECT: refused for ever (revoked, wrong
     * secret); ERR_RETRY: not understood, asked again.
     */
    void (*login)(const struct channel_account *account, const char *refresh_token, int64_t now_ms,
                  struct arena *arena, struct channel_request *ret_request);
    bool (*granted)(const struct channel_account *account, const struct channel_response *response,
                    int64_t now_ms, struct arena *arena, struct channel_grant *ret_grant,
                    struct err *err);

    /*
     * MUST, with CHANNEL_SIGNATURE_ECDSA. Drives the asking for a public key, as read() does; url
     * "": *ret_key is it. Whoever asks keeps it for about an hour. ERR_REJECT: there is none of
     * this id.
     */
    bool (*key)(const struct channel_account *account, const char *key_id,
                const struct channel_response *previous, void **state, struct arena *arena,
                struct channel_fetch *ret_next, struct channel_key *ret_key, struct err *err);

    /* MUST, with CHANNEL_SIGNATURE_KIND. False: wrong, missing or too old. */
    bool (*verify)(const struct channel_account *account,
                   const struct channel_notification *notification);

    /* MAY. The answer to a GET by which a sender asks whether the endpoint is ours (eBay's
       challenge): a body of application/json. NULL: it is no such question. */
    const char *(*challenge)(const struct channel_account *account, const char *query,
                             struct arena *arena);

    /* MAY. Signs or stamps a request just before it is sent, whoever made it (a timestamp and a
       hash over it in the URL, SigV4). */
    void (*seal)(const struct channel_account *account, int64_t now_ms, struct arena *arena,
                 struct channel_request *request);

    /* Closed by .name NULL; NULL: none. */
    const struct channel_setting *settings;

    /*
     * MUST. Pushes whose groups differ never share a request (one parent product per call, one
     * location per call); "" when all may go together. In the arena. NULL: the target's address is
     * not of this kind.
     */
    const char *(*group)(const struct channel_account *account, const struct target *target,
                         struct arena *arena);

    /* MAY. How many of the target's group one request takes, where that is less than batch_max (a
       kind with two APIs). */
    int64_t (*batch)(const struct channel_account *account, const struct target *target);

    /* MAY. How often what the key names may be written. */
    struct channel_quota quota;

    /*
     * MUST. One request for count <= batch_max (and batch()) pushes of one group. key is a fresh
     * UUID for this set of values: the idempotency key where the API has one. False with ERR_REJECT
     * when a target's address is not of this kind: nothing is sent.
     */
    bool (*push)(const struct channel_account *account, const struct channel_push *pushes,
                 size_t count, const char *key, struct arena *arena,
                 struct channel_request *ret_request, struct err *err);

    /*
     * MAY. Pushes that take several calls (read the whole listing, then write it; a feed's steps):
     * given the answer to the previous call, the next one; url "": that answer is for answer().
     * The first call is push()'s. *state as in read(). A call that fails ends it: answer() judges.
     */
    bool (*push_next)(const struct channel_account *account, const struct channel_push *pushes,
                      size_t count, const char *key, const struct channel_response *previous,
                      void **state, struct arena *arena, struct channel_fetch *ret_next,
                      struct err *err);

    /* MUST. What the answer means for each push (results[i] for pushes[i]) and for the budget. */
    void (*answer)(const struct channel_account *account, const struct channel_push *pushes,
                   size_t count, const struct channel_response *response, struct arena *arena,
                   struct channel_result *results, struct channel_budget *ret_budget);

    /*
     * MUST. Rows of a snapshot's bytes in one of snapshot_formats (NULL: the default).
     * ERR_REJECT names line or byte.
     */
    bool (*rows)(const struct channel_account *account, const char *format, const void *bytes,
                 size_t len, channel_row_visit *visit, void *opaque, struct err *err);

    /*
     * MUST. Drives the fetching of a snapshot: given the answer to the previous request (NULL at
     * first) says the next one. Bytes that hold rows are handed over as *ret_bytes (borrowed from
     * the response or arena; NULL: none) with their format. state is the kind's own, starts zeroed,
     * CHANNEL_SNAPSHOT_STATE_LEN bytes.
     */
    bool (*snapshot)(const struct channel_account *account, const struct channel_response *previous,
                     void *state, struct arena *arena, struct channel_fetch *ret_next,
                     const char **ret_bytes, size_t *ret_len, const char **ret_format,
                     struct err *err);
};

/* The kind's, or what the account's spec says. */
const struct channel_signature *
channel_signature_of(const struct channel_account *account,
                     const struct channel_notification *notification);

/* The id of the key that an ECDSA notification wants; NULL: it wants none, or its header is
   malformed. In the arena. */
const char *channel_key_id(const struct channel_account *account,
                           const struct channel_notification *notification, struct arena *arena);

/*
 * Signature over the raw bytes, in constant time, before any parsing, with each of the account's
 * secrets, or with notification->key. False: wrong or missing. Without a secret or key nothing is
 * verified: always false.
 */
bool channel_verify(const struct channel_account *account,
                    const struct channel_notification *notification);

/* Normalizes, fills the common fields (channel, account, adapter, via, received time, host,
   traceparent header, raw), identifies and checks the form of every event. What fails becomes a bad
   line; what only breaks a rule of the domain is an event, which the ledger parks. The first event
   carries the raw body, the others refer to it. Events that keep() refuses are left out before
   that; keep may be NULL. */
typedef bool channel_keep(void *opaque, const struct event *event);
bool channel_events(const struct channel_account *account,
                    const struct channel_notification *notification, const char *host,
                    channel_keep *keep, void *opaque, struct arena *arena,
                    struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                    struct err *err);
