#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/ingest/admit.h"

static bool never_a_ping(const struct channel_notification *notification)
{
    (void)notification;
    return false;
}

static const struct channel_kind signing = {
    .name = "signing",

    .content_types = {"application/json"},
};
static const struct channel_kind pinging = {
    .name = "pinging",

    .content_types = {"application/json", "application/x-www-form-urlencoded"},
    .is_ping = never_a_ping,
};

static struct ingest_admission notification(void)
{
    return (struct ingest_admission){
        .route = ingest_route_of("/v1/notify/shop"),
        .is_post = true,
        .kind = &signing,
        .content_type = "application/json; charset=utf-8",
        .wants_signature = true,
        .signature = "abc=",
        .admin_token = "",
    };
}

static struct ingest_admission manual(void)
{
    return (struct ingest_admission){
        .route = ingest_route_of("/v1/events"),
        .is_post = true,
        .content_type = "application/json",
        .authorization = "Bearer s3cret",
        .admin_token = "s3cret",
    };
}

static void expect(struct ingest_admission admission, int status, const char *type)
{
    const struct ingest_refusal refusal = ingest_admit_decide(&admission);

    assert_int_equal(refusal.status, status);
    if (status == 0)
        return;
    assert_string_equal(refusal.type, type);
    assert_non_null(refusal.detail);
}

static void what_is_in_order_goes_on(void **state)
{
    (void)state;
    expect(notification(), 0, NULL);
    expect(manual(), 0, NULL);
}

static void an_unknown_route_or_channel_is_404(void **state)
{
    struct ingest_admission admission = notification();

    (void)state;
    admission.kind = NULL;
    expect(admission, 404, "unknown-channel");
    admission.route = ingest_route_of("/v1/other");
    expect(admission, 404, "no-such-route");
}

static void another_method_goes_on_to_the_handler(void **state)
{
    struct ingest_admission admission = notification();

    (void)state;
    admission.is_post = false;
    admission.content_type = NULL;
    admission.signature = NULL;
    admission.broker_away = "away";
    expect(admission, 0, NULL);
}

static void another_content_type_is_415(void **state)
{
    struct ingest_admission admission = notification();

    (void)state;
    admission.content_type = "text/plain";
    expect(admission, 415, "wrong-content-type");
    admission.content_type = NULL;
    expect(admission, 415, "wrong-content-type");
    admission = manual();
    admission.content_type = "application/x-www-form-urlencoded";
    expect(admission, 415, "wrong-content-type");
}

static void no_signature_is_401_unless_it_may_be_a_ping(void **state)
{
    struct ingest_admission admission = notification();

    (void)state;
    admission.signature = NULL;
    expect(admission, 401, "bad-signature");
    admission.kind = &pinging;
    expect(admission, 0, NULL);
}

static void without_a_token_the_manual_endpoint_is_closed(void **state)
{
    struct ingest_admission admission = manual();

    (void)state;
    admission.admin_token = "";
    expect(admission, 403, "disabled");
    admission.authorization = "Bearer ";
    expect(admission, 403, "disabled");
}

static void the_bearer_token_must_be_exactly_right(void **state)
{
    (void)state;
    assert_true(ingest_admit_is_bearer("Bearer s3cret", "s3cret"));
    assert_true(ingest_admit_is_bearer("bearer s3cret", "s3cret"));
    assert_false(ingest_admit_is_bearer(NULL, "s3cret"));
    assert_false(ingest_admit_is_bearer("", "s3cret"));
    assert_false(ingest_admit_is_bearer("Bearer", "s3cret"));
    assert_false(ingest_admit_is_bearer("Bearer s3cre", "s3cret"));
    assert_false(ingest_admit_is_bearer("Bearer s3cretX", "s3cret"));
    assert_false(ingest_admit_is_bearer("Bearer S3cret", "s3cret"));
    assert_false(ingest_admit_is_bearer("Basic s3cret", "s3cret"));
    assert_false(ingest_admit_is_bearer("Bearer ", ""));
}

static void content_types_match_without_their_parameters(void **state)
{
    static const char *const types[] = {"application/json", NULL};

    (void)state;
    assert_true(ingest_admit_is_type("application/json", types));
    assert_true(ingest_admit_is_type("Application/JSON", types));
    assert_true(ingest_admit_is_type("application/json;charset=utf-8", types));
    assert_true(ingest_admit_is_type("application/json ; charset=utf-8", types));
    assert_false(ingest_admit_is_type("application/jsonx", types));
    assert_false(ingest_admit_is_type("application/jso", types));
    assert_false(ingest_admit_is_type("", types));
}

static void strangers_do_not_learn_of_the_load(void **state)
{
    struct ingest_admission admission = manual();

    (void)state;
    admission.authorization = "Bearer wrong";
    admission.broker_away = "away";
    admission.stopping = true;
    expect(admission, 401, "bad-token");
}

static void load_is_503_with_its_reason(void **state)
{
    struct ingest_admission admission = notification();

    (void)state;
    admission.queue_full = true;
    expect(admission, 503, "queue-full");
    admission.broker_away = "away";
    expect(admission, 503, "broker-away");
    admission.stopping = true;
    expect(admission, 503, "stopping");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_order_goes_on),
        cmocka_unit_test(an_unknown_route_or_channel_is_404),
        cmocka_unit_test(another_method_goes_on_to_the_handler),
        cmocka_unit_test(another_content_type_is_415),
        cmocka_unit_test(no_signature_is_401_unless_it_may_be_a_ping),
        cmocka_unit_test(without_a_token_the_manual_endpoint_is_closed),
        cmocka_unit_test(the_bearer_token_must_be_exactly_right),
        cmocka_unit_test(content_types_match_without_their_parameters),
        cmocka_unit_test(strangers_do_not_learn_of_the_load),
        cmocka_unit_test(load_is_503_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
