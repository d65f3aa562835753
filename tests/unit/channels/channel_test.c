/* What all kinds share: headers, bad lines, statuses, events' envelope, secrets in HTML. */
#include <openssl/hmac.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/json/json.h"

#include "channels/address.h"
#include "channels/channel.h"
#include "channels/kinds.h"
#include "channels/signature.h"

/* ---- headers, verdicts, statuses ---- */

static void headers_are_found_in_any_case(void **state)
{
    const struct channel_header headers[] = {
        {"X-Topic", "a"},
        {"x-topic", "b"},
        {"Other",   "" }
    };
    const struct channel_notification notification = {.headers = headers, .headers_len = 3};
    const struct channel_response response = {.headers = headers, .headers_len = 3};

    (void)state;
    assert_string_equal(channel_notification_header(&notification, "X-TOPIC"), "a");
    assert_string_equal(channel_response_header(&response, "other"), "");
    assert_null(channel_notification_header(&notification, "X-Topi"));
    assert_null(channel_response_header(&response, ""));
}

static void verdicts_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < CHANNEL_VERDICT_COUNT; i++)
        assert_non_null(channel_verdict_name((enum channel_verdict)i));
    assert_string_equal(channel_verdict_name(CHANNEL_RETRY_NEW), "retry_new");
    assert_string_equal(channel_verdict_name(CHANNEL_VERDICT_COUNT), "unknown");
}

static void a_status_means_what_to_do_next(void **state)
{
    static const struct {
        int status;
        enum channel_verdict verdict;
        const char *class;
    } cases[] = {
        {0,   CHANNEL_RETRY,     "no_answer"},
        {200, CHANNEL_ACCEPTED,  ""         },
        {207, CHANNEL_ACCEPTED,  ""         },
        {301, CHANNEL_RETRY,     "http_301" },
        {400, CHANNEL_REJECTED,  "http_400" },
        {401, CHANNEL_AUTH,      "http_401" },
        {403, CHANNEL_AUTH,      "http_403" },
        {408, CHANNEL_RETRY,     "http_408" },
        {422, CHANNEL_REJECTED,  "http_422" },
        {429, CHANNEL_THROTTLED, "http_429" },
        {500, CHANNEL_RETRY,     "http_500" },
        {503, CHANNEL_RETRY,     "http_503" },
    };
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct channel_result result = channel_result_of_status(cases[i].status, arena);

        assert_int_equal(result.verdict, cases[i].verdict);
        assert_string_equal(result.error_class, cases[i].class);
    }
}

static void retry_after_is_read_in_seconds_and_bounded(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"2.0",                           2000   },
        {"0",                             0      },
        {"0.0001",                        1      },
        {"120",                           120000 },
        {"99999999999",                   3600000},
        {"1e300",                         3600000},
        {"-1",                            -1     },
        {"nan",                           -1     },
        {"inf",                           -1     },
        {"",                              -1     },
        {"2s",                            -1     },
        {"Sat, 21 Nov 2026 09:17:00 GMT", -1     },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct channel_header header = {"retry-after", cases[i].text};
        const struct channel_response response = {.headers = &header, .headers_len = 1};

        assert_int_equal(channel_retry_after_ms(&response), cases[i].ms);
    }
    assert_int_equal(channel_retry_after_ms(&(struct channel_response){0}), -1);
}

/* ---- bad lines ---- */

static void bad_lines_beyond_the_limit_are_counted(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_bad_lines bad = {0};

    (void)state;
    for (int i = 0; i < CHANNEL_BAD_LINES_MAX; i++)
        channel_bad_line(&bad, arena, "line %d:\n\tno variant", i);
    assert_string_equal(bad.reasons[99], "line 99:  no variant");
    channel_bad_line(&bad, arena, "one");
    assert_string_equal(bad.reasons[99], "and 2 more");
    channel_bad_line(&bad, arena, "two");
    assert_int_equal(bad.len, CHANNEL_BAD_LINES_MAX);
    assert_string_equal(bad.reasons[98], "line 98:  no variant");
    assert_string_equal(bad.reasons[99], "and 3 more");
}

/* ---- events ---- */

static bool two_events(const struct channel_account *account,
                       const struct channel_notification *notification, struct arena *arena,
                       struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                       struct err *err)
{
    (void)account;
    (void)ret_bad;
    (void)err;
    for (int64_t quantity = -1; quantity < 2; quantity++) {
        struct event *event = event_list_add(ret_events, arena, EVENT_ORDER_LINE);

        event->times.occurred_ms = notification->received_ms;
        event->order_line = (struct event_order_line){.order_id = "1",
                                                      .line_id = "2",
                                                      .listing = "3",
                                                      .ordered = quantity,
                                                      .placed_ms = 1,
                                                      .version_ms = 1,
                                                      .status = quantity == 0 ? "\x01" : ""};
    }
    return true;
}

static const char *an_id(const struct channel_account *account,
                         const struct channel_notification *notification, struct arena *arena)
{
    (void)account;
    (void)notification;
    return arena_strdup(arena, "notification-1");
}

static const struct channel_kind a_kind = {
    .name = "kind",
    .adapter = "kind/1",
    .account_header = "X-Account",
    .topic_header = "X-Topic",
    .normalize = two_events,
    .notification_id = an_id,
};

static void what_can_not_be_stored_is_a_bad_line_and_what_breaks_a_rule_an_event(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = {.name = "shop", .kind = &a_kind, .account = "own"};
    const struct channel_header headers[] = {
        {"x-topic",     "t"   },
        {"Traceparent", "00-1"}
    };
    const struct channel_notification notification = {.captured_via = EVENT_VIA_PUSH,
                                                      .headers = headers,
                                                      .headers_len = 2,
                                                      .body = "body",
                                                      .body_len = 4,
                                                      .received_ms = 7};
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct err err = {0};

    (void)state;
    assert_true(
        channel_events(&account, &notification, "host-1", NULL, NULL, arena, &events, &bad, &err));
    assert_int_equal(events.len, 2);
    assert_int_equal(bad.len, 1);
    assert_string_equal(bad.reasons[0], "order_line: status has a control character");
    const struct event *first = &events.events[0];
    assert_int_equal(first->order_line.ordered, -1);
    assert_string_equal(first->source.channel, "shop");
    assert_string_equal(first->source.account, "own");
    assert_string_equal(first->source.notification_id, "notification-1");
    assert_string_equal(first->source.host, "host-1");
    assert_string_equal(first->traceparent, "00-1");
    assert_int_equal(first->times.received_ms, 7);
    assert_string_equal(first->raw.topic_header, "t");
    assert_memory_equal(first->raw.body, "body", 4);
    assert_int_equal(events.events[1].raw.body_len, 0);
    assert_string_equal(events.events[1].raw.in_event_id, first->id);
}

/* ---- ids ---- */

static void ids_are_digits(void **state)
{
    static const char *const good[] = {"1", "271878346596884015",
                                       "12345678901234567890123456789012"};
    static const char *const bad[] = {
        "", "0", "01", "-1", "+1", "1.0", "1e3", "1 ", "a", "123456789012345678901234567890123"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(channel_address_is_id(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(channel_address_is_id(bad[i]));
}

static void addresses_split_in_two(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *first = NULL;
    const char *second = NULL;

    (void)state;
    assert_true(channel_address_split(arena, "12@34", '@', &first, &second));
    assert_string_equal(first, "12");
    assert_string_equal(second, "34");
    assert_true(channel_address_split(arena, "12", '@', &first, &second));
    assert_string_equal(second, "");
    assert_false(channel_address_split(arena, "12@", '@', &first, &second));
    assert_false(channel_address_split(arena, "@34", '@', &first, &second));
    assert_false(channel_address_split(arena, "12/34", '@', &first, &second));
    assert_false(channel_address_split(arena, "12@34@56", '@', &first, &second));
}

static const struct json *value_of(struct arena *arena, const char *text)
{
    struct err err = {0};
    const struct json *node = json_parse(arena, text, strlen(text), &err);

    assert_non_null(node);
    return node;
}

static void times_are_read_in_every_published_form(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* 0: none */
    } cases[] = {
        {"\"2026-11-21T09:17:00.5Z\"",            INT64_C(1795252620500)},
        {"\"2026-11-21T04:17:00-0500\"",          INT64_C(1795252620000)},
        {"\"2026-11-21 09:17:00\"",               INT64_C(1795252620000)},
        {"\"Sat, 21 Nov 2026 09:17:00 +0000\"",   INT64_C(1795252620000)},
        {"1795252620",                            INT64_C(1795252620000)},
        {"\"1795252620\"",                        INT64_C(1795252620000)},
        {"1795252620123",                         INT64_C(1795252620123)},
        {"\"1795252620123\"",                     INT64_C(1795252620123)},
        {"0",                                     0                     },
        {"-1795252620",                           0                     },
        {"1795252620.5",                          0                     },
        {"\"1969-12-31T23:59:59Z\"",              0                     },
        {"\"0000-00-00T00:00:00\"",               0                     },
        {"\"soon\"",                              0                     },
        {"\"\"",                                  0                     },
        {"null",                                  0                     },
        {"false",                                 0                     },
    };
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t ms = 0;

        assert_int_equal(channel_address_time(value_of(arena, cases[i].text), &ms),
                         cases[i].ms != 0);
        assert_int_equal(ms, cases[i].ms);
    }
}

static void units_are_whole_in_every_published_form(void **state)
{
    static const char *const good[] = {"7", "\"7\"", "7.0", "\"7.00\"", "7.0000"};
    static const char *const bad[] = {"7.5",  "\"7.05\"", "7e0",  "\"7.\"", "\".0\"", "\"\"",
                                      "null", "true",     "[7]",  "\" 7\"", "8.0",    "\"7.0.0\"",
                                      "\"00000000000000000000000000000000000000007.0\""};
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int64_t units = 0;

        assert_true(channel_address_units(value_of(arena, good[i]), -7, 7, &units));
        assert_int_equal(units, 7);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t units = 3;

        assert_false(channel_address_units(value_of(arena, bad[i]), -7, 7, &units));
        assert_int_equal(units, 3);
    }
    int64_t units = 0;
    assert_true(channel_address_units(value_of(arena, "-7.0"), -7, 7, &units));
    assert_int_equal(units, -7);
    assert_false(channel_address_units(NULL, -7, 7, &units));
}

/* ---- signatures ---- */

static void digests_tell_texts_apart(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *const one[] = {"a", "bc"};
    const char *const two[] = {"ab", "c"};
    const char *const three[] = {NULL, NULL};

    (void)state;
    const char *digest = channel_signature_digest(arena, one, 2, "body", 4);
    assert_int_equal(strlen(digest), 64);
    assert_string_not_equal(digest, channel_signature_digest(arena, two, 2, "body", 4));
    assert_string_not_equal(digest, channel_signature_digest(arena, one, 2, "bod", 3));
    assert_int_equal(strlen(channel_signature_digest(arena, three, 2, "", 0)), 64);
}

static bool is_verified(const char *secret, const char *key, bool in_html)
{
    SCOPED(buf) struct buf text = {0};
    struct channel_kind kind = a_kind;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    kind.signature = (struct channel_signature){.scheme = CHANNEL_SIGNATURE_HMAC,
                                   .header = "S",
                                   .secret = in_html ? CHANNEL_SECRET_HTML : CHANNEL_SECRET_TEXT};
    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)"body", 4, mac, &len);
    buf_base64(&text, mac, len);
    const struct channel_header header = {"S", buf_str(&text)};
    const struct channel_account account = {
        .kind = &kind, .secrets = {secret, NULL}
    };
    const struct channel_notification notification = {.captured_via = EVENT_VIA_PUSH,
                                                      .headers = &header,
                                                      .headers_len = 1,
                                                      .body = "body",
                                                      .body_len = 4};
    return channel_verify(&account, &notification);
}

static void a_secret_in_html_is_decoded_once(void **state)
{
    (void)state;
    assert_true(is_verified("a&amp;b&lt;c&gt;&quot;&#039;&#x27;", "a&b<c>\"''", true));
    assert_true(is_verified("a&b", "a&b", true));
    assert_true(is_verified("&amp;lt;", "&lt;", true));
    assert_false(is_verified("a&amp;b", "a&b", false));
    assert_true(is_verified("a&amp;b", "a&amp;b", false));
}

static void *verify_often(void *opaque)
{
    bool *all = opaque;

    *all = true;
    for (int i = 0; i < 1000; i++)
        *all = *all && is_verified("secret", "secret", false) &&
               !is_verified("secret", "other", false);
    return NULL;
}

static void threads_verify_at_once(void **state)
{
    pthread_t threads[4];
    bool all[4] = {false};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, &all[i]), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_true(all[i]);
    }
}

static void without_a_scheme_nothing_is_verified(void **state)
{
    const struct channel_account account = {
        .kind = &a_kind, .secrets = {"secret", ""}
    };

    (void)state;
    assert_false(channel_verify(&account, &(struct channel_notification){.body = ""}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_found_in_any_case),
        cmocka_unit_test(verdicts_have_names),
        cmocka_unit_test(a_status_means_what_to_do_next),
        cmocka_unit_test(retry_after_is_read_in_seconds_and_bounded),
        cmocka_unit_test(bad_lines_beyond_the_limit_are_counted),
        cmocka_unit_test(what_can_not_be_stored_is_a_bad_line_and_what_breaks_a_rule_an_event),
        cmocka_unit_test(ids_are_digits),
        cmocka_unit_test(addresses_split_in_two),
        cmocka_unit_test(times_are_read_in_every_published_form),
        cmocka_unit_test(units_are_whole_in_every_published_form),
        cmocka_unit_test(digests_tell_texts_apart),
        cmocka_unit_test(a_secret_in_html_is_decoded_once),
        cmocka_unit_test(threads_verify_at_once),
        cmocka_unit_test(without_a_scheme_nothing_is_verified),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
