/*
 * POST /v1/notify/<channel>: a marketplace's notification. Its signature is checked over the raw
 * bytes before anything else looks at them; what is authentic is never lost, understood or not.
 */
#pragma once

#include "lib/http/server.h"

#include "services/ingest/service.h"

/* Takes the request. */
void ingest_notify(struct ingest_service *service, struct http_request *request,
                   const char *channel);

/* GET /v1/notify/<channel>: a sender asks whether the endpoint is ours. Takes the request. */
void ingest_notify_challenge(struct ingest_service *service, struct http_request *request,
                             const char *channel);

/* Pure. "https://Shop.example/" is "https://shop.example"; given may be NULL. */
bool ingest_notify_is_account(const char *expected, const char *given);
