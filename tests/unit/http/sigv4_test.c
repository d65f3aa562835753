/* AWS's published test suite for Signature Version 4 (aws-sig-v4-test-suite): its key, time and
   requests, and the signatures that it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/http/sigv4.h"

static const struct sigv4_key suite_key = {
    "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service"};

/* 2015-08-30T12:36:00Z */
static const int64_t suite_ms = INT64_C(1440938160000);

struct vector {
    const char *name;
    const char *method;
    const char *path;
    const char *query;
    struct sigv4_header headers[3]; /* beside Host and X-Amz-Date */
    const char *body;
    const char *names;
    const char *signature;
};

#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* clang-format off */
static const struct vector vectors[] = {
    {"get-vanilla", "GET", "/", "",
     {{0}}, "",
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla with no path", "GET", "", "",
     {{0}}, "",
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post-vanilla", "POST", "/", "",
     {{0}}, "",
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"get-unreserved", "GET", "/" UNRESERVED, "",
     {{0}}, "",
     "host;x-amz-date",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8", "GET", "/\xe1\x88\xb4", "",
     {{0}}, "",
     "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1",
     {{0}}, "",
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-order-value", "GET", "/", "Param1=value2&Param1=value1",
     {{0}}, "",
     "host;x-amz-date",
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
    {"get-vanilla-utf8-query", "GET", "/", "\xe1\x88\xb4=bar",
     {{0}}, "",
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-header-key-duplicate", "GET", "/", "",
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}, "",
     "host;my-header1;x-amz-date",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-trim", "GET", "/", "",
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}, "",
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"post-header-key-sort", "POST", "/", "",
     {{"My-Header1", "value1"}}, "",
     "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case", "POST", "/", "",
     {{"My-Header1", "VALUE1"}}, "",
     "host;my-header1;x-amz-date",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-x-www-form-urlencoded", "POST", "/", "",
     {{"Content-Type", "application/x-www-form-urlencoded"}}, "Param1=value1",
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
};
/* clang-format on */

static void authorize(const struct vector *vector, struct buf *value)
{
    struct sigv4_header headers[5] = {
        {"Host",       "example.amazonaws.com"},
        {"X-Amz-Date", "20150830T123600Z"     }
    };
    struct sigv4_request request = {
        .method = vector->method,
        .path = vector->path,
        .query = vector->query,
        .headers = headers,
        .headers_len = 2,
        .body = vector->body,
        .body_len = strlen(vector->body),
    };

    for (size_t i = 0; i < 3 && vector->headers[i].name != NULL; i++)
        headers[request.headers_len++] = vector->headers[i];
    sigv4_authorize(&suite_key, &request, suite_ms, value);
}

static void the_published_suite_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        SCOPED(buf) struct buf made = {0};
        SCOPED(buf) struct buf want = {0};

        buf_printf(
            &want,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
            " SignedHeaders=%s, Signature=%s",
            vectors[i].names, vectors[i].signature);
        authorize(&vectors[i], &made);
        if (strcmp(buf_str(&made), buf_str(&want)) != 0)
            fail_msg("%s: made %s", vectors[i].name, buf_str(&made));
    }
}

static void times_are_in_the_basic_format(void **state)
{
    char text[SIGV4_TIME_LEN];

    (void)state;
    assert_string_equal(sigv4_time(suite_ms, text), "20150830T123600Z");
    assert_string_equal(sigv4_time(suite_ms + 999, text), "20150830T123600Z");
}

/* Whatever of a request is changed changes its signature. */
static void everything_is_signed(void **state)
{
    const struct vector base = {"base", "POST", "/a", "b=c", {{"X", "y"}}, "body", "", ""};
    struct vector others[] = {base, base, base, base, base};
    SCOPED(buf) struct buf first = {0};

    (void)state;
    others[0].method = "GET";
    others[1].path = "/b";
    others[2].query = "b=d";
    others[3].headers[0].value = "z";
    others[4].body = "bodY";
    authorize(&base, &first);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        SCOPED(buf) struct buf other = {0};

        authorize(&others[i], &other);
        assert_string_not_equal(buf_str(&first), buf_str(&other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_suite_holds),
        cmocka_unit_test(times_are_in_the_basic_format),
        cmocka_unit_test(everything_is_signed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
