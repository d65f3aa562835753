/* What is peculiar to Amazon's kind: settings, the queue's signed calls, tokens, feeds, v0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/json/json.h"

#include "channels/account.h"
#include "channels/channel.h"
#include "channels/kinds.h"

/* 2015-08-30T12:36:00Z */
static const int64_t now_ms = INT64_C(1440938160000);

struct setting {
    const char *name;
    const char *value;
};

static struct channel_account account_with(struct arena *arena, const struct setting *given)
{
    const struct channel_kind *kind = channel_kinds_find("amazon");
    size_t len = 0;

    while (kind->settings[len].name != NULL)
        len++;
    const char **values = arena_alloc(arena, (len + 1) * sizeof(*values));
    for (; given->name != NULL; given++) {
        size_t at = 0;

        while (at < len && strcmp(kind->settings[at].name, given->name) != 0)
            at++;
        assert_true(at < len);
        values[at] = given->value;
    }
    return (struct channel_account){
        .name = "amazon-us",
        .kind = kind,
        .account = "A3TH9S8BH6GOGM",
        .base_url = "https://api.example",
        .api_version = "",
        .location = "",
        .secrets = {"", ""},
        .token = "TOKEN",
        .token_secret = "",
        .return_bucket = "quarantine",
        .timeout_ms = 25000,
        .settings = values,
    };
}

static struct channel_response answered(int status, const char *body)
{
    return (struct channel_response){.status = status, .body = body, .body_len = strlen(body)};
}

static const char *header_of(const struct channel_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers_len; i++) {
        if (strcmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    }
    return NULL;
}

static void assert_body_has(const struct channel_request *request, const char *text)
{
    if (strstr(request->body, text) == NULL)
        fail_msg("%s is not in %s", text, request->body);
    assert_int_equal(request->body_len, strlen(request->body));
}

/* ---- the queue ---- */

static const struct setting queue_settings[] = {
    {"queue_url",             "https://sqs.eu-west-1.amazonaws.com/111122223333/stockbus"},
    {"aws_access_key_id",     "AKIDEXAMPLE"                                              },
    {"aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"                 },
    {NULL,                    NULL                                                       },
};

static void questions_for_messages_are_signed(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_with(arena, queue_settings);
    struct channel_request request = {0};

    (void)state;
    account.kind->receive(&account, now_ms, arena, &request);
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.url, "https://sqs.eu-west-1.amazonaws.com/");
    assert_string_equal(header_of(&request, "X-Amz-Target"), "AmazonSQS.ReceiveMessage");
    assert_string_equal(header_of(&request, "X-Amz-Date"), "20150830T123600Z");
    assert_string_equal(header_of(&request, "Content-Type"), "application/x-amz-json-1.0");
    assert_null(header_of(&request, "X-Amz-Security-Token"));
    assert_memory_equal(header_of(&request, "Authorization"),
                        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/sqs/"
                        "aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
                        "Signature=",
                        142);
    assert_body_has(&request, "\"QueueUrl\":\"https://sqs.eu-west-1.amazonaws.com/111122223333/"
                              "stockbus\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":20,"
                              "\"VisibilityTimeout\":120,\"MessageSystemAttributeNames\":"
                              "[\"SentTimestamp\",\"ApproximateReceiveCount\"]");
}

static void a_question_waits_less_than_the_connection(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_account account = account_with(arena, queue_settings);
    struct channel_request request = {0};

    (void)state;
    account.timeout_ms = 0; /* 10 s */
    account.kind->receive(&account, now_ms, arena, &request);
    assert_body_has(&request, "\"WaitTimeSeconds\":9,");
}

static void an_account_without_a_queue_asks_nothing(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct setting none[] = {
        {NULL, NULL}
    };
    const struct channel_account account = account_with(arena, none);
    struct channel_request request = {.url = "x"};

    (void)state;
    account.kind->receive(&account, now_ms, arena, &request);
    assert_string_equal(request.url, "");
    request.url = "x";
    account.kind->login(&account, NULL, now_ms, arena, &request);
    assert_string_equal(request.url, "");
}

static void messages_are_taken_and_deleted_by_their_receipts(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_with(arena, queue_settings);
    const struct channel_response response = answered(
        200, "{\"Messages\":[{\"MessageId\":\"m1\",\"ReceiptHandle\":\"r/1+\",\"Body\":"
             "\"{\\\"NotificationType\\\":\\\"X\\\"}\",\"Attributes\":{\"SentTimestamp\":"
             "\"1440938160000\",\"ApproximateReceiveCount\":\"2\"}},{\"MessageId\":\"m2\"},"
             "{\"ReceiptHandle\":\"r2\",\"Body\":\"no json\"}]}");
    struct channel_message messages[CHANNEL_MESSAGES_MAX];
    struct channel_request request = {0};
    struct err err = {0};
    size_t len = 0;

    (void)state;
    assert_true(account.kind->received(&account, &response, arena, messages, &len, &err));
    assert_int_equal(len, 2);
    assert_string_equal(messages[0].receipt, "r/1+");
    assert_string_equal(messages[0].notification.body, "{\"NotificationType\":\"X\"}");
    assert_int_equal(messages[0].notification.body_len, 24);
    assert_int_equal(messages[0].sent_ms, 1440938160000);
    assert_int_equal(messages[0].receives, 2);
    assert_int_equal(messages[1].sent_ms, 0);
    assert_int_equal(messages[1].receives, 0);
    account.kind->forget(&account, messages, len, now_ms, arena, &request);
    assert_string_equal(header_of(&request, "X-Amz-Target"), "AmazonSQS.DeleteMessageBatch");
    assert_body_has(&request, "\"Entries\":[{\"Id\":\"0\",\"ReceiptHandle\":\"r/1+\"},"
                              "{\"Id\":\"1\",\"ReceiptHandle\":\"r2\"}]");
}

static void an_empty_queue_is_no_fault_and_a_refusal_is(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_with(arena, queue_settings);
    const struct channel_response none = answered(200, "{}");
    const struct channel_response refused =
        answered(400, "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"no\"}");
    const struct channel_response capital =
        answered(400, "{\"Message\":\"no\",\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}");
    const struct channel_response unsigned_one = answered(
        403,
        "<?xml version=\"1.0\"?>\n<ErrorResponse><Errors><Error><Code>SignatureDoesNotMatch</Code>"
        "<Message>of the key</Message></Error></Errors></ErrorResponse>");
    const struct channel_response proxy = answered(502, "Bad Gateway");
    const struct channel_response nobody = {.status = 0, .body = ""};
    struct channel_message messages[CHANNEL_MESSAGES_MAX];
    struct err err = {0};
    size_t len = 1;

    (void)state;
    assert_true(account.kind->received(&account, &none, arena, messages, &len, &err));
    assert_int_equal(len, 0);
    assert_false(account.kind->received(&account, &refused, arena, messages, &len, &err));
    assert_int_equal(err.code, ERR_RETRY);
    assert_string_equal(err.text, "queue: http status 400 QueueDoesNotExist no");
    assert_false(account.kind->received(&account, &capital, arena, messages, &len, &err));
    assert_string_equal(err.text, "queue: http status 400 QueueDoesNotExist no");
    assert_false(account.kind->received(&account, &unsigned_one, arena, messages, &len, &err));
    assert_string_equal(err.text, "queue: http status 403 SignatureDoesNotMatch of the key");
    assert_false(account.kind->received(&account, &proxy, arena, messages, &len, &err));
    assert_string_equal(err.text, "queue: http status 502  ");
    assert_false(account.kind->received(&account, &nobody, arena, messages, &len, &err));
    assert_string_equal(err.text, "queue: no answer");
}

/* ---- tokens ---- */

static void a_token_is_granted_by_the_refresh_token(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct setting given[] = {
        {"client_id",     "amzn1.application"},
        {"client_secret", "a&b"              },
        {"refresh_token", "Atzr|x"           },
        {NULL,            NULL               },
    };
    const struct channel_account account = account_with(arena, given);
    const struct channel_response granted =
        answered(200, "{\"access_token\":\"Atza|y\",\"token_type\":\"bearer\",\"expires_in\":3600,"
                      "\"refresh_token\":\"Atzr|x\"}");
    const struct channel_response revoked = answered(400, "{\"error\":\"invalid_grant\"}");
    const struct channel_response nonsense = answered(200, "{}");
    struct channel_request request = {0};
    struct channel_grant grant = {0};
    struct err err = {0};

    (void)state;
    account.kind->login(&account, NULL, now_ms, arena, &request);
    assert_string_equal(request.url, "https://api.amazon.com/auth/o2/token");
    assert_string_equal(request.body, "grant_type=refresh_token&refresh_token=Atzr%7Cx"
                                      "&client_id=amzn1.application&client_secret=a%26b");
    assert_true(account.kind->granted(&account, &granted, now_ms, arena, &grant, &err));
    assert_string_equal(grant.token, "Atza|y");
    assert_int_equal(grant.life_ms, 3600000);
    assert_false(account.kind->granted(&account, &revoked, now_ms, arena, &grant, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_false(account.kind->granted(&account, &nonsense, now_ms, arena, &grant, &err));
    assert_int_equal(err.code, ERR_RETRY);
}

/* ---- notifications of several marketplaces ---- */

struct made {
    bool understood;
    struct event_list events;
    struct channel_bad_lines bad;
    struct err err;
};

static struct made normalize(const struct channel_account *account, struct arena *arena,
                             const char *body)
{
    const struct channel_notification notification = {
        .body = body, .body_len = strlen(body), .received_ms = now_ms};
    struct made made = {0};

    made.understood =
        account->kind->normalize(account, &notification, arena, &made.events, &made.bad, &made.err);
    return made;
}

static const char inventory[] =
    "{\"NotificationType\":\"FBA_INVENTORY_AVAILABILITY_CHANGES\",\"EventTime\":"
    "\"2026-11-20T10:00:00Z\",\"Payload\":{\"SellerId\":\"A3TH9S8BH6GOGM\",\"FNSKU\":\"X001\","
    "\"SKU\":\"SKU-1\",\"FulfillmentInventoryByMarketplace\":[{\"MarketplaceId\":\"A\","
    "\"FulfillmentInventory\":{\"Fulfillable\":50}},{\"MarketplaceId\":\"B\","
    "\"FulfillmentInventory\":{\"Fulfillable\":40}}]}}";

/* One pool, not one per marketplace. */
static void one_marketplace_speaks_for_the_pool(void **state)
{
    static const struct {
        const char *marketplaces;
        const char *fba_sku;
        size_t events;
        const char *sku;
        int64_t quantity;
    } cases[] = {
        {"",    "fnsku",      1, "X001",  50},
        {"A,B", "fnsku",      1, "X001",  50},
        {"B A", "seller_sku", 1, "SKU-1", 40},
        {"C",   "fnsku",      0, "",      0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const struct setting given[] = {
            {"marketplace_ids", cases[i].marketplaces},
            {"fba_sku",         cases[i].fba_sku     },
            {"fba_pool",        "fba-us"             },
            {NULL,              NULL                 },
        };
        const struct channel_account account = account_with(arena, given);
        const struct made made = normalize(&account, arena, inventory);

        assert_true(made.understood);
        assert_int_equal(made.events.len, cases[i].events);
        if (made.events.len == 0)
            continue;
        assert_string_equal(made.events.events[0].stock.sku, cases[i].sku);
        assert_string_equal(made.events.events[0].stock.pool, "fba-us");
        assert_string_equal(made.events.events[0].stock.bucket, "sellable");
        assert_int_equal(made.events.events[0].stock.quantity, cases[i].quantity);
    }
}

static void other_sellers_and_applications_are_refused(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct setting given[] = {
        {"application_id", "ours"},
        {NULL,             NULL  },
    };
    struct channel_account account = account_with(arena, given);
    static const char changed[] =
        "{\"notificationType\":\"LISTINGS_ITEM_MFN_QUANTITY_CHANGE\",\"payload\":{\"accountId\":"
        "\"amzn1.merchant.o.ASOMEBODY\",\"sku\":\"S\",\"quantity\":1},\"notificationMetadata\":"
        "{\"applicationId\":\"ours\"}}";
    struct made made = normalize(&account, arena, changed);

    (void)state;
    assert_false(made.understood);
    assert_int_equal(made.err.code, ERR_REJECT);
    account.account = "ASOMEBODY";
    assert_true(normalize(&account, arena, changed).understood);
    const struct setting theirs[] = {
        {"application_id", "theirs"},
        {NULL,             NULL    },
    };
    account = account_with(arena, theirs);
    account.account = "";
    assert_false(normalize(&account, arena, changed).understood);
}

/* An empty report is not a count of nothing, and a missing column is told. */
static void reports_of_names_only_say_nothing(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct setting none[] = {
        {NULL, NULL}
    };
    const struct channel_account account = account_with(arena, none);
    struct err err = {0};
    static const char head[] = "seller-sku\tprice\r\n";
    struct made made =
        normalize(&account, arena, "seller-sku\tfulfillment-channel-sku\tQuantity Available\n");

    (void)state;
    assert_true(made.understood);
    assert_int_equal(made.events.len, 0);
    assert_false(account.kind->rows(&account, "listings", head, strlen(head), NULL, NULL, &err));
    assert_string_equal(err.text, "no column 'quantity'");
}

struct seen {
    size_t len;
    struct channel_row rows[4];
    char skus[4][32];
};

static bool see_row(void *opaque, const struct channel_row *row, struct err *err)
{
    struct seen *seen = opaque;

    (void)err;
    assert_true(seen->len < 4 && strlen(row->listing) < sizeof(seen->skus[0]));
    strcpy(seen->skus[seen->len], row->listing);
    seen->rows[seen->len++] = *row;
    return true;
}

/* Shift_JIS, with names of its own, whatever locale was asked for. */
/* clang-format off */
static const char japanese[] =
    "\x8f\xa4\x95""i\x96\xbc\t\x8f""o\x95""i\x8e\xd2""SKU\t\x90\x94\x97\xca\t"
    "\x83""t\x83\x8b\x83""t\x83""B\x83\x8b\x83\x81\x83\x93\x83""g\x81""E\x83"""
    "`\x83\x83\x83\x93\x83""l\x83\x8b\r\n\x82\xa8\x92\x83"" ABC\tTEA-1\t5\tD"
    "EFAULT\r\n\x82\xa8\x92\x83\tTEA-2\t\tAMAZON_JP\r\n";
/* clang-format on */

static void japans_reports_are_read(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct setting given[] = {
        {"marketplace_ids", "A1VC38T7YXB528"},
        {NULL,              NULL            },
    };
    const struct channel_account account = account_with(arena, given);
    struct seen seen = {0};
    struct err err = {0};

    (void)state;
    if (!account.kind->rows(&account, "listings", japanese, sizeof(japanese) - 1, see_row, &seen,
                            &err))
        fail_msg("%s", err.text);
    assert_int_equal(seen.len, 2);
    assert_string_equal(seen.skus[0], "TEA-1");
    assert_true(seen.rows[0].tracked && seen.rows[0].quantity == 5);
    assert_string_equal(seen.skus[1], "TEA-2");
    assert_false(seen.rows[1].tracked);
}

/* ---- pushes ---- */

static void every_marketplace_is_patched(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct setting given[] = {
        {"marketplace_ids", "A,B"},
        {NULL,              NULL },
    };
    const struct channel_account account = account_with(arena, given);
    const struct target target = {.listing = "S/1", .address = "", .quantity = 3};
    const struct channel_push push = {.target = &target};
    const struct channel_response taken =
        answered(200, "{\"sku\":\"S/1\",\"status\":\"ACCEPTED\"}");
    const struct channel_response invalid =
        answered(200, "{\"sku\":\"S/1\",\"status\":\"INVALID\"}");
    struct channel_request request = {0};
    struct channel_fetch next = {0};
    void *progress = NULL;
    struct err err = {0};

    (void)state;
    assert_true(account.kind->push(&account, &push, 1, "key", arena, &request, &err));
    assert_string_equal(request.url, "https://api.example/listings/2021-08-01/items/A3TH9S8BH6GOGM/"
                                     "S%2F1?marketplaceIds=A");
    assert_true(
        account.kind->push_next(&account, &push, 1, "key", &taken, &progress, arena, &next, &err));
    assert_string_equal(next.request.url,
                        "https://api.example/listings/2021-08-01/items/A3TH9S8BH6GOGM/"
                        "S%2F1?marketplaceIds=B");
    assert_true(
        account.kind->push_next(&account, &push, 1, "key", &taken, &progress, arena, &next, &err));
    assert_string_equal(next.request.method, "GET");
    assert_string_equal(next.request.url,
                        "https://api.example/listings/2021-08-01/items/A3TH9S8BH6GOGM/"
                        "S%2F1?marketplaceIds=A&includedData=fulfillmentAvailability");
    assert_int_equal(next.wait_ms, 1000);
    progress = NULL;
    assert_true(account.kind->push_next(&account, &push, 1, "key", &invalid, &progress, arena,
                                        &next, &err));
    assert_string_equal(next.request.url, "");
}

struct feeding {
    struct arena *arena;
    struct channel_account account;
    struct target targets[2];
    struct channel_push pushes[2];
    struct channel_fetch next;
    void *progress;
};

static void feed_start(struct feeding *feeding)
{
    const struct setting given[] = {
        {"marketplace_ids", "A,B" },
        {"push_by",         "feed"},
        {NULL,              NULL  },
    };
    struct err err = {0};

    feeding->account = account_with(feeding->arena, given);
    for (size_t i = 0; i < 2; i++) {
        feeding->targets[i] = (struct target){
            .listing = i == 0 ? "S-1" : "S-2", .address = "", .quantity = (int64_t)i + 3};
        feeding->pushes[i] = (struct channel_push){.target = &feeding->targets[i]};
    }
    assert_string_equal(
        feeding->account.kind->group(&feeding->account, &feeding->targets[0], feeding->arena), "");
    assert_true(feeding->account.kind->push(&feeding->account, feeding->pushes, 2, "key",
                                            feeding->arena, &feeding->next.request, &err));
}

static void feed_on(struct feeding *feeding, int status, const char *body)
{
    const struct channel_response response = answered(status, body);
    struct err err = {0};

    assert_true(feeding->account.kind->push_next(&feeding->account, feeding->pushes, 2, "key",
                                                 &response, &feeding->progress, feeding->arena,
                                                 &feeding->next, &err));
}

static void assert_next(const struct feeding *feeding, const char *method, const char *url,
                        int64_t wait_ms)
{
    assert_string_equal(feeding->next.request.url, url);
    if (url[0] == '\0')
        return;
    assert_string_equal(feeding->next.request.method, method);
    assert_int_equal(feeding->next.wait_ms, wait_ms);
}

static void a_feed_goes_its_way_and_its_report_is_read(void **state)
{
    static const char report[] =
        "{\"header\":{\"version\":\"2.0\"},\"issues\":[{\"messageId\":2,\"sku\":\"S-2\",\"code\":"
        "\"90220\",\"severity\":\"ERROR\",\"message\":\"'x' is required\"},{\"messageId\":1,"
        "\"code\":\"1\",\"severity\":\"WARNING\"}],\"summary\":{\"errors\":1}}";
    SCOPED(arena) struct arena *arena = arena_new();
    struct feeding feeding = {.arena = arena};
    const struct channel_response last = answered(200, report);
    struct channel_result results[2];
    struct channel_budget budget;

    (void)state;
    feed_start(&feeding);
    assert_next(&feeding, "POST", "https://api.example/feeds/2021-06-30/documents", 0);
    feed_on(&feeding, 201, "{\"feedDocumentId\":\"D1\",\"url\":\"https://doc.example/put?x=1\"}");
    assert_next(&feeding, "PUT", "https://doc.example/put?x=1", 0);
    assert_null(header_of(&feeding.next.request, "x-amz-access-token"));
    assert_string_equal(header_of(&feeding.next.request, "Content-Type"),
                        "application/json; charset=UTF-8");
    assert_body_has(&feeding.next.request, "{\"messageId\":2,\"sku\":\"S-2\",\"operationType\":"
                                           "\"PATCH\",\"productType\":\"PRODUCT\",\"patches\":");
    feed_on(&feeding, 200, "");
    assert_next(&feeding, "POST", "https://api.example/feeds/2021-06-30/feeds", 0);
    assert_body_has(&feeding.next.request,
                    "{\"feedType\":\"JSON_LISTINGS_FEED\",\"marketplaceIds\":[\"A\",\"B\"],"
                    "\"inputFeedDocumentId\":\"D1\"}");
    feed_on(&feeding, 202, "{\"feedId\":\"F1\"}");
    assert_next(&feeding, "GET", "https://api.example/feeds/2021-06-30/feeds/F1", 15000);
    feed_on(&feeding, 200, "{\"feedId\":\"F1\",\"processingStatus\":\"IN_PROGRESS\"}");
    assert_next(&feeding, "GET", "https://api.example/feeds/2021-06-30/feeds/F1", 30000);
    feed_on(&feeding, 200, "{\"processingStatus\":\"DONE\",\"resultFeedDocumentId\":\"R1\"}");
    assert_next(&feeding, "GET", "https://api.example/feeds/2021-06-30/documents/R1", 0);
    feed_on(&feeding, 200, "{\"feedDocumentId\":\"R1\",\"url\":\"https://doc.example/get\"}");
    assert_next(&feeding, "GET", "https://doc.example/get", 0);
    feed_on(&feeding, 200, report);
    assert_next(&feeding, "", "", 0);
    feeding.account.kind->answer(&feeding.account, feeding.pushes, 2, &last, arena, results,
                                 &budget);
    assert_int_equal(results[0].verdict, CHANNEL_CONFIRMED);
    assert_int_equal(results[1].verdict, CHANNEL_REJECTED);
    assert_string_equal(results[1].error_class, "90220");
}

static void a_feed_that_ends_early_is_judged(void **state)
{
    static const struct {
        const char *status;
        enum channel_verdict verdict;
    } cases[] = {
        {"FATAL",       CHANNEL_SPLIT   },
        {"CANCELLED",   CHANNEL_RETRY   },
        {"IN_PROGRESS", CHANNEL_ACCEPTED},
    };
    SCOPED(arena) struct arena *arena = arena_new();
    struct feeding feeding = {.arena = arena};

    (void)state;
    feed_start(&feeding);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct channel_response last =
            answered(200, arena_printf(arena, "{\"feedId\":\"F1\",\"processingStatus\":\"%s\"}",
                                       cases[i].status));
        struct channel_result results[2];
        struct channel_budget budget;

        feeding.account.kind->answer(&feeding.account, feeding.pushes, 2, &last, arena, results,
                                     &budget);
        assert_int_equal(results[0].verdict, cases[i].verdict);
        assert_int_equal(results[1].verdict, cases[i].verdict);
    }
    feed_on(&feeding, 429, "{\"errors\":[{\"code\":\"QuotaExceeded\"}]}");
    assert_next(&feeding, "", "", 0);
}

/* ---- polls and reads ---- */

static void a_round_asks_for_orders_shipments_and_stock(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct setting given[] = {
        {"marketplace_ids", "A,B"},
        {NULL,              NULL },
    };
    const struct channel_account account = account_with(arena, given);
    const struct channel_response first =
        answered(200, "{\"orders\":[],\"pagination\":{\"nextToken\":\"t/1\"},\"lastUpdatedBefore\":"
                      "\"2015-08-30T12:40:00Z\"}");
    const struct channel_response last =
        answered(200, "{\"orders\":[],\"lastUpdatedBefore\":\"2015-08-30T12:40:00Z\"}");
    const struct channel_response shipments = answered(200, "{\"payload\":{\"ShipmentData\":[]}}");
    const struct channel_response stock =
        answered(200, "{\"payload\":{\"inventorySummaries\":[]},\"pagination\":{}}");
    struct channel_request request = {0};

    (void)state;
    account.kind->poll(&account, now_ms, 1, NULL, arena, &request);
    assert_string_equal(request.url,
                        "https://api.example/orders/2026-01-01/orders?lastUpdatedAfter="
                        "2015-08-30T12:33:00.000Z&marketplaceIds=A,B&maxResultsPerPage=30"
                        "&includedData=CANCELLATION,FULFILLMENT,PACKAGES");
    account.kind->poll(&account, now_ms, 2, &first, arena, &request);
    assert_non_null(strstr(request.url, "&paginationToken=t%2F1"));
    account.kind->poll(&account, now_ms, 3, &last, arena, &request);
    assert_string_equal(request.url,
                        "https://api.example/fba/inbound/v0/shipments?QueryType=DATE_RANGE"
                        "&MarketplaceId=A&LastUpdatedAfter=2015-08-30T12:33:00.000Z"
                        "&LastUpdatedBefore=2015-08-30T12%3A40%3A00Z");
    account.kind->poll(&account, now_ms, 4, &shipments, arena, &request);
    assert_non_null(strstr(request.url, "/fba/inventory/v1/summaries?details=true"));
    account.kind->poll(&account, now_ms, 5, &stock, arena, &request);
    assert_string_equal(request.url, "");
}

static void an_order_of_v0_is_read_with_all_its_items(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct setting given[] = {
        {"orders_api", "v0"},
        {NULL,         NULL},
    };
    const struct channel_account account = account_with(arena, given);
    const struct channel_response answers[] = {
        answered(200, "{\"payload\":{\"AmazonOrderId\":\"1-2\",\"OrderStatus\":\"Unshipped\","
                      "\"PurchaseDate\":\"2025-10-15T14:22:33Z\",\"LastUpdateDate\":"
                      "\"2025-10-16T12:10:00Z\",\"FulfillmentChannel\":\"MFN\"}}"),
        answered(200, "{\"payload\":{\"OrderItems\":[{\"OrderItemId\":\"1\",\"SellerSKU\":\"A\","
                      "\"QuantityOrdered\":2,\"QuantityShipped\":0}],\"NextToken\":\"n=\"}}"),
        answered(200, "{\"payload\":{\"OrderItems\":[{\"OrderItemId\":\"2\",\"SellerSKU\":\"B\","
                      "\"QuantityOrdered\":1,\"QuantityShipped\":0}]}}"),
    };
    static const char *const urls[] = {
        "https://api.example/orders/v0/orders/1-2",
        "https://api.example/orders/v0/orders/1-2/orderItems",
        "https://api.example/orders/v0/orders/1-2/orderItems?NextToken=n%3D",
        "",
    };
    const struct channel_response *previous = NULL;
    const char *bytes = NULL;
    void *progress = NULL;
    size_t lines = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct channel_fetch next;
        struct err err = {0};
        size_t len = 0;

        assert_true(account.kind->read(&account, "order:1-2", previous, &progress, arena, &next,
                                       &bytes, &len, &err));
        assert_string_equal(next.request.url, urls[i]);
        if (bytes != NULL) {
            const struct made made = normalize(&account, arena, bytes);

            assert_int_equal(made.events.len, 1);
            assert_string_equal(made.events.events[0].order_line.order_id, "1-2");
            lines++;
        }
        previous = i < 3 ? &answers[i] : NULL;
    }
    assert_int_equal(lines, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_for_messages_are_signed),
        cmocka_unit_test(a_question_waits_less_than_the_connection),
        cmocka_unit_test(an_account_without_a_queue_asks_nothing),
        cmocka_unit_test(messages_are_taken_and_deleted_by_their_receipts),
        cmocka_unit_test(an_empty_queue_is_no_fault_and_a_refusal_is),
        cmocka_unit_test(a_token_is_granted_by_the_refresh_token),
        cmocka_unit_test(one_marketplace_speaks_for_the_pool),
        cmocka_unit_test(other_sellers_and_applications_are_refused),
        cmocka_unit_test(reports_of_names_only_say_nothing),
        cmocka_unit_test(japans_reports_are_read),
        cmocka_unit_test(every_marketplace_is_patched),
        cmocka_unit_test(a_feed_goes_its_way_and_its_report_is_read),
        cmocka_unit_test(a_feed_that_ends_early_is_judged),
        cmocka_unit_test(a_round_asks_for_orders_shipments_and_stock),
        cmocka_unit_test(an_order_of_v0_is_read_with_all_its_items),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
