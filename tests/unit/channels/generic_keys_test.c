/* Every key that a spec may have is heeded: changed alone, it changes what the channel does. The
   keys are those of the JSON Schema, so that a new one without a row here fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/hmac.h>

#include "lib/event/codec.h"

#include "channels/generic/internal.h"
#include "channels/kinds.h"

/* ---- one spec that says everything ---- */

static const char full[] =
    "notifications:\n"
    "  signature:\n"
    "    scheme: hmac\n"
    "    header: X-Sign\n"
    "    secret: text\n"
    "    digest: sha256\n"
    "    encoding: hex\n"
    "    prefix: v1=\n"
    "    prefix_is_optional: false\n"
    "    is_list: true\n"
    "    separator: ','\n"
    "    signs: '{id}.{timestamp}.{body}'\n"
    "    id_header: X-Id\n"
    "    timestamp_prefix: t=\n"
    "  tolerance_s: 300\n"
    "  id: /id\n"
    "  topic: /type\n"
    "  facts:\n"
    "    - fact: order_line\n"
    "      topics: [placed, answer, polled]\n"
    "      each: /order/lines\n"
    "      where: ./kind\n"
    "      is: [box, bag]\n"
    "      is_not: sample\n"
    "      fields: {order_id: /order/code, line_id: ./id, listing: ./listing, ordered: ./units,\n"
    "               cancelled: =0, placed_at: /order/at, version_at: /order/at}\n"
    "reads:\n"
    "  - name: order\n"
    "    topics: [placed, polled]\n"
    "    each: /others\n"
    "    id: ./code\n"
    "    path: /orders/{id}\n"
    "    from: /data\n"
    "    under: /order\n"
    "    topic: answer\n"
    "poll:\n"
    "  path: /changed?since={since}&cursor={cursor}\n"
    "  since: seconds\n"
    "  rows: /rows\n"
    "  under: /order\n"
    "  topic: polled\n"
    "  cursor: /more\n"
    "  interval_s: 60\n"
    "login:\n"
    "  path: /token\n"
    "  headers: {X-Login: '{account}'}\n"
    "  type: form\n"
    "  body: secret={token_secret}\n"
    "  basic: true\n"
    "  token: /granted\n"
    "  life_s: /life\n"
    "  preset_s: 100\n"
    "push:\n"
    "  method: PUT\n"
    "  path: /stock/{location}\n"
    "  headers: {X-Key: '{key}'}\n"
    "  type: json\n"
    "  body: '{\"all\":[{items}]}'\n"
    "  item: '{\"of\":\"{address}\",\"is\":{quantity}}'\n"
    "  separator: ' , '\n"
    "  basic: true\n"
    "  means: on_hand\n"
    "  answer:\n"
    "    results: /results\n"
    "    key: ./of\n"
    "    shown: ./is\n"
    "    error: ./bad/code\n"
    "    error_text: ./bad/text\n"
    "    errors: {busy: retry}\n"
    "    statuses: {'409': throttled}\n"
    "    confirms: value\n"
    "snapshot:\n"
    "  path: /all?cursor={cursor}\n"
    "  cursor: header:X-More\n"
    "  format: csv\n"
    "  delimiter: ';'\n"
    "  charset: Cp1252\n"
    "  listing: ./listing\n"
    "  address: ./address\n"
    "  sku: ./sk\u00fc\n"
    "  quantity: ./units\n"
    "  version_at: ./at\n"
    "limits: {batch_max: 7, rate_per_second: 8, rate_burst: 9, concurrency: 10}\n";

#define AT "\"2026-11-21T09:00:00Z\""
#define LINES                                                                                      \
    "\"lines\":[{\"id\":1,\"kind\":\"box\",\"listing\":\"L1\",\"units\":2},"                       \
    "{\"id\":2,\"kind\":\"sample\",\"listing\":\"L2\",\"units\":2},"                               \
    "{\"id\":3,\"kind\":\"tin\",\"listing\":\"L3\",\"units\":3}]"
#define ORDER "{\"code\":\"O1\",\"at\":" AT "," LINES "}"

static const char placed[] =
    "{\"id\":\"n1\",\"type\":\"placed\",\"order\":" ORDER ",\"others\":[{\"code\":\"O2\"}],"
    "\"other\":[{\"code\":\"O9\"}]}";
static const char answer[] = "{\"data\":" ORDER ",\"item\":{}}";
static const char page[] = "{\"rows\":[" ORDER "],\"list\":[" ORDER "," ORDER
                           "],\"more\":\"c2\",\"address\":\"/changed?page=2\"}";
static const char grant[] = "{\"granted\":\"T\",\"other\":\"U\",\"life\":50}";
static const char results[] =
    "{\"results\":[{\"of\":\"B\",\"is\":6,\"was\":5},{\"of\":\"A\",\"is\":5,\"was\":6,"
    "\"bad\":{\"code\":\"busy\",\"text\":\"later\"}},{\"of\":\"C\"}]}";
static const char sheet[] = "listing;address;sk\xfc;units;at\nL1;A1;S\xfc"
                            "1;5;2026-11-21T09:00:00Z\n";

/* ---- what a channel does with it, as text ---- */

struct picture {
    struct arena *arena;
    struct channel_account account;
    struct buf *out;
};

static void put(const struct picture *picture, const char *what, const char *text)
{
    buf_printf(picture->out, "%s: %s\n", what, text == NULL ? "none" : text);
}

static void put_request(const struct picture *picture, const char *what,
                        const struct channel_request *request)
{
    buf_printf(picture->out, "%s: %s %s %s %s:%s", what,
               request->method == NULL ? "" : request->method, request->url,
               request->body == NULL ? "" : request->body,
               request->user == NULL ? "" : request->user,
               request->password == NULL ? "" : request->password);
    for (size_t i = 0; i < request->headers_len; i++)
        buf_printf(picture->out, " %s=%s", request->headers[i].name, request->headers[i].value);
    buf_char(picture->out, '\n');
}

/* HMAC-SHA256 in hex, by another function of OpenSSL than the code under test. */
static const char *mac_of(const struct picture *picture, const char *text)
{
    SCOPED(buf) struct buf hex = {0};
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    HMAC(EVP_sha256(), "secret", 6, (const unsigned char *)text, strlen(text), mac, &len);
    buf_hex(&hex, mac, len);
    return arena_strdup(picture->arena, buf_str(&hex));
}

/* age_s is how long ago it was signed; the header has what `form` makes of time and signature. */
static void put_verified(const struct picture *picture, const char *what, int age_s,
                         const char *signed_time, const char *before, const char *between)
{
    const char *text = arena_printf(picture->arena, "i1.%s.%s", signed_time, placed);
    const char *signature = arena_printf(picture->arena, "%s1000000000%s%s", before, between,
                                         mac_of(picture, text));
    const struct channel_header headers[] = {
        {"X-Sign", signature}, {"X-Id", "i1"}, {"X-Time", "1000000001"}};
    const struct channel_notification notification = {.headers = headers,
                                                      .headers_len = 3,
                                                      .body = placed,
                                                      .body_len = strlen(placed),
                                                      .method = "POST",
                                                      .path = "/v1/notify/shop",
                                                      .received_ms = (1000000000LL + age_s) * 1000};

    put(picture, what, channel_verify(&picture->account, &notification) ? "yes" : "no");
}

static void put_signatures(const struct picture *picture)
{
    put_verified(picture, "signed", 100, "1000000000", "t=", ",v1=");
    put_verified(picture, "signed without a prefix", 100, "1000000000", "t=", ",");
    put_verified(picture, "signed long ago", 301, "1000000000", "t=", ",v1=");
    put_verified(picture, "signed with the header's time", 100, "1000000001", "t=", ",v1=");
    put_verified(picture, "signed with semicolons", 100, "1000000000", "t=", ";v1=");
}

static void put_document(const struct picture *picture, const char *what, const char *body,
                         const char *hint, enum event_captured_via via)
{
    const struct channel_notification notification = {.body = body,
                                                      .body_len = strlen(body),
                                                      .hint = hint,
                                                      .captured_via = via};
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct channel_hints hints = {0};
    struct err err = {0};

    if (!channel_generic_normalize(&picture->account, &notification, picture->arena, &events, &bad,
                                   &err) ||
        !channel_generic_hints(&picture->account, &notification, picture->arena, &hints, &err))
        put(picture, what, err.text);
    for (size_t i = 0; i < events.len; i++) {
        SCOPED(buf) struct buf line = {0};

        events.events[i].source.notification_id = "";
        event_to_json(&events.events[i], &line);
        put(picture, what, buf_str(&line));
    }
    for (size_t i = 0; i < bad.len; i++)
        put(picture, what, bad.reasons[i]);
    for (size_t i = 0; i < hints.len; i++)
        put(picture, what, hints.hints[i]);
    put(picture, "its id",
        channel_generic_notification_id(&picture->account, &notification, picture->arena));
}

static struct channel_response response_of(int status, const char *body,
                                           const struct channel_header *headers, size_t len)
{
    return (struct channel_response){.status = status,
                                     .body = body,
                                     .body_len = strlen(body),
                                     .headers = headers,
                                     .headers_len = len};
}

static void put_calls(const struct picture *picture)
{
    const struct channel_response polled = response_of(200, page, NULL, 0);
    const struct channel_response granted = response_of(200, grant, NULL, 0);
    struct channel_request request = {0};
    struct channel_fetch fetch = {0};
    struct channel_grant token = {.token = ""};
    const char *bytes = NULL;
    void *state = NULL;
    size_t len = 0;
    struct err err = {0};

    channel_generic_poll(&picture->account, 1795251600000, 1, NULL, picture->arena, &request);
    put_request(picture, "poll", &request);
    channel_generic_poll(&picture->account, 1795251600000, 2, &polled, picture->arena, &request);
    put_request(picture, "poll on", &request);
    assert_true(channel_generic_read(&picture->account, "order:O2", NULL, &state, picture->arena,
                                     &fetch, &bytes, &len, &err) ||
                err.code == ERR_REJECT);
    put_request(picture, "read", &fetch.request);
    channel_generic_login(&picture->account, NULL, 0, picture->arena, &request);
    put_request(picture, "login", &request);
    channel_generic_granted(&picture->account, &granted, 0, picture->arena, &token, &err);
    put(picture, "granted", arena_printf(picture->arena, "%s for %lld", token.token,
                                         (long long)token.life_ms));
    const struct channel_response brief = response_of(200, "{\"granted\":\"T\"}", NULL, 0);
    channel_generic_granted(&picture->account, &brief, 0, picture->arena, &token, &err);
    put(picture, "granted without a life",
        arena_printf(picture->arena, "%lld", (long long)token.life_ms));
}

static void put_answer(const struct picture *picture, const char *what,
                       const struct channel_push *pushes, size_t count, int status,
                       const char *body)
{
    const struct channel_response response = response_of(status, body, NULL, 0);
    struct channel_result judged[3];
    struct channel_budget budget;

    channel_generic_answer(&picture->account, pushes, count, &response, picture->arena, judged,
                           &budget);
    for (size_t i = 0; i < count; i++)
        put(picture, what,
            arena_printf(picture->arena, "%s %s %s %d %lld",
                         channel_verdict_name(judged[i].verdict), judged[i].error_class,
                         judged[i].error_text, judged[i].has_shown,
                         (long long)judged[i].shown));
}

static void put_pushes(const struct picture *picture)
{
    struct target targets[] = {
        {.channel = "", .listing = "L1", .address = "A", .event_id = "", .quantity = 5},
        {.channel = "", .listing = "L2", .address = "B", .event_id = "", .quantity = 6},
        {.channel = "", .listing = "L3", .address = "C", .event_id = "", .quantity = 7},
    };
    const struct channel_push pushes[] = {
        {.target = &targets[0]}, {.target = &targets[1]}, {.target = &targets[2]}};
    struct channel_request request = {0};
    struct err err = {0};

    assert_true(channel_generic_push(&picture->account, pushes, 3, "KEY", picture->arena, &request,
                                     &err));
    put_request(picture, "push", &request);
    put_answer(picture, "answer", pushes, 3, 200, results);
    put_answer(picture, "conflict", pushes, 3, 409, "{}");
    put(picture, "on hand", channel_writes_on_hand(&picture->account) ? "yes" : "no");
}

static bool put_row(void *opaque, const struct channel_row *row, struct err *err)
{
    const struct picture *picture = opaque;

    (void)err;
    put(picture, "row",
        arena_printf(picture->arena, "%s %s %s %d %lld %lld", row->listing, row->address, row->sku,
                     row->tracked, (long long)row->quantity, (long long)row->version_ms));
    return true;
}

static void put_snapshot(struct picture *picture)
{
    const struct channel_header headers[] = {
        {"X-More", "c3"}, {"Link", "<https://elsewhere.example/all?page=2>; rel=\"next\""}};
    const struct channel_response first = response_of(200, sheet, headers, 2);
    char state[CHANNEL_SNAPSHOT_STATE_LEN] = {0};
    struct channel_fetch fetch;
    const char *bytes = NULL;
    const char *format = NULL;
    size_t len = 0;
    struct err err = {0};

    assert_true(channel_generic_snapshot(&picture->account, NULL, state, picture->arena, &fetch,
                                         &bytes, &len, &format, &err));
    put_request(picture, "snapshot", &fetch.request);
    assert_true(channel_generic_snapshot(&picture->account, &first, state, picture->arena, &fetch,
                                         &bytes, &len, &format, &err));
    put_request(picture, "snapshot on", &fetch.request);
    if (!channel_generic_rows(&picture->account, NULL, sheet, strlen(sheet), put_row, picture,
                              &err))
        put(picture, "no rows of a sheet", err.text);
    static const char json[] =
        "{\"rows\":[{\"listing\":\"J1\",\"units\":4,\"levels\":[{\"units\":6}]}]}";
    err = (struct err){0};
    if (!channel_generic_rows(&picture->account, NULL, json, strlen(json), put_row, picture, &err))
        put(picture, "no rows of JSON", err.text);
}

/* NULL: the spec is refused, and *err says why. */
static const char *picture_of(const char *yaml, struct arena *arena, struct err *err)
{
    SCOPED(buf) struct buf out = {0};
    struct picture picture = {
        .arena = arena,
        .account = {.name = "shop",
                    .kind = channel_kinds_find("generic"),
                    .account = "ACCOUNT",
                    .base_url = "https://shop.example",
                    .api_version = "",
                    .location = "HERE",
                    .secrets = {"secret", ""},
                    .token = "TOKEN",
                    .token_secret = "TOKEN SECRET",
                    .return_bucket = "quarantine",
                    .poll_interval_ms = -1},
        .out = &out,
    };

    if (!picture.account.kind->read_spec(&picture.account, arena, "spec.yaml", yaml, strlen(yaml),
                                         err))
        return NULL;
    put_signatures(&picture);
    put_document(&picture, "placed", placed, NULL, EVENT_VIA_PUSH);
    put_document(&picture, "answer", answer, "order:O2", EVENT_VIA_READ);
    put_document(&picture, "page", page, NULL, EVENT_VIA_POLL);
    put_calls(&picture);
    put_pushes(&picture);
    put_snapshot(&picture);
    buf_printf(&out, "limits: %lld %g %g %lld, every %lld\n", (long long)picture.account.batch_max,
               picture.account.rate_per_second, picture.account.rate_burst,
               (long long)picture.account.concurrency, (long long)picture.account.poll_interval_ms);
    return arena_strdup(arena, buf_str(&out));
}

/* ---- a change of each key, and what must be there then ---- */

static const struct {
    const char *key; /* as the schema's path has it */
    const char *from;
    const char *to;
    const char *want; /* in the new picture, and not in the old one */
} changes[] = {
    {"notifications.signature.scheme", "scheme: hmac", "scheme: none", "signed: no"},
    {"notifications.signature.header", "header: X-Sign", "header: X-Id", "signed: no"},
    {"notifications.signature.secret", "secret: text", "secret: basic", "signed: no"},
    {"notifications.signature.digest", "digest: sha256", "digest: sha1", "signed: no"},
    {"notifications.signature.encoding", "encoding: hex", "encoding: base64", "signed: no"},
    {"notifications.signature.prefix", "prefix: v1=", "prefix: v2=", "signed: no"},
    {"notifications.signature.prefix_is_optional", "prefix_is_optional: false",
     "prefix_is_optional: true", "signed without a prefix: yes"},
    {"notifications.signature.is_list",
     "is_list: true\n    separator: ','\n    signs: '{id}.{timestamp}.{body}'\n    id_header: "
     "X-Id\n    timestamp_prefix: t=",
     "is_list: false\n    signs: '{id}.{timestamp}.{body}'\n    id_header: X-Id\n    "
     "timestamp_header: X-Time",
     "signed: no"},
    {"notifications.signature.separator", "separator: ','", "separator: ';'",
     "signed with semicolons: yes"},
    {"notifications.signature.signs", "'{id}.{timestamp}.{body}'", "'{timestamp}.{body}'",
     "signed: no"},
    {"notifications.signature.id_header", "id_header: X-Id", "id_header: X-Other", "signed: no"},
    {"notifications.signature.timestamp_prefix", "timestamp_prefix: t=", "timestamp_prefix: u=",
     "signed: no"},
    {"notifications.signature.timestamp_header", "timestamp_prefix: t=",
     "timestamp_header: X-Time", "signed with the header's time: yes"},
    {"notifications.tolerance_s", "tolerance_s: 300", "tolerance_s: 301", "signed long ago: yes"},
    {"notifications.id", "  id: /id\n", "  id: /type\n", "its id: placed"},
    {"notifications.topic", "topic: /type", "topic: =nothing", NULL},
    {"notifications.facts.fact", "fact: order_line\n      topics: [placed, answer, polled]",
     "fact: order_voided\n      topics: placed\n      fields: {order_id: =V, version_at: "
     "/order/at}\n    - fact: order_line\n      topics: [placed, answer, polled]",
     "order_voided"},
    {"notifications.facts.topics", "[placed, answer, polled]", "[answer, polled]", NULL},
    {"notifications.facts.each", "each: /order/lines", "each: /other", NULL},
    {"notifications.facts.where", "where: ./kind", "where: ./listing", NULL},
    {"notifications.facts.is", "is: [box, bag]", "is: [box, tin]", "\"listing\":\"L3\""},
    {"notifications.facts.is_not", "is: [box, bag]\n      is_not: sample",
     "is: [box, sample]\n      is_not: bag", "\"listing\":\"L2\""},
    {"notifications.facts.fields", "ordered: ./units", "ordered: =4", "\"ordered\":4"},
    {"reads.name", "name: order", "name: parcel", "placed: parcel:O2"},
    {"reads.topics", "topics: [placed, polled]", "topics: polled", NULL},
    {"reads.each", "each: /others", "each: /other", "placed: order:O9"},
    {"reads.id", "id: ./code", "id: =O7", "placed: order:O7"},
    {"reads.path", "path: /orders/{id}", "path: /o/{id}", "https://shop.example/o/O2"},
    {"reads.from", "from: /data", "from: /item", NULL},
    {"reads.under", "    under: /order\n    topic: answer", "    under: /o\n    topic: answer",
     NULL},
    {"reads.topic", "topic: answer", "topic: nothing", NULL},
    {"poll.path", "path: /changed?", "path: /news?", "https://shop.example/news?"},
    {"poll.since", "since: seconds", "since: milliseconds", "since=1795251600000&"},
    {"poll.rows", "rows: /rows", "rows: /list", NULL},
    {"poll.under", "  under: /order\n  topic: polled", "  under: /o\n  topic: polled", NULL},
    {"poll.topic", "topic: polled", "topic: nothing", NULL},
    {"poll.cursor", "cursor: /more", "cursor: /none", "poll on:   "},
    {"poll.next", "path: /changed?since={since}&cursor={cursor}\n  since: seconds",
     "path: /changed?since={since}\n  next: /address\n  since: seconds",
     "poll on: GET https://shop.example/changed?page=2"}, /* cursor: is taken off below */
    {"poll.page_len", "", "", "&page=2"},
    {"poll.interval_s", "interval_s: 60", "interval_s: 61", "every 61000"},
    {"login.path", "path: /token", "path: https://login.example/t", "https://login.example/t"},
    {"login.headers", "X-Login: '{account}'", "X-Login: '{token}'", "X-Login=TOKEN"},
    {"login.type", "type: form", "type: json", "secret=TOKEN SECRET"},
    {"login.body", "body: secret=", "body: s=", "s=TOKEN%20SECRET"},
    {"login.basic", "basic: true\n  token", "basic: false\n  token", NULL},
    {"login.token", "token: /granted", "token: /other", "granted: U"},
    {"login.life_s", "life_s: /life", "life_s: =51", "for 51000"},
    {"login.preset_s", "preset_s: 100", "preset_s: 101", "101000"},
    {"push.method", "method: PUT", "method: POST", "push: POST"},
    {"push.path", "path: /stock/{location}", "path: /s/{location}", "https://shop.example/s/HERE"},
    {"push.headers", "X-Key: '{key}'", "X-Key: '{token}'", "X-Key=TOKEN"},
    {"push.type", "type: json", "type: form", "x-www-form-urlencoded X-Key"},
    {"push.body", "{\"all\":[{items}]}", "{\"any\":[{items}]}", "{\"any\":["},
    {"push.item", "\"is\":{quantity}", "\"be\":{quantity}", "\"be\":5"},
    {"push.separator", "separator: ' , '", "separator: ' ; '", "} ; {"},
    {"push.basic", "basic: true\n  means", "basic: false\n  means", NULL},
    {"push.means", "means: on_hand", "means: available", "on hand: no"},
    {"push.answer.results", "results: /results", "results: /none", "not_in_answer"},
    {"push.answer.key", "key: ./of", "key: ./was", NULL},
    {"push.answer.shown", "shown: ./is", "shown: ./was", NULL},
    {"push.answer.error", "error: ./bad/code", "error: ./bad/text", "rejected later"},
    {"push.answer.error_text", "error_text: ./bad/text", "error_text: =words", "busy words"},
    {"push.answer.errors", "errors: {busy: retry}", "errors: {busy: auth}", "auth busy"},
    {"push.answer.statuses", "'409': throttled", "'409': retry", "conflict: retry"},
    {"push.answer.confirms", "confirms: value", "confirms: status", NULL},
    {"snapshot.path", "path: /all?", "path: /each?", "https://shop.example/each?"},
    {"snapshot.cursor", "cursor: header:X-More", "cursor: header:Link", NULL},
    {"snapshot.next", "path: /all?cursor={cursor}\n  cursor: header:X-More",
     "path: /all\n  next: header:Link", "snapshot on: GET https://shop.example/all?page=2"},
    {"snapshot.page_len", "path: /all?cursor={cursor}\n  cursor: header:X-More",
     "path: /all?page={page}\n  page_len: 1", "snapshot on: GET https://shop.example/all?page=2"},
    {"snapshot.format", "format: csv\n  delimiter: ';'\n  charset: Cp1252",
     "format: jsonl\n  charset: Cp1252", NULL},
    {"snapshot.delimiter", "delimiter: ';'", "delimiter: ','",
     "no rows of a sheet: line 1, column 1: no column is named 'listing'"},
    {"snapshot.charset", "charset: Cp1252", "charset: IBM437",
     "no rows of a sheet"},
    {"snapshot.rows", "format: csv\n  delimiter: ';'\n  charset: Cp1252",
     "format: json\n  rows: /rows", "row: J1   1 4 0"},
    {"snapshot.each",
     "format: csv\n  delimiter: ';'\n  charset: Cp1252\n  listing: ./listing\n",
     "format: json\n  rows: /rows\n  each: ./levels\n  listing: ../listing\n",
     "row: J1   1 6 0"},
    {"snapshot.where", "quantity: ./units\n", "quantity: ./units\n  where: ./listing\n  is: L9\n",
     NULL},
    {"snapshot.is", "quantity: ./units\n",
     "quantity: ./units\n  where: =shop HERE\n  is: 'shop {account}'\n", NULL},
    {"snapshot.is_not", "quantity: ./units\n",
     "quantity: ./units\n  where: =shop HERE\n  is_not: 'shop {location}'\n", NULL},
    {"snapshot.listing", "listing: ./listing\n  address", "listing: ./address\n  address",
     "row: A1 A1"},
    {"snapshot.address", "address: ./address", "address: ./listing", "row: L1 L1"},
    {"snapshot.sku", "sku: ./sk\u00fc", "sku: =S", "row: L1 A1 S 1 5"},
    {"snapshot.quantity", "quantity: ./units", "quantity: ./at", "./at is no quantity"},
    {"snapshot.version_at", "version_at: ./at", "version_at: ./units", "1 5 0"},
    {"limits.batch_max", "batch_max: 7", "batch_max: 6", "limits: 6"},
    {"limits.rate_per_second", "rate_per_second: 8", "rate_per_second: 5", "limits: 7 5"},
    {"limits.rate_burst", "rate_burst: 9", "rate_burst: 5", "limits: 7 8 5"},
    {"limits.concurrency", "concurrency: 10", "concurrency: 5", "9 5,"},
};

static const char *replaced(struct arena *arena, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    if (at == NULL || strstr(at + 1, from) != NULL)
        fail_msg("not there once: %s", from);
    return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* Pages are told in one of three ways: these two take the other's place. */
static const char *changed(struct arena *arena, size_t index)
{
    const char *key = changes[index].key;
    const char *text = full;

    if (strcmp(key, "poll.next") == 0 || strcmp(key, "poll.page_len") == 0)
        text = replaced(arena, text, "  cursor: /more\n", "");
    if (strcmp(key, "poll.page_len") == 0)
        return replaced(arena, text, "&cursor={cursor}\n", "&page={page}\n  page_len: 1\n");
    return replaced(arena, text, changes[index].from, changes[index].to);
}

static void every_key_is_heeded(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};
    const char *before = picture_of(full, arena, &err);
    size_t heeded = 0;

    (void)state;
    if (before == NULL)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        SCOPED(arena) struct arena *own = arena_new();
        const char *want = changes[i].want;
        const char *after = picture_of(changed(own, i), own, &err);

        if (after == NULL)
            print_error("%s: %s\n", changes[i].key, err.text);
        else if (strcmp(before, after) == 0)
            print_error("%s changes nothing\n", changes[i].key);
        else if (want != NULL && (strstr(before, want) != NULL || strstr(after, want) == NULL))
            print_error("%s: '%s' is there before, or not there now:\n%s", changes[i].key, want,
                        after);
        else
            heeded++;
    }
    assert_int_equal(heeded, ARRAY_LEN(changes));
}

static bool has_change(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        if (strcmp(changes[i].key, key) == 0)
            return true;
    }
    return false;
}

static void check_keys(const struct json *schema, const char *path, struct arena *arena)
{
    const struct json *properties = json_get(schema, "properties");

    if (properties == NULL)
        properties = json_path(schema, "items", "properties", NULL);
    if (properties == NULL && !has_change(path))
        fail_msg("nothing here shows that %s is heeded", path);
    for (size_t i = 0; i < json_len(properties); i++)
        check_keys(json_at(properties, i),
                   arena_printf(arena, "%s%s%s", path, *path == '\0' ? "" : ".",
                                json_key_at(properties, i)),
                   arena);
}

static void every_key_of_the_schema_has_a_change(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf text = {0};
    struct err err = {0};

    (void)state;
    generic_spec_schema(&text);
    const struct json *schema = json_parse(arena, text.bytes, text.len, &err);
    assert_non_null(schema);
    check_keys(schema, "", arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_heeded),
        cmocka_unit_test(every_key_of_the_schema_has_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
