/* What is peculiar to Walmart: how subscriptions authenticate, tokens, correlation ids, pages of
   orders and returns, writing by feed. Expected: for signatures Python's hmac. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/channel.h"
#include "channels/kinds.h"

enum {
    SETTINGS = 8,
    WEBHOOK_AUTH = 2,
    WEBHOOK_HEADER = 3,
    CHANNEL_TYPE = 4,
    SNAPSHOT = 6,
    FEED = 7
};
enum { NOW_S = 1795252620 };

struct set {
    const char *values[SETTINGS + 1];
    struct channel_account account;
};

static struct channel_account *set_up(struct set *set)
{
    *set = (struct set){
        .values = {"client", "hush"}
    };
    set->account = (struct channel_account){
        .name = "walmart-us",
        .kind = channel_kinds_find("walmart"),
        .account = "",
        .base_url = "https://api.test",
        .location = "",
        .secrets = {"s3cret", ""},
        .token = "TOKEN",
        .settings = set->values,
    };
    return &set->account;
}

/* ---- subscriptions ---- */

static const char body[] = "{\"source\":{}}";

static bool is_verified(const char *method, const char *header, const char *secret,
                        const char *name, const char *value)
{
    struct set set;
    struct channel_account *account = set_up(&set);
    const struct channel_header headers[] = {
        {name,               value       },
        {"wm_sec.timestamp", "1795252620"},
    };
    const struct channel_notification notification = {
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = body,
        .body_len = strlen(body),
        .received_ms = INT64_C(1000) * NOW_S + 1,
        .method = "POST",
        .path = "/v1/notify/walmart-us?x=1",
    };

    set.values[WEBHOOK_AUTH] = method;
    set.values[WEBHOOK_HEADER] = header;
    account->secrets[0] = secret;
    return channel_verify(account, &notification);
}

static void every_way_to_authenticate_is_known(void **state)
{
    static const char hex[] = "e3522749f23a834307805921142fb4db0e0f973c195070e8657f0d0c4b79d5dc";
    static const char upper[] = "E3522749F23A834307805921142FB4DB0E0F973C195070E8657F0D0C4B79D5DC";
    static const char base64[] = "41InSfI6g0MHgFkhFC+02w4PlzwZUHDoZX8NDEt51dw=";
    static const char stamped[] = "EA0p4XEzQb8TZGspgEZjWJI/JurQCV8QrPi2VrjovPk=";

    (void)state;
    assert_true(is_verified(NULL, NULL, "s3cret", "authorization", hex));
    assert_true(is_verified("hmac", "X-Sign", "s3cret", "x-sign", base64));
    assert_true(is_verified("hmac", "X-Sign", "s3cret", "x-sign", upper));
    assert_false(is_verified("hmac", "X-Sign", "s3cret", "Authorization", base64));
    assert_false(is_verified("hmac", "X-Sign", "other", "x-sign", base64));
    assert_true(is_verified("basic", NULL, "abc:test", "Authorization", "Basic YWJjOnRlc3Q="));
    assert_true(is_verified("basic", "X-Auth", "abc:test", "x-auth", "YWJjOnRlc3Q="));
    assert_false(is_verified("basic", NULL, "abc:test", "Authorization", "abc:test"));
    assert_false(is_verified("basic", NULL, "abc:test", "Authorization", hex));
    assert_true(is_verified("oauth", NULL, "granted", "Authorization", "Bearer granted"));
    assert_false(is_verified("oauth", NULL, "granted", "Authorization", "granted"));
    assert_true(is_verified("basic", NULL, "s3cret", "WM_SEC.SIGNATURE", stamped));
    assert_false(is_verified("basic", NULL, "s3creT", "WM_SEC.SIGNATURE", stamped));
}

/* ---- tokens and calls ---- */

static void a_token_is_asked_for_and_lives_as_long_as_told(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct set set;
    struct channel_account *account = set_up(&set);
    struct channel_request request = {0};
    struct channel_grant grant = {0};
    struct err err = {0};
    static const char granted[] =
        "{\"access_token\":\"eyJ\",\"token_type\":\"Bearer\",\"expires_in\":900}";
    static const char refused[] =
        "{\"error\":[{\"code\":\"UNAUTHORIZED.GMP_GATEWAY_API\",\"severity\":\"ERROR\"}]}";
    struct channel_response response = {200, granted, strlen(granted), NULL, 0};

    (void)state;
    account->kind->login(account, NULL, 0, arena, &request);
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.url, "https://api.test/v3/token");
    assert_string_equal(request.user, "client");
    assert_string_equal(request.password, "hush");
    assert_string_equal(request.body, "grant_type=client_credentials");
    assert_true(account->kind->granted(account, &response, 0, arena, &grant, &err));
    assert_string_equal(grant.token, "eyJ");
    assert_int_equal(grant.life_ms, 900000);
    assert_null(grant.refresh_token);
    response = (struct channel_response){401, refused, strlen(refused), NULL, 0};
    assert_false(account->kind->granted(account, &response, 0, arena, &grant, &err));
    assert_int_equal(err.code, ERR_REJECT);
    response = (struct channel_response){503, "", 0, NULL, 0};
    assert_false(account->kind->granted(account, &response, 0, arena, &grant, &err));
    assert_int_equal(err.code, ERR_RETRY);
}

static const char *header_of(const struct channel_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers_len; i++) {
        if (strcmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    }
    return "";
}

static void every_call_has_a_correlation_id_of_its_own(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct set set;
    struct channel_account *account = set_up(&set);
    struct channel_request first = {.url = ""};
    struct channel_request second = {.url = ""};
    struct channel_request file = {.method = "GET", .url = "https://files.test/x?sig=1"};

    (void)state;
    set.values[CHANNEL_TYPE] = "0f3e4dd4-0514-4346-b39d-af0e00ea066d";
    account->kind->poll(account, INT64_C(1000) * NOW_S, 1, NULL, arena, &first);
    second = first;
    account->kind->seal(account, 1, arena, &first);
    account->kind->seal(account, 2, arena, &second);
    assert_int_equal(strlen(header_of(&first, "WM_QOS.CORRELATION_ID")), 36);
    assert_string_not_equal(header_of(&first, "WM_QOS.CORRELATION_ID"),
                            header_of(&second, "WM_QOS.CORRELATION_ID"));
    assert_string_equal(header_of(&first, "WM_SEC.ACCESS_TOKEN"), "TOKEN");
    assert_string_equal(header_of(&first, "WM_CONSUMER.CHANNEL.TYPE"),
                        "0f3e4dd4-0514-4346-b39d-af0e00ea066d");
    account->kind->seal(account, 1, arena, &file);
    assert_int_equal(file.headers_len, 0);
}

/* ---- polls ---- */

static const char *polled(const char *previous, struct arena *arena)
{
    struct set set;
    struct channel_account *account = set_up(&set);
    struct channel_request request = {.url = "unset"};
    const struct channel_response response = {
        .status = 200, .body = previous, .body_len = previous == NULL ? 0 : strlen(previous)};

    account->kind->poll(account, INT64_C(1000) * NOW_S, previous == NULL ? 1 : 2,
                        previous == NULL ? NULL : &response, arena, &request);
    return request.url;
}

static void orders_are_polled_then_returns(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    static const char returns[] =
        "https://api.test/v3/returns?limit=50&returnLastModifiedStartDate=2026-11-21T09:17:00Z";

    (void)state;
    assert_string_equal(polled(NULL, arena),
                        "https://api.test/v3/orders?limit=50&createdStartDate=2026-06-04T09:17:00Z"
                        "&lastModifiedStartDate=2026-11-21T09:17:00Z");
    assert_string_equal(
        polled("{\"list\":{\"meta\":{\"nextCursor\":\"?limit=50&soIndex=31&a=b\"}}}", arena),
        "https://api.test/v3/orders?limit=50&soIndex=31&a=b");
    assert_string_equal(polled("{\"list\":{\"meta\":{\"nextCursor\":\"\"}}}", arena), returns);
    assert_string_equal(polled("{\"list\":{\"meta\":{\"nextCursor\":\"?a=b c#d\"}}}", arena),
                        returns);
    assert_string_equal(
        polled("{\"meta\":{\"nextCursor\":\"?sellerId=1&offset=10\"},\"returnOrders\":[]}", arena),
        "https://api.test/v3/returns?sellerId=1&offset=10");
    assert_string_equal(polled("{\"meta\":{},\"returnOrders\":[]}", arena), "");
    assert_string_equal(polled("<html>", arena), "");
}

/* ---- feeds ---- */

static struct channel_fetch feed_step(struct channel_account *account,
                                      const struct channel_push *pushes, const char *answer,
                                      void **feed, struct arena *arena)
{
    const struct channel_response response = {200, answer, strlen(answer), NULL, 0};
    struct channel_fetch next = {.request = {.url = "unset"}};
    struct err err = {0};

    assert_true(
        account->kind->push_next(account, pushes, 2, "key", &response, feed, arena, &next, &err));
    return next;
}

static void many_skus_are_written_by_one_feed(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct set set;
    struct channel_account *account = set_up(&set);
    const struct target targets[] = {
        {.listing = "A", .address = "", .quantity = 7},
        {.listing = "B", .address = "", .quantity = 0},
    };
    const struct channel_push pushes[] = {{.target = &targets[0]}, {.target = &targets[1]}};
    struct channel_request request = {0};
    struct err err = {0};
    void *feed = NULL;

    (void)state;
    set.values[FEED] = "MP_INVENTORY";
    account->location = "1";
    assert_string_equal(account->kind->group(account, &targets[0], arena), "");
    assert_true(account->kind->push(account, pushes, 2, "key", arena, &request, &err));
    assert_string_equal(request.url, "https://api.test/v3/inventories?limit=50");
    struct channel_fetch next = feed_step(
        account, pushes,
        "{\"meta\":{\"nextCursor\":\"c+\"},\"elements\":{\"inventories\":[{\"sku\":\"A\","
        "\"nodes\":["
        "{\"shipNode\":\"1\",\"availToSellQty\":{\"amount\":1},\"reservedQty\":{\"amount\":3}},"
        "{\"shipNode\":\"2\",\"availToSellQty\":{\"amount\":1},\"reservedQty\":{\"amount\":9}}]}]"
        "}}",
        &feed, arena);
    assert_string_equal(next.request.url,
                        "https://api.test/v3/inventories?limit=50&nextCursor=c%2B");
    next = feed_step(account, pushes, "{\"elements\":{\"inventories\":[]}}", &feed, arena);
    assert_string_equal(next.request.url, "https://api.test/v3/feeds?feedType=MP_INVENTORY");
    assert_non_null(strstr(
        next.request.body,
        "\r\n\r\n{\"inventoryHeader\":{\"version\":\"1.5\"},\"inventory\":[{\"sku\":\"A\","
        "\"shipNodes\":["
        "{\"shipNode\":\"1\",\"quantity\":{\"unit\":\"EACH\",\"amount\":10}}]},{\"sku\":\"B\","
        "\"shipNodes\":["
        "{\"shipNode\":\"1\",\"quantity\":{\"unit\":\"EACH\",\"amount\":0}}]}]}\r\n--"));
    assert_int_equal(
        strncmp(header_of(&next.request, "Content-Type"), "multipart/form-data; boundary=", 30), 0);
    next = feed_step(account, pushes, "{\"feedId\":\"F1@A\"}", &feed, arena);
    assert_string_equal(next.request.url,
                        "https://api.test/v3/feeds/F1%40A?includeDetails=true&offset=0&limit=50");
    assert_int_equal(next.wait_ms, 60000);
    next = feed_step(account, pushes, "{\"feedId\":\"F1@A\",\"feedStatus\":\"INPROGRESS\"}", &feed,
                     arena);
    assert_int_equal(next.wait_ms, 60000);
    next = feed_step(account, pushes, "{\"feedId\":\"F1@A\",\"feedStatus\":\"PROCESSED\"}", &feed,
                     arena);
    assert_string_equal(next.request.url, "");
}

/* ---- the on-request report ---- */

static void the_report_is_asked_for_awaited_and_fetched(void **state)
{
    /* clang-format off */
    static const struct {
        const char *answer;
        const char *path; /* that it leads to */
        int64_t wait_ms;
    } steps[] = {
        {NULL, "reportRequests?reportType=INVENTORY&reportVersion=v1", 0},
        {"{\"requestId\":\"r-1\",\"requestStatus\":\"RECEIVED\"}", "reportRequests/r-1", 15000},
        {"{\"requestId\":\"r-1\",\"requestStatus\":\"INPROGRESS\"}", "reportRequests/r-1", 22500},
        {"{\"requestId\":\"r-1\",\"requestStatus\":\"READY\"}", "downloadReport?requestId=r-1", 0},
        {"{\"downloadURL\":\"https://api.test/v3/reports/a.zip?sig=x\"}", "a.zip?sig=x", 0},
        {"SKU,AvailToSell Quantity\nA,1\n", "", 0},
    };
    /* clang-format on */
    SCOPED(arena) struct arena *arena = arena_new();
    struct set set;
    struct channel_account *account = set_up(&set);
    char progress[CHANNEL_SNAPSHOT_STATE_LEN] = {0};

    (void)state;
    set.values[SNAPSHOT] = "report";
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        const char *text = steps[i].answer == NULL ? "" : steps[i].answer;
        const struct channel_response response = {200, text, strlen(text), NULL, 0};
        struct channel_fetch next = {0};
        const char *bytes = NULL;
        const char *format = NULL;
        size_t len = 0;
        struct err err = {0};

        assert_true(account->kind->snapshot(account, i == 0 ? NULL : &response, progress, arena,
                                            &next, &bytes, &len, &format, &err));
        const char *url =
            steps[i].path[0] == '\0'
                ? ""
                : arena_printf(arena, "https://api.test/v3/reports/%s", steps[i].path);
        assert_string_equal(next.request.url, url);
        assert_int_equal(next.wait_ms, steps[i].wait_ms);
        assert_string_equal(format, "report");
        assert_int_equal(bytes != NULL, i + 1 == ARRAY_LEN(steps));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_authenticate_is_known),
        cmocka_unit_test(a_token_is_asked_for_and_lives_as_long_as_told),
        cmocka_unit_test(every_call_has_a_correlation_id_of_its_own),
        cmocka_unit_test(orders_are_polled_then_returns),
        cmocka_unit_test(many_skus_are_written_by_one_feed),
        cmocka_unit_test(the_report_is_asked_for_awaited_and_fetched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
