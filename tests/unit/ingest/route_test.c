#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/ingest/route.h"

static void a_notification_names_its_channel(void **state)
{
    const struct ingest_route route = ingest_route_of("/v1/notify/shopify-main");

    (void)state;
    assert_int_equal(route.kind, INGEST_ROUTE_NOTIFY);
    assert_string_equal(route.channel, "shopify-main");
}

static void manual_facts_have_one_path(void **state)
{
    (void)state;
    assert_int_equal(ingest_route_of("/v1/events").kind, INGEST_ROUTE_EVENTS);
    assert_int_equal(ingest_route_of("/v1/events/").kind, INGEST_ROUTE_NONE);
}

static void everything_else_is_no_route(void **state)
{
    static const char *const paths[] = {"/",           "",             "/v1/notify",
                                        "/v1/notify/", "/v1/notify/a/b", "/v1/notify/a/",
                                        "/v2/events",  "/V1/notify/a", "/metrics"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_int_equal(ingest_route_of(paths[i]).kind, INGEST_ROUTE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_names_its_channel),
        cmocka_unit_test(manual_facts_have_one_path),
        cmocka_unit_test(everything_else_is_no_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
