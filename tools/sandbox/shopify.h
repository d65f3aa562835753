/* What the files of the Shopify sandbox share; included nowhere else. */
#pragma once

#include "tools/sandbox/graphql.h"
#include "tools/sandbox/sandbox.h"

/* One GraphQL request. */
struct sandbox_shopify_request {
    struct sandbox_channel *channel;
    const struct sandbox_call *call;
    struct sandbox_reply *reply;
    const char *version; /* "2026-04" */
    struct sandbox_graphql query;
    const struct json *variables;
};

/* shopify_api.c: all of it, by path. */
void sandbox_shopify_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply);
/* {"data":{<field>:<payload>},"extensions":{"cost":...}}; payload is JSON. */
void sandbox_shopify_data(const struct sandbox_shopify_request *request, const char *payload);
/* {"errors":[{"message","extensions":{"code"}}]} in a 200. */
void sandbox_shopify_error(const struct sandbox_shopify_request *request, const char *code,
                           const char *message);
/* Is the version of the API at least this? "unstable" is above all. */
bool sandbox_shopify_since(const struct sandbox_shopify_request *request, const char *version);
/* The id behind "gid://shopify/<type>/", or NULL. Borrowed from gid. */
const char *sandbox_shopify_gid(const char *gid, const char *type);

/* shopify_write.c */
void sandbox_shopify_set_quantities(const struct sandbox_shopify_request *request);

/* shopify_bulk.c */
void sandbox_shopify_bulk_run(const struct sandbox_shopify_request *request);
void sandbox_shopify_bulk_current(const struct sandbox_shopify_request *request);
void sandbox_shopify_bulk_node(const struct sandbox_shopify_request *request);
/* GET /bulk/<number>.jsonl?signature=<token> */
void sandbox_shopify_bulk_download(struct sandbox_channel *channel, const struct sandbox_call *call,
                                   struct sandbox_reply *reply);
