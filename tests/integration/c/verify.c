/*
 * Is a notification authentic? Lines of JSON {kind, secret, headers, body} in, with the path of a
 * spec where the kind has one, true or false a line out, judged as ingest does it: for libraries of
 * others to be held against (tests/signatures).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/json/json.h"

#include "channels/channel.h"
#include "channels/kinds.h"

enum { HEADERS_MAX = 32 };

static bool judge(struct arena *arena, const struct json *line)
{
    const struct json *given = json_get(line, "headers");
    const char *body = json_text(json_get(line, "body"));
    struct channel_account account = {
        .name = "verify",
        .kind = channel_kinds_find(json_text(json_get(line, "kind"))),
        .account = "",
        .base_url = "",
        .api_version = "",
        .location = "",
        .secrets = {json_text(json_get(line, "secret")), ""},
        .token = "",
        .token_secret = "",
    };
    struct channel_header headers[HEADERS_MAX];
    size_t len = 0;
    struct err err = {0};

    if (!channel_account_read_spec(&account, json_text(json_get(line, "spec")), arena, &err)) {
        fprintf(stderr, "verify: %s\n", err.text);
        exit(2);
    }
    for (; len < json_len(given) && len < HEADERS_MAX; len++) {
        const char *name = json_key_at(given, len);

        headers[len] =
            (struct channel_header){arena_strdup(arena, name), json_text(json_at(given, len))};
    }
    const struct channel_notification notification = {
        .headers = headers,
        .headers_len = len,
        .body = body,
        .body_len = strlen(body),
        .received_ms = clock_now_ms(),
        .method = "POST",
        .path = "/",
    };
    return channel_verify(&account, &notification);
}

int main(void)
{
    SCOPED(arena) struct arena *arena = arena_new();
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len = 0;
    struct err err = {0};

    while ((len = getline(&line, &capacity, stdin)) > 0) {
        const struct json *json = json_parse(arena, line, (size_t)len, &err);

        if (json == NULL) {
            fprintf(stderr, "verify: %s\n", err.text);
            return 2;
        }
        puts(judge(arena, json) ? "true" : "false");
    }
    free(line);
    return 0;
}
