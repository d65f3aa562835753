#include "tools/sandbox/ebay.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { EBAY_TIMEOUT_MS = 3000, EBAY_TRIES_MAX = 3, EBAY_FAILURES_MAX = 1000 };

/* The last is a Platform Notification. */
static const char platform_topic[] = "FixedPriceTransaction";
static const char *const ebay_topics[] = {
    "ORDER_CONFIRMATION",
    "ORDER_CANCELLATION_ACTIVITY",
    "ITEM_MARKED_SHIPPED",
    platform_topic,
    NULL,
};

/* ---- the key, made anew by each process and the same for all of its channels ---- */

static EVP_PKEY *private_key;
static char kid[SANDBOX_EBAY_KID_LEN + 1];

static EVP_PKEY *key_of_process(void)
{
    struct sandbox_random random = {0};

    if (private_key != NULL)
        return private_key;
    private_key = EVP_EC_gen("P-256");
    if (private_key == NULL)
        abort();
    random.state = (uint64_t)(uintptr_t)private_key ^ (uint64_t)time(NULL);
    sandbox_random_uuid(&random, kid);
    return private_key;
}

const char *sandbox_ebay_kid(void)
{
    key_of_process();
    return kid;
}

const char *sandbox_ebay_public_key(struct arena *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    size_t used = 0;

    if (bio == NULL || !PEM_write_bio_PUBKEY(bio, key_of_process()))
        abort();
    long len = BIO_get_mem_data(bio, &pem);
    char *text = arena_strndup(arena, pem, (size_t)len);
    for (size_t i = 0; i < (size_t)len; i++) {
        if (text[i] != '\n')
            text[used++] = text[i];
    }
    text[used] = '\0';
    BIO_free(bio);
    return text;
}

/* ECDSA over SHA-1 of the bytes, DER, in base64. */
static void put_ecdsa(const struct buf *body, struct buf *out)
{
    unsigned char der[128];
    size_t len = sizeof(der);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (context == NULL || !EVP_DigestSignInit(context, NULL, EVP_sha1(), NULL, key_of_process()) ||
        !EVP_DigestSign(context, der, &len, (const unsigned char *)body->bytes, body->len))
        abort();
    EVP_MD_CTX_free(context);
    buf_base64(out, der, len);
}

static const char *signature_header(const struct buf *body, struct arena *arena)
{
    SCOPED(buf) struct buf json = {0};
    SCOPED(buf) struct buf header = {0};

    buf_printf(&json, "{\"alg\":\"ecdsa\",\"kid\":\"%s\",\"signature\":\"", sandbox_ebay_kid());
    put_ecdsa(body, &json);
    buf_text(&json, "\",\"digest\":\"SHA1\"}");
    buf_base64(&header, json.bytes, json.len);
    return arena_strdup(arena, buf_str(&header));
}

/* ---- what happens ---- */

static void emit_order(struct sandbox_channel *channel, const char *topic,
                       const struct sandbox_order *order)
{
    struct sandbox_delivery about = {.order = order, .resource = order->id};

    sandbox_delivery_emit(channel, topic, &about);
}

static void ebay_started(struct sandbox_channel *channel)
{
    (void)channel; /* the challenge is asked when a destination is made, by hand */
}

static void ebay_sold(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, "ORDER_CONFIRMATION", order);
    emit_order(channel, platform_topic, order);
}

static void ebay_cancelled(struct sandbox_channel *channel, struct sandbox_order *order,
                           struct sandbox_refund *refund)
{
    (void)refund;
    emit_order(channel, "ORDER_CANCELLATION_ACTIVITY", order);
}

static void ebay_fulfilled(struct sandbox_channel *channel, struct sandbox_order *order)
{
    emit_order(channel, "ITEM_MARKED_SHIPPED", order);
}

/* Returns and refunds are another API's matter. */
static void ebay_refunded(struct sandbox_channel *channel, struct sandbox_order *order,
                          struct sandbox_refund *refund)
{
    (void)channel;
    (void)order;
    (void)refund;
}

static void ebay_stock_changed(struct sandbox_channel *channel, struct sandbox_listing *listing)
{
    (void)channel; /* ITEM_AVAILABILITY is for few, and tells no quantity */
    (void)listing;
}

/* ---- deliveries ---- */

static bool is_platform(const struct sandbox_delivery *delivery)
{
    return strcmp(delivery->subscription->topic, platform_topic) == 0;
}

/* Made anew for each try: the attempt is counted, the time is now. */
static bool ebay_build(struct sandbox_channel *channel, struct sandbox_delivery *delivery)
{
    (void)channel;
    buf_clear(&delivery->body);
    if (is_platform(delivery))
        sandbox_ebay_soap(delivery, &delivery->body);
    else
        sandbox_ebay_envelope(delivery, &delivery->body);
    return true;
}

static size_t ebay_headers(struct sandbox_channel *channel, const struct sandbox_delivery *delivery,
                           struct arena *arena, struct http_header *headers)
{
    (void)channel;
    if (is_platform(delivery)) {
        headers[0] = (struct http_header){"Content-Type", "text/xml;charset=utf-8"};
        headers[1] = (struct http_header){
            "SOAPACTION", "\"http://developer.ebay.com/notification/FixedPriceTransaction\""};
        return 2;
    }
    headers[0] = (struct http_header){"Content-Type", "application/json"};
    headers[1] = (struct http_header){"X-EBAY-SIGNATURE", signature_header(&delivery->body, arena)};
    return 2;
}

static bool ebay_is_success(const struct sandbox_delivery *delivery, int status)
{
    return status == 200 ||
           (!is_platform(delivery) && (status == 201 || status == 202 || status == 204));
}

/* A thousand in a row mark an application down. */
static void ebay_tried(struct sandbox_channel *channel, struct sandbox_subscription *subscription,
                       bool success)
{
    if (success) {
        subscription->failures = 0;
    } else if (++subscription->failures >= EBAY_FAILURES_MAX && !subscription->disabled) {
        const struct sandbox_entry entry = {.type = "webhook_disabled",
                                            .topic = subscription->topic};

        subscription->disabled = true;
        sandbox_note(channel, &entry);
    }
}

const struct sandbox_kind sandbox_ebay = {
    .name = "ebay",
    .topics = ebay_topics,
    .tries_max = EBAY_TRIES_MAX,
    .timeout_ms = EBAY_TIMEOUT_MS,
    .api = sandbox_ebay_api,
    .started = ebay_started,
    .sold = ebay_sold,
    .cancelled = ebay_cancelled,
    .fulfilled = ebay_fulfilled,
    .refunded = ebay_refunded,
    .stock_changed = ebay_stock_changed,
    .build = ebay_build,
    .headers = ebay_headers,
    .is_success = ebay_is_success,
    .tried = ebay_tried,
};
