#include "services/ingest/admit.h"

#include <string.h>
#include <strings.h>

#include "lib/base/stop.h"

#include "services/ingest/capture.h"
#include "services/ingest/service.h"

enum { ADMIT_WHY_LEN = 100 };

static const char *const json_types[] = {"application/json", NULL};

bool ingest_admit_is_type(const char *content_type, const char *const *types)
{
    if (content_type == NULL)
        return false;
    size_t len = strcspn(content_type, "; \t");
    for (; *types != NULL; types++)
        if (strlen(*types) == len && strncasecmp(*types, content_type, len) == 0)
            return true;
    return false;
}

bool ingest_admit_is_bearer(const char *authorization, const char *token)
{
    static const char scheme[] = "Bearer ";
    volatile unsigned char difference = 0;

    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        return false;
    const char *given = authorization + strlen(scheme);
    size_t len = strlen(token);
    if (len == 0 || strlen(given) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(given[i] ^ token[i]);
    return difference == 0;
}

static struct ingest_refusal refuse(int status, const char *type, const char *detail)
{
    return (struct ingest_refusal){status, type, detail};
}

static struct ingest_refusal decide_notify(const struct ingest_admission *admission)
{
    const struct channel_kind *kind = admission->kind;

    if (kind == NULL)
        return refuse(404, "unknown-channel", "no channel of this name is configured");
    if (!ingest_admit_is_type(admission->content_type, kind->content_types))
        return refuse(415, "wrong-content-type", "this channel does not send that content type");
    /* A ping is known by its body only. */
    if (kind->is_ping == NULL && admission->wants_signature && admission->signature == NULL)
        return refuse(401, "bad-signature", "the signature's header is missing");
    return refuse(0, NULL, NULL);
}

static struct ingest_refusal decide_events(const struct ingest_admission *admission)
{
    if (admission->admin_token[0] == '\0')
        return refuse(403, "disabled", "manual facts are closed: STOCKBUS_ADMIN_TOKEN is not set");
    if (!ingest_admit_is_bearer(admission->authorization, admission->admin_token))
        return refuse(401, "bad-token", "want 'Authorization: Bearer' with the right token");
    if (!ingest_admit_is_type(admission->content_type, json_types))
        return refuse(415, "wrong-content-type", "want application/json");
    return refuse(0, NULL, NULL);
}

static struct ingest_refusal decide_load(const struct ingest_admission *admission)
{
    if (admission->stopping)
        return refuse(503, "stopping", "this replica is stopping");
    if (admission->broker_away != NULL)
        return refuse(503, "broker-away", "the broker takes no records now");
    if (admission->queue_full)
        return refuse(503, "queue-full", "too many records are on their way to the broker");
    return refuse(0, NULL, NULL);
}

struct ingest_refusal ingest_admit_decide(const struct ingest_admission *admission)
{
    struct ingest_refusal refusal = {0};

    if (admission->route.kind == INGEST_ROUTE_NONE)
        return refuse(404, "no-such-route", "POST /v1/notify/<channel> or POST /v1/events");
    if (!admission->is_post)
        return refusal;
    refusal = admission->route.kind == INGEST_ROUTE_NOTIFY ? decide_notify(admission)
                                                           : decide_events(admission);
    return refusal.status != 0 ? refusal : decide_load(admission);
}

/* ---- gathering */

static void admit_count(const struct ingest_admission *admission, int status)
{
    const char *channel =
        admission->route.kind == INGEST_ROUTE_NOTIFY ? admission->route.channel : "admin";

    if (status == 401)
        ingest_capture_count(channel, "unauthorized");
    else if (status == 503)
        ingest_capture_count(channel, "unavailable");
}

int ingest_admit(void *opaque, const struct http_request *request, int64_t content_length,
                 const char **ret_type, const char **ret_detail)
{
    struct ingest_service *service = opaque;
    SCOPED(channel_live_held) struct channel_live_held *held = NULL;
    const struct channel_account *account = NULL;
    char why[ADMIT_WHY_LEN];
    struct ingest_admission admission = {
        .route = ingest_route_of(http_request_path(request)),
        .is_post = strcmp(http_request_method(request), "POST") == 0,
        .content_type = http_request_header(request, "Content-Type"),
        .authorization = http_request_header(request, "Authorization"),
        .admin_token = atomic_load(&service->admin_token),
        .stopping = stop_requested(),
        .queue_full = kafka_producer_pending(service->producer) >= service->settings->queue_max,
    };

    (void)content_length;
    if (admission.route.kind == INGEST_ROUTE_NOTIFY) {
        held = channel_live_hold(service->accounts);
        account = channel_live_find(held, admission.route.channel);
    }
    if (account != NULL) {
        const struct channel_header headers[] = {
            {"Content-Type", admission.content_type}
        };
        const struct channel_signature *signature = channel_signature_of(
            account, &(struct channel_notification){.headers = headers, .headers_len = 1});

        admission.kind = account->kind;
        admission.wants_signature =
            signature->scheme != CHANNEL_SIGNATURE_NONE && signature->header != NULL;
        if (admission.wants_signature)
            admission.signature = http_request_header(request, signature->header);
    }
    if (!ingest_health_now(service->health, why, sizeof(why)))
        admission.broker_away = why;
    struct ingest_refusal refusal = ingest_admit_decide(&admission);
    admit_count(&admission, refusal.status);
    *ret_type = refusal.type;
    *ret_detail = refusal.detail;
    return refusal.status;
}
