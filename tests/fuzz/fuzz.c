#include "tests/fuzz/fuzz.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/json/json.h"

#include "channels/account.h"

enum { SPEC_PATH_LEN = 256, LINE_LEN = 4096 };

/* 2026-11-21T09:17:00Z */
static const int64_t received_ms = INT64_C(1795252620000);

/* A sender's public key, whose private one is forgotten. */
static const struct channel_key public_key = {
    .pem = "-----BEGIN PUBLIC KEY-----"
           "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeuBH9Tsyi5zdwl/XlFQEeSjvnv"
           "tryyXEnGXcTLikBTnzn3Vh0ORlqwqo8dowdCEMhfwx0NL5mdbWShuGtmBG9g=="
           "-----END PUBLIC KEY-----",
    .digest = CHANNEL_DIGEST_SHA1};

static size_t kind_of(const char *name)
{
    size_t sum = 0;

    for (size_t i = 0; i < channel_kinds_len(); i++) {
        if (strcmp(channel_kinds_at(i)->name, name) == 0)
            return i;
    }
    for (const char *at = name; *at != '\0'; at++)
        sum += (unsigned char)*at;
    return sum % channel_kinds_len();
}

/* For what is read once. */
static struct arena *kept_arena(void)
{
    static struct arena *kept;

    if (kept == NULL)
        kept = arena_new();
    return kept;
}

/* Of each kind once: specs do not change. */
static struct channel_account account_of(size_t kind)
{
    static struct channel_account accounts[CHANNELS_MAX];
    struct channel_account *account = &accounts[kind];
    char path[SPEC_PATH_LEN];
    struct err err = {0};

    if (account->kind != NULL)
        return *account;
    *account = (struct channel_account){
        .name = "fuzz",
        .kind = channel_kinds_at(kind),
        .account = "",
        .base_url = "https://channel.example",
        .api_version = "",
        .location = "",
        .secrets = {"a secret that no input can know", ""},
        .token = "TOKEN",
        .token_secret = "TOKEN SECRET",
        .return_bucket = "quarantine",
    };
    snprintf(path, sizeof(path), "channels/%s/fixtures/spec.yaml", account->kind->name);
    if (!channel_account_read_spec(account, account->kind->read_spec == NULL ? NULL : path,
                                   kept_arena(), &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return *account;
}

/* The line without its end; *at moves behind it. NULL: no line is left. */
static char *next_line(char **at)
{
    char *line = *at;
    char *end = line == NULL ? NULL : strchr(line, '\n');

    *at = end == NULL ? NULL : end + 1;
    if (end != NULL)
        *end = '\0';
    return line;
}

void fuzz_cut(struct arena *arena, const uint8_t *bytes, size_t len, struct fuzz_input *ret_input)
{
    char *text = arena_strndup(arena, (const char *)bytes, len);
    char *at = text;
    char *first = next_line(&at);
    char *space = strchr(first, ' ');
    char *line = NULL;

    *ret_input = (struct fuzz_input){.argument = "", .body = ""};
    if (space != NULL) {
        *space = '\0';
        ret_input->argument = space + 1;
    }
    ret_input->account = account_of(kind_of(first));
    while ((line = next_line(&at)) != NULL && *line != '\0') {
        char *colon = strstr(line, ": ");

        if (colon == NULL || ret_input->headers_len == FUZZ_HEADERS_MAX)
            continue;
        *colon = '\0';
        ret_input->headers[ret_input->headers_len++] = (struct channel_header){line, colon + 2};
    }
    if (at != NULL) {
        ret_input->body = at;
        ret_input->body_len = len - (size_t)(at - text);
    }
}

/* ---- pushes ---- */

/* The first lines of the kind's first *.targets. */
static size_t read_targets(const char *kind, struct target targets[FUZZ_PUSHES_MAX])
{
    char pattern[SPEC_PATH_LEN];
    char line[LINE_LEN];
    glob_t found = {0};
    struct arena *kept = kept_arena();
    size_t count = 0;
    struct err err = {0};

    snprintf(pattern, sizeof(pattern), "channels/%s/fixtures/*.targets", kind);
    FILE *file = glob(pattern, 0, NULL, &found) == 0 ? fopen(found.gl_pathv[0], "re") : NULL;
    globfree(&found);
    while (file != NULL && count < FUZZ_PUSHES_MAX && fgets(line, sizeof(line), file) != NULL) {
        const struct json *root = json_parse(kept, line, strlen(line), &err);

        targets[count++] = (struct target){.channel = "fuzz",
                                           .listing = json_text(json_get(root, "listing")),
                                           .address = json_text(json_get(root, "address")),
                                           .quantity = 3,
                                           .version = 7,
                                           .event_id = "",
                                           .rule_id = "",
                                           .mapping_id = "",
                                           .traceparent = "",
                                           .cause_channel = ""};
    }
    if (count == 0) {
        fprintf(stderr, "%s: no target\n", pattern);
        abort();
    }
    fclose(file);
    return count;
}

size_t fuzz_pushes(const struct channel_kind *kind, struct channel_push pushes[FUZZ_PUSHES_MAX])
{
    static struct target targets[CHANNELS_MAX][FUZZ_PUSHES_MAX];
    static size_t counts[CHANNELS_MAX];
    size_t at = kind_of(kind->name);

    if (counts[at] == 0)
        counts[at] = read_targets(kind->name, targets[at]);
    size_t count = kind->batch_max < (int64_t)counts[at] ? 1 : counts[at];
    for (size_t i = 0; i < count; i++)
        pushes[i] = (struct channel_push){&targets[at][i], i == 0, 2};
    return count;
}

/* ---- what it says ---- */

struct channel_notification fuzz_notification(const struct fuzz_input *input)
{
    return (struct channel_notification){
        .headers = input->headers,
        .headers_len = input->headers_len,
        .body = input->body,
        .body_len = input->body_len,
        .received_ms = received_ms,
        .captured_via = EVENT_VIA_PUSH,
        .method = "POST",
        .path = "/v1/notify/fuzz",
        .key = &public_key,
        .hint = *input->argument == '\0' ? NULL : input->argument,
    };
}

struct channel_response fuzz_response(const struct fuzz_input *input)
{
    int status = atoi(input->argument);

    return (struct channel_response){
        .status = status < 0 || status > 999 ? 200 : status,
        .body = input->body,
        .body_len = input->body_len,
        .headers = input->headers,
        .headers_len = input->headers_len,
    };
}
