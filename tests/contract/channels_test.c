/* What every kind of channel promises, over every fixture that it has. A new kind needs no line
   here. */
#include "tests/contract/fixtures.h"

#include <ctype.h>
#include <inttypes.h>
#include <openssl/hmac.h>

#include "lib/event/codec.h"

/* ---- the registry ---- */

static void every_kind_is_complete_and_found_by_name(void **state)
{
    (void)state;
    assert_true(channel_kinds_len() > 0);
    for (size_t i = 0; i < channel_kinds_len(); i++) {
        const struct channel_kind *kind = channel_kinds_at(i);

        assert_ptr_equal(channel_kinds_find(kind->name), kind);
        assert_int_equal(strncmp(kind->adapter, kind->name, strlen(kind->name)), 0);
        assert_true(kind->content_types[0] != NULL && kind->content_types[3] == NULL);
        assert_true(kind->snapshot_formats[0] != NULL && kind->snapshot_formats[3] == NULL);
        assert_true(kind->batch_max > 0 && kind->concurrency > 0);
        assert_true(kind->rate_per_second > 0 && kind->rate_burst >= 1);
        assert_true(kind->normalize != NULL && kind->notification_id != NULL);
        assert_true(kind->group != NULL && kind->push != NULL && kind->answer != NULL);
        assert_true(kind->rows != NULL && kind->snapshot != NULL);
        assert_true(kind->hints == NULL || kind->read != NULL);
    }
    assert_null(channel_kinds_find("no such kind"));
}

/* ---- signatures ---- */

enum { SIGNED_HEADERS = 3 }; /* id, timestamp, and the signature at last */

struct signed_notification {
    struct channel_account account;
    struct channel_notification notification;
    struct channel_header headers[FIXTURE_HEADERS_MAX + SIGNED_HEADERS];
    char *body;
    char *signature;
};

static const char *replaced(struct arena *arena, const char *text, const char *name,
                            const char *value)
{
    const char *at = strstr(text, name);

    return at == NULL ? text
                      : arena_printf(arena, "%.*s%s%s", (int)(at - text), text, value,
                                     at + strlen(name));
}

/* What the kind says is signed: {body} at its end, or alone. */
static const char *signed_before_body(const struct channel_signature *signature,
                                      const struct channel_notification *notification,
                                      struct arena *arena)
{
    const char *text = signature->signs == NULL ? "{body}" : signature->signs;
    const char *id = signature->id_header;
    const char *timestamp = signature->timestamp_header;

    if (id != NULL)
        text = replaced(arena, text, "{id}", channel_notification_header(notification, id));
    if (timestamp != NULL)
        text = replaced(arena, text, "{timestamp}",
                        channel_notification_header(notification, timestamp));
    return replaced(arena, text, "{body}", "");
}

/* By another function of OpenSSL than the code under test. */
static char *sign(const struct fixture *fixture, const struct signed_notification *made,
                  const char *secret)
{
    const struct channel_notification *notification = &made->notification;
    const struct channel_signature *signature = channel_signature_of(&made->account, notification);
    SCOPED(buf) struct buf all = {0};
    SCOPED(buf) struct buf text = {0};
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;

    if (signature->secret == CHANNEL_SECRET_BASE64 && secret[0] != '\0')
        secret = FIXTURE_SECRET_BYTES;
    buf_text(&all, signed_before_body(signature, notification, fixture->arena));
    buf_append(&all, notification->body, notification->body_len);
    assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret),
                         (const unsigned char *)buf_str(&all), all.len, mac, &mac_len));
    if (signature->prefix != NULL)
        buf_text(&text, signature->prefix);
    if (signature->encoding == CHANNEL_ENCODING_HEX)
        buf_hex(&text, mac, mac_len);
    else
        buf_base64(&text, mac, mac_len);
    return arena_strdup(fixture->arena, buf_str(&text));
}

static void add_header(struct signed_notification *made, const char *name, const char *value)
{
    if (name == NULL || channel_notification_header(&made->notification, name) != NULL)
        return;
    made->headers[made->notification.headers_len++] = (struct channel_header){name, value};
}

static void sign_fixture(const struct fixture *fixture, const char *secret,
                         struct signed_notification *ret_signed)
{
    struct channel_notification notification = fixture_notification(fixture);

    ret_signed->account = fixture_account(fixture);
    ret_signed->body = arena_memdup(fixture->arena, notification.body, notification.body_len);
    memcpy(ret_signed->headers, notification.headers,
           notification.headers_len * sizeof(struct channel_header));
    ret_signed->notification = notification;
    ret_signed->notification.body = ret_signed->body;
    ret_signed->notification.headers = ret_signed->headers;
    const struct channel_signature *signature =
        channel_signature_of(&ret_signed->account, &notification);
    add_header(ret_signed, signature->id_header, "msg_1");
    add_header(ret_signed, signature->timestamp_header,
               arena_printf(fixture->arena, "%" PRId64, fixture_received_ms / 1000));
    ret_signed->signature = sign(fixture, ret_signed, secret);
    add_header(ret_signed, signature->header, ret_signed->signature);
}

/* The common ways, which sign_fixture() goes; the others are tests/unit/channels' matter. */
static bool is_signed_here(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    const struct channel_notification notification = fixture_notification(fixture);
    const struct channel_signature *signature = channel_signature_of(&account, &notification);
    const char *signs = signature->signs == NULL ? "{body}" : signature->signs;

    return signature->scheme == CHANNEL_SIGNATURE_HMAC &&
           signature->digest == CHANNEL_DIGEST_SHA256 &&
           signature->encoding != CHANNEL_ENCODING_ANY &&
           signature->secret != CHANNEL_SECRET_BASIC &&
           (strcmp(signs, "{body}") == 0 || strcmp(signs, "{id}.{timestamp}.{body}") == 0);
}

static bool is_accepted(const struct signed_notification *signed_)
{
    return channel_verify(&signed_->account, &signed_->notification);
}

/* Of the prefix the case does not matter. */
static size_t prefix_len(const struct signed_notification *signed_)
{
    const char *prefix = channel_signature_of(&signed_->account, &signed_->notification)->prefix;

    return prefix == NULL ? 0 : strlen(prefix);
}

static void set_signature(struct signed_notification *signed_, const char *text)
{
    signed_->headers[signed_->notification.headers_len - 1].value = text;
}

static void check_good_signature(const struct fixture *fixture)
{
    struct signed_notification signed_;

    if (!is_signed_here(fixture))
        return;
    sign_fixture(fixture, FIXTURE_SECRET, &signed_);
    assert_true(is_accepted(&signed_));
    signed_.account.secrets[0] = "new";
    signed_.account.secrets[1] = FIXTURE_SECRET;
    assert_true(is_accepted(&signed_));
    signed_.account.secrets[1] = "newer";
    assert_false(is_accepted(&signed_));
    signed_.account.secrets[0] = signed_.account.secrets[1] = "";
    assert_false(is_accepted(&signed_));
    signed_.account.secrets[0] = signed_.account.secrets[1] = NULL;
    assert_false(is_accepted(&signed_));
    signed_.account.secrets[0] = FIXTURE_SECRET;
    signed_.headers[signed_.notification.headers_len - 1].name = "x-lower-case";
    assert_false(is_accepted(&signed_));
}

static void a_good_signature_of_either_secret_is_accepted(void **state)
{
    (void)state;
    assert_true(fixture_each(".events", check_good_signature) > 0);
}

/* A secret that is not set must not make the empty key a good one. */
static void check_empty_key(const struct fixture *fixture)
{
    struct signed_notification signed_;

    if (!is_signed_here(fixture))
        return;
    sign_fixture(fixture, "", &signed_);
    signed_.account.secrets[0] = "";
    assert_false(is_accepted(&signed_));
}

static void the_empty_secret_signs_nothing(void **state)
{
    (void)state;
    fixture_each(".events", check_empty_key);
}

static void check_signature_bits(const struct fixture *fixture)
{
    struct signed_notification signed_;

    if (!is_signed_here(fixture))
        return;
    sign_fixture(fixture, FIXTURE_SECRET, &signed_);
    for (size_t bit = 8 * prefix_len(&signed_); bit < 8 * strlen(signed_.signature); bit++) {
        char *copy = arena_strdup(fixture->arena, signed_.signature);

        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << (bit % 8)));
        set_signature(&signed_, copy);
        assert_false(is_accepted(&signed_));
    }
    set_signature(&signed_, signed_.signature);
    assert_true(is_accepted(&signed_));
}

static void every_flipped_bit_of_a_signature_is_refused(void **state)
{
    (void)state;
    fixture_each(".events", check_signature_bits);
}

static void check_signature_texts(const struct fixture *fixture)
{
    struct signed_notification signed_;

    if (!is_signed_here(fixture))
        return;
    sign_fixture(fixture, FIXTURE_SECRET, &signed_);
    for (size_t len = 0; len < strlen(signed_.signature); len++) {
        set_signature(&signed_, arena_strndup(fixture->arena, signed_.signature, len));
        assert_false(is_accepted(&signed_));
    }
    for (size_t i = prefix_len(&signed_); signed_.signature[i] != '\0'; i++) {
        char *copy = arena_strdup(fixture->arena, signed_.signature);

        copy[i] = (char)(islower((unsigned char)copy[i]) ? toupper((unsigned char)copy[i])
                                                         : tolower((unsigned char)copy[i]));
        set_signature(&signed_, copy);
        assert_int_equal(is_accepted(&signed_), strcmp(copy, signed_.signature) == 0);
    }
    set_signature(&signed_, arena_printf(fixture->arena, "%s=", signed_.signature));
    assert_false(is_accepted(&signed_));
    set_signature(&signed_, arena_printf(fixture->arena, " %s", signed_.signature));
    assert_int_equal(
        is_accepted(&signed_),
        channel_signature_of(&signed_.account, &signed_.notification)->is_list);
}

static void a_truncated_longer_or_recased_signature_is_refused(void **state)
{
    (void)state;
    fixture_each(".events", check_signature_texts);
}

/* All bits of small bodies; of bigger ones a bit of every nth byte. */
static void check_body_bits(const struct fixture *fixture)
{
    struct signed_notification signed_;
    size_t len = 0;

    if (!is_signed_here(fixture))
        return;
    sign_fixture(fixture, FIXTURE_SECRET, &signed_);
    len = signed_.notification.body_len;
    size_t step = len <= 1024 ? 1 : 8 + len / 64;
    for (size_t bit = 0; bit < 8 * len; bit += step) {
        char flip = (char)(1 << (bit % 8));

        signed_.body[bit / 8] ^= flip;
        assert_false(is_accepted(&signed_));
        signed_.body[bit / 8] ^= flip;
    }
    signed_.notification.body_len = len - 1;
    assert_false(is_accepted(&signed_));
    signed_.notification.body_len = 0;
    assert_false(is_accepted(&signed_));
    signed_.notification.body_len = len;
    assert_true(is_accepted(&signed_));
}

static void every_flipped_bit_of_a_body_is_refused(void **state)
{
    (void)state;
    fixture_each(".events", check_body_bits);
}

/* ---- pings ---- */

static void check_ping(const struct fixture *fixture)
{
    const char *header = fixture->kind->signature.header;
    const struct channel_header headers[] = {{header, "c2lnbmF0dXJl"}};
    struct channel_notification ping = {.headers = headers};
    const char *body = NULL;

    assert_true(fixture_read(fixture->arena, fixture->path, &body, &ping.body_len));
    ping.body = body;
    assert_true(fixture->kind->is_ping(&ping));
    ping.headers_len = 1;
    assert_false(fixture->kind->is_ping(&ping)); /* who signs wants to be verified */
    ping.headers_len = 0;
    ping.body = "{\"id\":727}";
    ping.body_len = strlen(ping.body);
    assert_false(fixture->kind->is_ping(&ping));
    ping.body_len = 0;
    assert_false(fixture->kind->is_ping(&ping));
}

static void only_an_unsigned_ping_is_one(void **state)
{
    (void)state;
    fixture_each("ping.txt", check_ping);
}

/* ---- notifications to events ---- */

struct normalized {
    bool understood;
    struct event_list events;
    struct channel_bad_lines bad;
    struct err err;
};

/* The body is an allocation of its own, so that the sanitizer sees a byte read beyond its end. */
static struct normalized normalize(const struct fixture *fixture,
                                   const struct channel_notification *from, const void *bytes,
                                   size_t len)
{
    const struct channel_account account = fixture_account(fixture);
    struct channel_notification notification = *from;
    struct normalized made = {0};
    char *body = mem_calloc(len == 0 ? 1 : len, 1);

    memcpy(body, bytes, len);
    notification.body = body;
    notification.body_len = len;
    made.understood = channel_events(&account, &notification, "test", NULL, NULL, fixture->arena,
                                     &made.events, &made.bad, &made.err);
    mem_free(body);
    return made;
}

static void assert_sound(const struct normalized *made)
{
    if (!made->understood) {
        assert_int_equal(made->err.code, ERR_REJECT);
        assert_true(made->err.text[0] != '\0');
        assert_int_equal(made->events.len, 0);
    }
    for (size_t i = 0; i < made->events.len; i++) {
        struct err err = {0};

        assert_true(event_check_form(&made->events.events[i], &err));
    }
    for (size_t i = 0; i < made->bad.len; i++)
        assert_true(made->bad.reasons[i][0] != '\0');
}

static void check_events(const struct fixture *fixture)
{
    SCOPED(buf) struct buf text = {0};
    const struct channel_notification notification = fixture_notification(fixture);
    struct normalized made =
        normalize(fixture, &notification, notification.body, notification.body_len);

    assert_sound(&made);
    for (size_t i = 0; i < made.events.len; i++) {
        event_to_json(&made.events.events[i], &text);
        buf_char(&text, '\n');
    }
    for (size_t i = 0; i < made.bad.len; i++)
        buf_printf(&text, "bad: %s\n", made.bad.reasons[i]);
    if (!made.understood)
        buf_printf(&text, "reject: %s\n", made.err.text);
    fixture_golden(fixture->path, &text);
}

static void notifications_become_their_golden_events(void **state)
{
    (void)state;
    assert_true(fixture_each(".events", check_events) > 0);
}

/* Only the first event has the body; redelivery makes the same ids. */
static void check_redelivery(const struct fixture *fixture)
{
    struct channel_notification notification = fixture_notification(fixture);
    struct normalized first =
        normalize(fixture, &notification, notification.body, notification.body_len);
    struct normalized second =
        normalize(fixture, &notification, notification.body, notification.body_len);

    assert_int_equal(first.events.len, second.events.len);
    for (size_t i = 0; i < first.events.len; i++) {
        const struct event *event = &first.events.events[i];

        assert_string_equal(event->id, second.events.events[i].id);
        assert_string_equal(event->source.notification_id,
                            second.events.events[i].source.notification_id);
        assert_true(event->source.notification_id[0] != '\0');
        assert_int_equal(event->raw.body_len, i == 0 ? notification.body_len : 0);
        if (i == 0)
            assert_memory_equal(event->raw.body, notification.body, notification.body_len);
        else
            assert_string_equal(event->raw.in_event_id, first.events.events[0].id);
    }
}

static void redelivery_makes_the_same_events(void **state)
{
    (void)state;
    fixture_each(".events", check_redelivery);
}

/* One fact told by two notifications must be one fact: else its effect is an alarm (P3). */
static struct {
    struct arena *arena;
    struct {
        char id[EVENT_ID_LEN + 1];
        unsigned char hash[EVENT_HASH_LEN];
        const char *path;
    } seen[1024];
    size_t len;
} facts;

static void check_facts(const struct fixture *fixture)
{
    const struct channel_notification notification = fixture_notification(fixture);
    struct normalized made =
        normalize(fixture, &notification, notification.body, notification.body_len);

    for (size_t i = 0; i < made.events.len; i++) {
        unsigned char hash[EVENT_HASH_LEN];
        const struct event *event = &made.events.events[i];

        event_content_hash(event, hash);
        for (size_t j = 0; j < facts.len; j++) {
            if (strcmp(facts.seen[j].id, event->id) == 0 &&
                memcmp(facts.seen[j].hash, hash, sizeof(hash)) != 0)
                fail_msg("%s of %s has another content in %s", event->id, fixture->path,
                         facts.seen[j].path);
        }
        assert_true(facts.len < ARRAY_LEN(facts.seen));
        strcpy(facts.seen[facts.len].id, event->id);
        memcpy(facts.seen[facts.len].hash, hash, sizeof(hash));
        facts.seen[facts.len++].path = arena_strdup(facts.arena, fixture->path);
    }
}

static void the_same_id_never_has_another_content(void **state)
{
    (void)state;
    facts.arena = arena_new();
    fixture_each(".events", check_facts);
    arena_free(facts.arena);
}

/* ---- ids ---- */

static size_t long_ids;

static bool event_has(const struct normalized *made, const char *id)
{
    for (size_t i = 0; i < made->events.len; i++) {
        SCOPED(buf) struct buf text = {0};

        event_to_json(&made->events.events[i], &text);
        if (strstr(buf_str(&text), id) != NULL)
            return true;
    }
    return false;
}

/* Numbers of 18 digits are what a double would change. */
static void check_long_ids(const struct fixture *fixture)
{
    const struct channel_notification notification = fixture_notification(fixture);
    struct normalized made =
        normalize(fixture, &notification, notification.body, notification.body_len);
    const char *body = notification.body;

    for (size_t i = 0; i < notification.body_len && made.events.len > 0;) {
        size_t len = strspn(body + i, "0123456789");

        if (len >= 18) {
            assert_true(event_has(&made, arena_strndup(fixture->arena, body + i, len)));
            long_ids++;
        }
        i += len == 0 ? 1 : len;
    }
}

static void long_ids_are_kept_digit_by_digit(void **state)
{
    (void)state;
    fixture_each(".events", check_long_ids);
    assert_true(long_ids > 0);
}

/* ---- hostile bodies ---- */

static void check_truncations(const struct fixture *fixture)
{
    const struct channel_notification notification = fixture_notification(fixture);
    size_t step = 1 + notification.body_len / 4096;

    for (size_t len = 0; len < notification.body_len; len += step) {
        SCOPED(arena) struct arena *arena = arena_new();
        struct fixture one = *fixture;

        one.arena = arena;
        struct normalized made = normalize(&one, &notification, notification.body, len);
        assert_sound(&made);
    }
}

static void truncated_bodies_are_refused(void **state)
{
    (void)state;
    fixture_each(".events", check_truncations);
}

static const char *const hostile_values[] = {
    "null", "true", "-1", "0", "1.5", "1e3", "99999999999999999999999999", "1000000001", "\"\"",
    "\"x\"", "\"\\u0000\"", "\"\\ud800\"", "\"\xff\"", "[]", "{}", "[[1]]", "{\"id\":1,\"id\":2}",
};

/* Where the plain value behind a colon ends; 0: there is none. */
static size_t value_len(const char *at)
{
    if (*at == '"') {
        size_t len = 1;

        while (at[len] != '\0' && at[len] != '"')
            len += at[len] == '\\' ? 2 : 1;
        return len + 1;
    }
    return *at == '{' || *at == '[' ? 0 : strcspn(at, ",}] \n");
}

static void replace_value(const struct fixture *fixture,
                          const struct channel_notification *notification, size_t at, size_t len,
                          const char *value)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf body = {0};
    struct fixture one = *fixture;

    one.arena = arena;
    buf_append(&body, notification->body, at);
    buf_text(&body, value);
    buf_text(&body, (const char *)notification->body + at + len);
    struct normalized made = normalize(&one, notification, buf_str(&body), body.len);
    assert_sound(&made);
}

static void check_replacements(const struct fixture *fixture)
{
    const struct channel_notification notification = fixture_notification(fixture);
    const char *body = notification.body;
    size_t step = 1 + notification.body_len / 2048;
    size_t count = 0;

    for (size_t i = 0; i + 2 < notification.body_len; i++) {
        if (body[i] != ':' || (body[i + 1] != ' ' && body[i - 1] != '"'))
            continue;
        size_t at = i + 1 + (body[i + 1] == ' ');
        size_t len = value_len(body + at);
        if (len == 0 || count++ % step != 0)
            continue;
        for (size_t v = 0; v < ARRAY_LEN(hostile_values); v++)
            replace_value(fixture, &notification, at, len, hostile_values[v]);
    }
}

static void wrong_values_anywhere_are_refused_or_bad_lines(void **state)
{
    (void)state;
    fixture_each(".events", check_replacements);
}

static void check_strange_documents(const struct fixture *fixture)
{
    static const char *const bodies[] = {
        "", " ", "null", "1", "\"text\"", "[]", "{}", "[null]", "[[]]", "{} {}",
        "{\"a\":1,\"a\":2}", "\xff\xfe", "{\"line_items\":[]}", "{\"order\":{}}",
        "{\"id\":0}", "{\"update\":3}",
        "[{\"inventory_item_id\":{}}]", "{\"variants\":[[],{},1,null]}", "a=b&c=d",
    };
    SCOPED(buf) struct buf deep = {0};
    struct channel_notification notification = fixture_notification(fixture);

    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct normalized made =
            normalize(fixture, &notification, bodies[i], strlen(bodies[i]));

        assert_sound(&made);
    }
    for (int i = 0; i < 100000; i++)
        buf_text(&deep, "{\"line_items\":[");
    struct normalized made = normalize(fixture, &notification, buf_str(&deep), deep.len);
    assert_sound(&made);
}

static void strange_documents_are_refused(void **state)
{
    (void)state;
    fixture_each(".events", check_strange_documents);
}

/* ---- targets to requests ---- */

static const char *member(const struct json *object, const char *key)
{
    const char *text = json_text(json_get(object, key));

    return text == NULL ? "" : text;
}

static struct channel_push read_push(struct arena *arena, const struct json *json)
{
    struct target *target = arena_alloc(arena, sizeof(*target));
    struct channel_push push = {.target = target};

    *target = (struct target){
        .channel = "",
        .listing = member(json, "listing"),
        .address = member(json, "address"),
        .event_id = member(json, "event_id"),
        .rule_id = "",
        .mapping_id = "",
        .traceparent = "",
        .cause_channel = "",
    };
    assert_true(json_int(json_get(json, "quantity"), 0, EVENT_QUANTITY_MAX, &target->quantity));
    push.has_expected = json_int(json_get(json, "expected"), -EVENT_QUANTITY_MAX,
                                 EVENT_QUANTITY_MAX, &push.expected);
    return push;
}

static void put_request(const struct channel_request *request, struct buf *text)
{
    struct json_out out;

    json_begin(&out, text);
    json_object(&out);
    json_put_member(&out, "method", request->method);
    json_put_member(&out, "url", request->url);
    json_key(&out, "headers");
    json_object(&out);
    for (size_t i = 0; i < request->headers_len; i++)
        json_put_member(&out, request->headers[i].name, request->headers[i].value);
    json_object_end(&out);
    json_put_member(&out, "user", request->user);
    json_put_member(&out, "password", request->password);
    json_key(&out, "cost");
    json_put_double(&out, request->cost);
    json_key(&out, "body");
    if (strchr("{[\"", request->body[0]) != NULL && request->body[0] != '\0')
        json_put_raw(&out, request->body);
    else
        json_put_text(&out, request->body);
    json_object_end(&out);
    buf_char(text, '\n');
    assert_int_equal(request->body_len, strlen(request->body));
}

static void push_group(const struct fixture *fixture, const struct channel_push *pushes,
                       size_t count, struct buf *text)
{
    const struct channel_account account = fixture_account(fixture);
    struct channel_request request = {0};
    struct err err = {0};

    if (!fixture->kind->push(&account, pushes, count, FIXTURE_KEY, fixture->arena, &request, &err))
        fail_msg("%s: %s", fixture->path, err.text);
    put_request(&request, text);
}

static void refuse_push(const struct fixture *fixture, const struct channel_push *push,
                        struct buf *text)
{
    const struct channel_account account = fixture_account(fixture);
    struct channel_request request = {0};
    struct err err = {0};

    assert_false(
        fixture->kind->push(&account, push, 1, FIXTURE_KEY, fixture->arena, &request, &err));
    assert_int_equal(err.code, ERR_REJECT);
    buf_printf(text, "reject: %s\n", err.text);
}

static size_t read_pushes(const struct fixture *fixture, struct channel_push pushes[64])
{
    size_t len = 0;
    char *save = NULL;

    for (char *line = strtok_r((char *)fixture_text(fixture->arena, fixture->path), "\n", &save);
         line != NULL; line = strtok_r(NULL, "\n", &save)) {
        struct err err = {0};
        const struct json *json = json_parse(fixture->arena, line, strlen(line), &err);

        assert_non_null(json);
        assert_true(len < 64);
        pushes[len++] = read_push(fixture->arena, json);
    }
    return len;
}

/* As the publisher does it: those of one group together, in their order. */
static void check_requests(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    SCOPED(buf) struct buf text = {0};
    struct channel_push all[64];
    struct channel_push some[64];
    size_t len = read_pushes(fixture, all);
    bool done[64] = {false};

    for (size_t first = 0; first < len; first++) {
        const char *group = fixture->kind->group(&account, all[first].target, fixture->arena);
        size_t count = 0;

        if (group == NULL)
            refuse_push(fixture, &all[first], &text);
        for (size_t i = first; group != NULL && i < len; i++) {
            const char *own = fixture->kind->group(&account, all[i].target, fixture->arena);

            if (!done[i] && own != NULL && strcmp(own, group) == 0) {
                done[i] = true;
                some[count++] = all[i];
            }
        }
        if (count > 0)
            push_group(fixture, some, count, &text);
    }
    fixture_golden(arena_printf(fixture->arena, "%s.requests", fixture->stem), &text);
}

static void targets_become_their_golden_requests(void **state)
{
    (void)state;
    assert_true(fixture_each(".targets", check_requests) >= channel_kinds_len());
}

/* ---- answers to verdicts ---- */

struct answer_case {
    const struct json *expect;
    struct channel_response response;
    struct channel_push pushes[16];
    size_t count;
};

static struct channel_response read_response(const struct fixture *fixture,
                                             const struct json *json)
{
    const struct json *headers = json_get(json, "headers");
    const char *file = json_text(json_get(json, "body_file"));
    struct channel_header *list =
        arena_alloc(fixture->arena, (json_len(headers) + 1) * sizeof(*list));
    struct channel_response response = {
        .headers = list, .headers_len = json_len(headers), .body = ""};
    int64_t status = 0;

    assert_true(json_int(json_get(json, "status"), 0, 999, &status));
    response.status = (int)status;
    for (size_t i = 0; i < json_len(headers); i++)
        list[i] = (struct channel_header){json_key_at(headers, i), json_text(json_at(headers, i))};
    if (file != NULL && !fixture_read(fixture->arena, fixture_beside(fixture, file), &response.body,
                                      &response.body_len))
        fail_msg("%s: no %s", fixture->path, file);
    return response;
}

static const struct json *read_json(const struct fixture *fixture)
{
    const char *text = fixture_text(fixture->arena, fixture->path);
    struct err err = {0};
    const struct json *json = json_parse(fixture->arena, text, strlen(text), &err);

    if (json == NULL)
        fail_msg("%s: %s", fixture->path, err.text);
    return json;
}

static struct answer_case read_answer(const struct fixture *fixture)
{
    struct answer_case answer = {.expect = read_json(fixture)};
    const struct json *pushes = json_get(answer.expect, "pushes");

    answer.response = read_response(fixture, answer.expect);
    answer.count = json_len(pushes);
    assert_true(answer.count > 0 && answer.count <= ARRAY_LEN(answer.pushes));
    for (size_t i = 0; i < answer.count; i++)
        answer.pushes[i] = read_push(fixture->arena, json_at(pushes, i));
    return answer;
}

static void assert_result(const struct fixture *fixture, size_t index, const struct json *want,
                          const struct channel_result *result)
{
    int64_t shown = 0;
    bool has_shown = json_int(json_get(want, "shown"), INT64_MIN, INT64_MAX, &shown);

    if (strcmp(member(want, "verdict"), channel_verdict_name(result->verdict)) != 0 ||
        strcmp(member(want, "class"), result->error_class) != 0 ||
        has_shown != result->has_shown || (has_shown && shown != result->shown))
        fail_msg("%s: result %zu is %s '%s' %d %lld", fixture->path, index,
                 channel_verdict_name(result->verdict), result->error_class, result->has_shown,
                 (long long)result->shown);
    assert_non_null(result->error_text);
}

static void assert_budget(const struct json *want, const struct channel_budget *budget)
{
    if (want == NULL)
        return;
    assert_true(strtod(member(want, "available"), NULL) == budget->available);
    assert_true(strtod(member(want, "restore_per_second"), NULL) == budget->restore_per_second);
    assert_int_equal(strtoll(member(want, "retry_after_ms"), NULL, 10), budget->retry_after_ms);
}

static void check_answer(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    struct answer_case answer = read_answer(fixture);
    struct channel_result results[16] = {0};
    struct channel_budget budget = {0};
    const struct json *want = json_get(answer.expect, "results");

    fixture->kind->answer(&account, answer.pushes, answer.count, &answer.response, fixture->arena,
                          results, &budget);
    assert_int_equal(json_len(want), answer.count);
    for (size_t i = 0; i < answer.count; i++)
        assert_result(fixture, i, json_at(want, i), &results[i]);
    assert_budget(json_get(answer.expect, "budget"), &budget);
}

static void answers_mean_their_verdicts(void **state)
{
    (void)state;
    assert_true(fixture_each(".expect", check_answer) >= channel_kinds_len());
}

static void check_cut_answer(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    struct answer_case answer = read_answer(fixture);
    const char *body = answer.response.body;

    for (size_t len = 0; len < answer.response.body_len; len++) {
        SCOPED(arena) struct arena *arena = arena_new();
        struct channel_result results[16] = {0};
        struct channel_budget budget = {0};
        char *cut = mem_calloc(len + 1, 1);

        memcpy(cut, body, len);
        answer.response.body = cut;
        answer.response.body_len = len;
        fixture->kind->answer(&account, answer.pushes, answer.count, &answer.response, arena,
                              results, &budget);
        for (size_t i = 0; i < answer.count; i++) {
            assert_true(results[i].verdict < CHANNEL_VERDICT_COUNT);
            assert_non_null(results[i].error_class);
            /* Nothing that is not complete may confirm anything; a cut blank at the end is. */
            assert_true(results[i].verdict != CHANNEL_CONFIRMED ||
                        strspn(body + len, " \n") == strlen(body + len));
        }
        mem_free(cut);
    }
}

static void a_cut_answer_confirms_nothing(void **state)
{
    (void)state;
    fixture_each(".expect", check_cut_answer);
}

/* ---- snapshots to rows ---- */

struct rows {
    struct buf text;
    size_t count;
    size_t stop_at; /* 0: never */
};

static bool visit_row(void *opaque, const struct channel_row *row, struct err *err)
{
    struct rows *rows = opaque;
    struct json_out out;

    assert_true(row->listing[0] != '\0' || row->address[0] != '\0' || row->sku[0] != '\0');
    if (++rows->count == rows->stop_at)
        return err_set(err, ERR_RETRY, "stop");
    json_begin(&out, &rows->text);
    json_object(&out);
    json_put_member(&out, "listing", row->listing);
    json_put_member(&out, "address", row->address);
    json_put_member(&out, "sku", row->sku);
    json_key(&out, "tracked");
    json_put_bool(&out, row->tracked);
    json_put_member_int(&out, "quantity", row->quantity);
    json_put_member_int(&out, "version_ms", row->version_ms);
    json_object_end(&out);
    buf_char(&rows->text, '\n');
    return true;
}

/* "<stem>.<format>.rows" is the golden of "<stem>.json", or whatever end it has. */
static const char *format_of(const struct fixture *fixture, const char **ret_bytes, size_t *ret_len)
{
    const char *dot = strrchr(fixture->stem, '.');

    assert_non_null(dot);
    fixture_payload(fixture,
                    arena_strndup(fixture->arena, fixture->stem, (size_t)(dot - fixture->stem)),
                    ret_bytes, ret_len);
    return dot + 1;
}

static void check_rows(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    const char *bytes = NULL;
    size_t len = 0;
    const char *format = format_of(fixture, &bytes, &len);
    struct rows rows = {0};
    struct err err = {0};

    if (!fixture->kind->rows(&account, format, bytes, len, visit_row, &rows, &err))
        fail_msg("%s: %s", fixture->path, err.text);
    fixture_golden(fixture->path, &rows.text);
    /* The visitor's own error comes back, wherever there is something to visit. */
    rows.stop_at = rows.count + 1;
    assert_int_equal(fixture->kind->rows(&account, format, bytes, len, visit_row, &rows, &err),
                     rows.stop_at == 1);
    if (rows.stop_at > 1) {
        assert_int_equal(err.code, ERR_RETRY);
        assert_int_equal(rows.count, rows.stop_at);
    }
    assert_false(
        fixture->kind->rows(&account, "no such format", bytes, len, visit_row, &rows, &err));
    assert_int_equal(err.code, ERR_REJECT);
    buf_release(&rows.text);
}

static void snapshots_become_their_golden_rows(void **state)
{
    (void)state;
    assert_true(fixture_each(".rows", check_rows) >= channel_kinds_len());
}

static void check_cut_rows(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    const char *bytes = NULL;
    size_t len = 0;
    const char *format = format_of(fixture, &bytes, &len);

    for (size_t cut = 0; cut < len; cut += 1 + len / 4096) {
        struct rows rows = {0};
        struct err err = {0};
        char *copy = mem_calloc(cut == 0 ? 1 : cut, 1);

        memcpy(copy, bytes, cut);
        if (!fixture->kind->rows(&account, format, copy, cut, visit_row, &rows, &err))
            assert_int_equal(err.code, ERR_REJECT);
        buf_release(&rows.text);
        mem_free(copy);
    }
}

static void cut_snapshots_are_refused_or_shorter(void **state)
{
    (void)state;
    fixture_each(".rows", check_cut_rows);
}

/* ---- fetching snapshots ---- */

struct walk {
    const struct fixture *fixture;
    struct channel_account account;
    char state[CHANNEL_SNAPSHOT_STATE_LEN];
    struct channel_fetch next;
    const char *bytes;
    size_t len;
    const char *format;
    struct err err;
};

static bool walk_on(struct walk *walk, const struct channel_response *previous)
{
    return walk->fixture->kind->snapshot(&walk->account, previous, walk->state,
                                         walk->fixture->arena, &walk->next, &walk->bytes,
                                         &walk->len, &walk->format, &walk->err);
}

static void assert_request(const struct walk *walk, size_t index, const struct json *step)
{
    const struct channel_request *request = &walk->next.request;
    SCOPED(buf) struct buf line = {0};
    int64_t wait_ms = 0;

    buf_printf(&line, "%s %s", request->method, request->url);
    assert_true(json_int(json_get(step, "wait_ms"), 0, INT64_MAX, &wait_ms));
    if (strcmp(buf_str(&line), member(step, "request")) != 0 || wait_ms != walk->next.wait_ms ||
        strstr(request->body, member(step, "contains")) == NULL)
        fail_msg("%s: step %zu is %s %s after %lld ms", walk->fixture->path, index,
                 buf_str(&line), request->body, (long long)walk->next.wait_ms);
}

static void assert_rows(const struct walk *walk, size_t index, const struct json *step)
{
    struct rows rows = {0};
    struct err err = {0};
    int64_t want = -1;

    json_int(json_get(step, "rows"), 0, INT64_MAX, &want);
    if (walk->bytes == NULL ? want >= 0 : want < 0)
        fail_msg("%s: step %zu hands over %s bytes", walk->fixture->path, index,
                 walk->bytes == NULL ? "no" : "unexpected");
    if (walk->bytes == NULL)
        return;
    assert_true(walk->fixture->kind->rows(&walk->account, walk->format, walk->bytes, walk->len,
                                          visit_row, &rows, &err));
    assert_int_equal(rows.count, want);
    buf_release(&rows.text);
}

static void check_walk(const struct fixture *fixture)
{
    const struct json *json = read_json(fixture);
    const struct json *steps = json_get(json, "steps");
    struct walk walk = {.fixture = fixture, .account = fixture_account(fixture)};
    bool goes_on = walk_on(&walk, NULL);

    for (size_t i = 0; i < json_len(steps); i++) {
        const struct json *step = json_at(steps, i);

        assert_true(goes_on);
        assert_request(&walk, i, step);
        const struct channel_response response =
            read_response(fixture, json_get(step, "answer"));
        goes_on = walk_on(&walk, &response);
        if (goes_on)
            assert_rows(&walk, i, step);
    }
    const char *end = goes_on ? "done" : err_code_name(walk.err.code);
    if (strcmp(member(json, "ends"), end) != 0)
        fail_msg("%s ends with %s: %s", fixture->path, end, walk.err.text);
    if (goes_on)
        assert_string_equal(walk.next.request.url, "");
}

static void snapshots_are_fetched_step_by_step(void **state)
{
    (void)state;
    assert_true(fixture_each(".walk", check_walk) >= channel_kinds_len());
}

/* ---- hints, and reading what they name ---- */

static void check_hints(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    const struct channel_notification notification = fixture_notification(fixture);
    struct channel_hints hints = {0};
    SCOPED(buf) struct buf text = {0};
    struct err err = {0};

    assert_non_null(fixture->kind->hints);
    if (!fixture->kind->hints(&account, &notification, fixture->arena, &hints, &err)) {
        assert_int_equal(err.code, ERR_REJECT);
        buf_printf(&text, "reject: %s\n", err.text);
    }
    for (size_t i = 0; i < hints.len; i++)
        buf_printf(&text, "%s\n", hints.hints[i]);
    fixture_golden(fixture->path, &text);
}

static void notifications_hint_at_what_their_golden_says(void **state)
{
    (void)state;
    fixture_each(".hints", check_hints);
}

static void check_cut_hints(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    struct channel_notification notification = fixture_notification(fixture);
    const char *body = notification.body;
    size_t body_len = notification.body_len;

    for (size_t len = 0; len < body_len; len += 1 + body_len / 4096) {
        SCOPED(arena) struct arena *arena = arena_new();
        struct channel_hints hints = {0};
        struct err err = {0};
        char *cut = mem_calloc(len + 1, 1);

        memcpy(cut, body, len);
        notification.body = cut;
        notification.body_len = len;
        if (!fixture->kind->hints(&account, &notification, arena, &hints, &err))
            assert_int_equal(err.code, ERR_REJECT);
        mem_free(cut);
    }
}

static void cut_notifications_hint_at_less_or_are_refused(void **state)
{
    (void)state;
    fixture_each(".hints", check_cut_hints);
}

/* What a step hands over makes the step's "events" events; -1, the default: nothing is handed over.
   Bad lines are written as 1000 each. */
static int64_t events_of(const struct fixture *fixture, const char *hint, const char *bytes,
                         size_t len)
{
    struct channel_notification notification = {.captured_via = EVENT_VIA_POLL,
                                                .received_ms = fixture_received_ms,
                                                .hint = hint};
    struct normalized made = {0};

    if (bytes == NULL)
        return -1;
    made = normalize(fixture, &notification, bytes, len);
    if (!made.understood)
        fail_msg("%s: %s", fixture->path, made.err.text);
    return (int64_t)made.events.len + 1000 * (int64_t)made.bad.len;
}

static void check_read(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    const struct json *json = read_json(fixture);
    const struct json *steps = json_get(json, "steps");
    struct walk walk = {.fixture = fixture};
    void *state = NULL;
    bool goes_on = fixture->kind->read(&account, member(json, "hint"), NULL, &state, fixture->arena,
                                       &walk.next, &walk.bytes, &walk.len, &walk.err);

    for (size_t i = 0; i < json_len(steps); i++) {
        const struct json *step = json_at(steps, i);
        int64_t want = -1;

        assert_true(goes_on);
        assert_request(&walk, i, step);
        const struct channel_response response = read_response(fixture, json_get(step, "answer"));
        walk.bytes = NULL;
        goes_on = fixture->kind->read(&account, member(json, "hint"), &response, &state,
                                      fixture->arena, &walk.next, &walk.bytes, &walk.len,
                                      &walk.err);
        json_int(json_get(step, "events"), 0, INT64_MAX, &want);
        int64_t events =
            goes_on ? events_of(fixture, member(json, "hint"), walk.bytes, walk.len) : -1;
        if (events != want)
            fail_msg("%s: step %zu makes %lld events", fixture->path, i, (long long)events);
    }
    const char *end = goes_on ? "done" : err_code_name(walk.err.code);
    if (strcmp(member(json, "ends"), end) != 0)
        fail_msg("%s ends with %s: %s", fixture->path, end, walk.err.text);
    if (goes_on)
        assert_string_equal(walk.next.request.url, "");
}

static void hints_are_read_step_by_step(void **state)
{
    (void)state;
    fixture_each(".read", check_read);
}

/* ---- pushes of several calls ---- */

static void put_pushing(const struct fixture *fixture, struct answer_case *answer,
                        const struct json *steps, struct buf *text)
{
    const struct channel_account account = fixture_account(fixture);
    struct channel_fetch next = {.request = {.url = ""}};
    struct err err = {0};
    void *state = NULL;

    assert_true(fixture->kind->push(&account, answer->pushes, answer->count, FIXTURE_KEY,
                                    fixture->arena, &next.request, &err));
    for (size_t i = 0; i < json_len(steps); i++) {
        if (next.request.url[0] == '\0')
            fail_msg("%s: step %zu asks for nothing", fixture->path, i);
        put_request(&next.request, text);
        answer->response = read_response(fixture, json_get(json_at(steps, i), "answer"));
        next = (struct channel_fetch){.request = {.url = ""}};
        if (!fixture->kind->push_next(&account, answer->pushes, answer->count, FIXTURE_KEY,
                                      &answer->response, &state, fixture->arena, &next, &err))
            fail_msg("%s: step %zu: %s", fixture->path, i, err.text);
        if (next.judged != NULL)
            answer->response = *next.judged;
    }
    if (next.request.url[0] != '\0')
        fail_msg("%s: asks for %s %s", fixture->path, next.request.url, next.request.body);
}

/* The requests of a push in its golden; what its last answer means. */
static void check_pushing(const struct fixture *fixture)
{
    const struct channel_account account = fixture_account(fixture);
    struct answer_case answer = {.expect = read_json(fixture)};
    const struct json *pushes = json_get(answer.expect, "pushes");
    const struct json *want = json_get(answer.expect, "results");
    struct channel_result results[16] = {0};
    struct channel_budget budget = {0};
    SCOPED(buf) struct buf text = {0};

    answer.count = json_len(pushes);
    assert_true(answer.count > 0 && answer.count <= ARRAY_LEN(answer.pushes));
    for (size_t i = 0; i < answer.count; i++)
        answer.pushes[i] = read_push(fixture->arena, json_at(pushes, i));
    put_pushing(fixture, &answer, json_get(answer.expect, "steps"), &text);
    fixture_golden(arena_printf(fixture->arena, "%s.sent", fixture->stem), &text);
    fixture->kind->answer(&account, answer.pushes, answer.count, &answer.response, fixture->arena,
                          results, &budget);
    assert_int_equal(json_len(want), answer.count);
    for (size_t i = 0; i < answer.count; i++)
        assert_result(fixture, i, json_at(want, i), &results[i]);
    assert_budget(json_get(answer.expect, "budget"), &budget);
}

static void pushes_go_step_by_step(void **state)
{
    (void)state;
    fixture_each(".pushing", check_pushing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_complete_and_found_by_name),
        cmocka_unit_test(a_good_signature_of_either_secret_is_accepted),
        cmocka_unit_test(the_empty_secret_signs_nothing),
        cmocka_unit_test(every_flipped_bit_of_a_signature_is_refused),
        cmocka_unit_test(a_truncated_longer_or_recased_signature_is_refused),
        cmocka_unit_test(every_flipped_bit_of_a_body_is_refused),
        cmocka_unit_test(only_an_unsigned_ping_is_one),
        cmocka_unit_test(notifications_become_their_golden_events),
        cmocka_unit_test(redelivery_makes_the_same_events),
        cmocka_unit_test(the_same_id_never_has_another_content),
        cmocka_unit_test(long_ids_are_kept_digit_by_digit),
        cmocka_unit_test(truncated_bodies_are_refused),
        cmocka_unit_test(wrong_values_anywhere_are_refused_or_bad_lines),
        cmocka_unit_test(strange_documents_are_refused),
        cmocka_unit_test(targets_become_their_golden_requests),
        cmocka_unit_test(answers_mean_their_verdicts),
        cmocka_unit_test(a_cut_answer_confirms_nothing),
        cmocka_unit_test(snapshots_become_their_golden_rows),
        cmocka_unit_test(cut_snapshots_are_refused_or_shorter),
        cmocka_unit_test(snapshots_are_fetched_step_by_step),
        cmocka_unit_test(notifications_hint_at_what_their_golden_says),
        cmocka_unit_test(cut_notifications_hint_at_less_or_are_refused),
        cmocka_unit_test(hints_are_read_step_by_step),
        cmocka_unit_test(pushes_go_step_by_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
