#include "channels/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"

#include "channels/call.h"

enum {
    SESSION_REFUSED_PAUSE_MS = 600000, /* refused for ever, but people put things right */
    SESSION_DOUBT_PAUSE_MS = 60000,    /* between two tokens that are thrown away */
    SESSION_LOCKED_PAUSE_MS = 200,     /* another process logs in */
    SESSION_LOCKED_MAX_MS = 30000,     /* a halted one must not hold up the others */
    SESSION_MARGIN_MAX_MS = 10000,     /* a token is not used so close to its end */
};

static const struct retry_policy login_pause = {.base_ms = 1000, .cap_ms = 60000, .tries_max = 0};

static const struct metric logins_total = {
    "stockbus_session_logins_total",
    "Access tokens asked for, by result: granted, failed (asked again), refused (for ever).",
    METRIC_COUNTER,
    {"channel", "result"}
};
static const struct metric token_expiry = {
    "stockbus_session_token_expiry_seconds",
    "Unix time at which the channel's access token ends; 0: there is none.",
    METRIC_GAUGE,
    {"channel"}};

static const struct metric token_wanted = {
    "stockbus_session_token_wanted_timestamp_seconds",
    "Unix time at which an access token was last wanted and there was none; 0: there is one.",
    METRIC_GAUGE,
    {"channel"}};

/* One account's. Texts are owned. */
struct session {
    struct channel_sessions *sessions;
    char *name;
    uint64_t digest; /* of the settings that the rest is about */
    char *token;     /* NULL: none */
    int64_t renew_ms;
    int64_t end_ms;
    char *refresh_token; /* NULL: none */
    char *seen;          /* what setting or file said when refresh_token was taken or kept there */
    char *file;          /* where refresh_token stands; NULL: in no file */
    int lock_fd;         /* -1: not held */
    int64_t locked_ms;   /* since when another process holds it; 0: none does */
    bool is_static;      /* the kind wants no login of this account */
    bool is_asking;
    bool is_outdated;    /* the settings changed under the request */
    struct arena *arena; /* of the request */
    struct channel_account asked;
    int failures;
    int64_t due_ms; /* of the next try */
    bool is_refused;
    char why[512];
    int64_t doubted_ms; /* when a token was thrown away; 0: never */
};

struct channel_sessions {
    struct http_client *client;
    struct map *by_name;
};

struct channel_sessions *channel_sessions_new(struct http_client *client)
{
    struct channel_sessions *sessions = mem_calloc(1, sizeof(*sessions));

    sessions->client = client;
    sessions->by_name = map_new();
    return sessions;
}

static void session_unlock(struct session *session)
{
    if (session->lock_fd >= 0)
        close(session->lock_fd);
    session->lock_fd = -1;
}

void channel_sessions_free(struct channel_sessions *sessions)
{
    struct session *session = NULL;

    if (sessions == NULL)
        return;
    for (size_t cursor = 0; (session = map_next(sessions->by_name, &cursor, NULL)) != NULL;) {
        session_unlock(session);
        arena_free(session->arena);
        mem_free(session->name);
        mem_free(session->token);
        mem_free(session->refresh_token);
        mem_free(session->seen);
        mem_free(session->file);
        mem_free(session);
    }
    map_free(sessions->by_name);
    mem_free(sessions);
}

static void text_set(char **text, const char *value)
{
    char *old = *text;

    *text = value == NULL ? NULL : mem_strdup(value);
    mem_free(old);
}

static bool text_equal(const char *left, const char *right)
{
    return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static void session_forget_token(struct session *session)
{
    text_set(&session->token, NULL);
    metric_set(&token_expiry, 0, session->name, NULL, NULL);
}

/* ---- the refresh token's file ---- */

static const struct channel_setting *rotated_setting(const struct channel_kind *kind)
{
    for (const struct channel_setting *setting = kind->settings;
         setting != NULL && setting->name != NULL; setting++) {
        if (setting->is_rotated)
            return setting;
    }
    return NULL;
}

/* What is in the file now, if it can be read, else what the settings say. */
static void session_look(struct session *session, const struct channel_account *account)
{
    const struct channel_setting *setting = rotated_setting(account->kind);
    SCOPED(arena) struct arena *arena = arena_new();
    struct err why = {0};

    if (setting == NULL)
        return;
    const char *path = account->setting_files == NULL
                           ? NULL
                           : account->setting_files[setting - account->kind->settings];
    char *real = path == NULL ? NULL : realpath(path, NULL);
    text_set(&session->file, real);
    free(real);
    const char *now =
        session->file == NULL ? NULL : channel_secret_read(session->file, arena, &why);
    if (now == NULL)
        now = channel_account_setting(account, setting->name);
    if (text_equal(session->seen, now))
        return; /* ours may be newer than what could be kept */
    text_set(&session->seen, now);
    text_set(&session->refresh_token, now);
}

/* False: another process holds it, try later. Where no file can be made nobody can rotate one. */
static bool session_lock(struct session *session, int64_t now_ms)
{
    SCOPED(arena) struct arena *arena = arena_new();

    if (session->file == NULL)
        return true;
    session->lock_fd =
        open(arena_printf(arena, "%s.lock", session->file), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (session->lock_fd < 0 || flock(session->lock_fd, LOCK_EX | LOCK_NB) == 0) {
        session->locked_ms = 0;
        return true;
    }
    session_unlock(session);
    if (session->locked_ms == 0)
        session->locked_ms = now_ms;
    return now_ms - session->locked_ms > SESSION_LOCKED_MAX_MS;
}

static bool file_replace(const char *path, const char *text, struct arena *arena)
{
    const char *fresh = arena_printf(arena, "%s.new", path);
    struct stat old = {.st_mode = 0600};
    size_t len = strlen(text);

    if (stat(path, &old) != 0)
        return false;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write(fd, text, len) == (ssize_t)len && fchmod(fd, old.st_mode & 0777) == 0 &&
              fsync(fd) == 0;
    ok = close(fd) == 0 && ok && rename(fresh, path) == 0;
    if (!ok)
        unlink(fresh);
    return ok;
}

static void session_keep_refresh_token(struct session *session, const char *fresh)
{
    SCOPED(arena) struct arena *arena = arena_new();

    text_set(&session->refresh_token, fresh);
    if (session->file != NULL && file_replace(session->file, fresh, arena)) {
        text_set(&session->seen, fresh);
        return;
    }
    log_error("session.refresh_token_not_kept", "channel", session->name, "why",
              session->file == NULL ? "it stands in no file" : strerrordesc_np(errno), "next",
              "it is known until this process ends: let the setting name a file that can be "
              "written");
}

/* ---- logins ---- */

static void session_failed(struct session *session, int64_t pause_ms, const char *why)
{
    int64_t own_ms = retry_pause_ms(&login_pause, ++session->failures, retry_random());

    metric_add(&logins_total, 1, session->name, "failed", NULL);
    if (session->failures == 1)
        log_warn("session.login_failed", "channel", session->name, "why", why);
    session->due_ms = clock_monotonic_ms() + (pause_ms > own_ms ? pause_ms : own_ms);
}

static void session_refused(struct session *session, const char *why)
{
    metric_add(&logins_total, 1, session->name, "refused", NULL);
    log_error("session.login_refused", "channel", session->name, "why", why, "next",
              "somebody must grant access anew");
    session->is_refused = true;
    snprintf(session->why, sizeof(session->why), "%s", why);
    session->due_ms = clock_monotonic_ms() + SESSION_REFUSED_PAUSE_MS;
}

static void session_granted(struct session *session, const struct channel_grant *grant)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t margin_ms = grant->life_ms / 20;

    metric_add(&logins_total, 1, session->name, "granted", NULL);
    metric_set(&token_expiry, (double)(clock_now_ms() + grant->life_ms) / 1e3, session->name, NULL,
               NULL);
    metric_set(&token_wanted, 0, session->name, NULL, NULL);
    if (session->failures > 0 || session->is_refused)
        log_info("session.login_recovered", "channel", session->name);
    if (margin_ms > SESSION_MARGIN_MAX_MS)
        margin_ms = SESSION_MARGIN_MAX_MS;
    text_set(&session->token, grant->token);
    session->end_ms = now_ms + grant->life_ms - margin_ms;
    /* About 80 %; not all processes at the same moment. */
    session->renew_ms = now_ms + (int64_t)((double)grant->life_ms * (0.75 + 0.1 * retry_random()));
    session->failures = 0;
    session->is_refused = false;
    session->due_ms = now_ms;
}

static void session_take(struct session *session, const struct channel_response *answer)
{
    const struct channel_kind *kind = session->asked.kind;
    struct channel_grant grant = {0};
    struct err err = {0};

    if (!kind->granted(&session->asked, answer, clock_now_ms(), session->arena, &grant, &err)) {
        if (err.code == ERR_REJECT)
            session_refused(session, err.text);
        else
            session_failed(session, channel_retry_after_ms(answer), err.text);
        return;
    }
    if (grant.refresh_token != NULL && !text_equal(grant.refresh_token, session->refresh_token))
        session_keep_refresh_token(session, grant.refresh_token);
    if (!session->is_outdated)
        session_granted(session, &grant);
}

static void session_answered(void *opaque, const struct http_reply *reply)
{
    struct session *session = opaque;
    const struct channel_response *answer = channel_call_answer(reply, session->arena);

    session->is_asking = false;
    if (reply->status == 0)
        session_failed(session, 0, reply->error);
    else if (reply->status == 429 || reply->status >= 500)
        session_failed(session, channel_retry_after_ms(answer), "the channel is overloaded");
    else
        session_take(session, answer);
    session_unlock(session);
}

static void session_ask(struct session *session, const struct channel_account *account,
                        int64_t now_ms)
{
    struct channel_request request = {.url = ""};

    session_look(session, account);
    if (!session_lock(session, now_ms)) {
        session->due_ms = now_ms + SESSION_LOCKED_PAUSE_MS;
        return;
    }
    session_look(session, account); /* who held it may have replaced it */
    arena_reset(session->arena);
    session->asked = channel_account_copy(account, session->arena);
    account->kind->login(&session->asked, session->refresh_token, clock_now_ms(), session->arena,
                         &request);
    session->is_static = *request.url == '\0';
    if (session->is_static) {
        session_unlock(session);
        return;
    }
    session->is_asking = true;
    session->is_outdated = false;
    const struct http_call call = channel_call_unsealed(&session->asked, &request, session->arena);
    http_client_send(session->sessions->client, &call, session_answered, session);
}

/* ---- accounts ---- */

static struct session *session_of(struct channel_sessions *sessions,
                                  const struct channel_account *account)
{
    struct session *session = map_get(sessions->by_name, account->name);

    if (session != NULL)
        return session;
    session = mem_calloc(1, sizeof(*session));
    session->sessions = sessions;
    session->name = mem_strdup(account->name);
    session->lock_fd = -1;
    session->arena = arena_new();
    map_set(sessions->by_name, account->name, session);
    return session;
}

/* Other settings may have cured a refusal, and are no longer what the token was granted to. */
static void session_heed(struct session *session, const struct channel_account *account)
{
    const struct channel_setting *rotated = rotated_setting(account->kind);
    uint64_t digest = channel_account_digest(account, rotated == NULL ? NULL : rotated->name);

    if (digest != session->digest) {
        session->is_static = false;
        session_forget_token(session);
        session->digest = digest;
        session->is_outdated = session->is_asking;
        session->failures = 0;
        session->is_refused = false;
        session->due_ms = 0;
        session->doubted_ms = 0;
    }
    if (session->is_refused && rotated != NULL &&
        !text_equal(session->seen, channel_account_setting(account, rotated->name)))
        session->due_ms = 0;
}

static bool session_is_due(const struct session *session, int64_t now_ms)
{
    return !session->is_static && !session->is_asking && now_ms >= session->due_ms &&
           (session->token == NULL || now_ms >= session->renew_ms);
}

bool channel_sessions_open(struct channel_sessions *sessions, const struct channel_account *account,
                           struct arena *arena, struct channel_account *ret_account,
                           struct err *err)
{
    int64_t now_ms = clock_monotonic_ms();

    *ret_account = *account;
    if (account->kind->login == NULL)
        return true;
    struct session *session = session_of(sessions, account);
    session_heed(session, account);
    if (session->token != NULL && now_ms >= session->end_ms)
        session_forget_token(session);
    if (session_is_due(session, now_ms))
        session_ask(session, account, now_ms);
    if (session->is_static)
        return true;
    if (session->token == NULL)
        metric_set(&token_wanted, (double)clock_now_ms() / 1e3, session->name, NULL, NULL);
    if (session->token == NULL)
        return session->is_refused
                   ? err_set(err, ERR_REJECT, "channel '%s' refuses our login: %s", account->name,
                             session->why)
                   : err_set(err, ERR_RETRY, "channel '%s' has granted no access token yet",
                             account->name);
    ret_account->token = arena_strdup(arena, session->token);
    return true;
}

bool channel_sessions_doubt(struct channel_sessions *sessions, const char *channel,
                            const char *token)
{
    struct session *session = map_get(sessions->by_name, channel);
    int64_t now_ms = clock_monotonic_ms();

    if (session == NULL || session->is_static)
        return false;
    if (!text_equal(session->token, token))
        return true; /* it ended, or another request's refusal was first */
    if (session->doubted_ms != 0 && now_ms - session->doubted_ms < SESSION_DOUBT_PAUSE_MS)
        return false;
    session_forget_token(session);
    session->doubted_ms = now_ms;
    session->due_ms = now_ms;
    return true;
}
