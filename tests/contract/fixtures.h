/*
 * The fixtures of a kind, found by the ends of their names in channels/<kind>/fixtures (see the
 * README.md there), and goldens beside them. GOLDEN=1 in the environment writes goldens instead of
 * comparing them. Run from the repository's root.
 */
#pragma once

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/json/json.h"

#include "channels/channel.h"
#include "channels/kinds.h"

/* Standard Webhooks' form; where the secret is a text, it is this text. */
#define FIXTURE_SECRET       "whsec_a2V5IG9mIHRoZSB0ZXN0cw=="
#define FIXTURE_SECRET_BYTES "key of the tests"
#define FIXTURE_KEY          "00000000-0000-4000-8000-000000000000"

enum { FIXTURE_HEADERS_MAX = 16 };

/* 2026-11-21T09:17:00Z */
static const int64_t fixture_received_ms = INT64_C(1795252620000);

struct fixture {
    const struct channel_kind *kind;
    struct arena *arena;
    const char *path; /* of the file that was found */
    const char *stem; /* path without the end that was searched for */
};

static inline bool fixture_read(struct arena *arena, const char *path, const char **ret_bytes,
                                size_t *ret_len)
{
    SCOPED(buf) struct buf bytes = {0};
    char chunk[65536];
    size_t len = 0;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return false;
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(&bytes, chunk, len);
    fclose(file);
    *ret_bytes = arena_strndup(arena, buf_str(&bytes), bytes.len);
    *ret_len = bytes.len;
    return true;
}

static inline const char *fixture_text(struct arena *arena, const char *path)
{
    const char *bytes = NULL;
    size_t len = 0;

    if (!fixture_read(arena, path, &bytes, &len))
        fail_msg("%s can't be read", path);
    return bytes;
}

static inline const char *fixture_beside(const struct fixture *fixture, const char *name)
{
    return arena_printf(fixture->arena, "channels/%s/fixtures/%s", fixture->kind->name, name);
}

/* Lines "name: value" of the file "settings" beside the fixtures; what it leaves out is preset. */
static inline const char *const *fixture_settings(const struct fixture *fixture)
{
    const struct channel_setting *settings = fixture->kind->settings;
    const char **values = NULL;
    const char *bytes = "";
    size_t bytes_len = 0;
    size_t len = 0;

    while (settings != NULL && settings[len].name != NULL)
        len++;
    values = arena_alloc(fixture->arena, (len + 1) * sizeof(*values));
    fixture_read(fixture->arena, fixture_beside(fixture, "settings"), &bytes, &bytes_len);
    for (const char *line = bytes; *line != '\0'; line += strspn(line, "\n")) {
        size_t name_len = strcspn(line, ":\n");
        size_t at = 0;

        while (at < len && (strlen(settings[at].name) != name_len ||
                            strncmp(settings[at].name, line, name_len) != 0))
            at++;
        if (at == len || line[name_len] != ':')
            fail_msg("%s has no setting %.*s", fixture->kind->name, (int)name_len, line);
        line += name_len + strspn(line + name_len, ": ");
        values[at] = arena_strndup(fixture->arena, line, strcspn(line, "\n"));
        line += strcspn(line, "\n");
    }
    return values;
}

/* The one line of the file "account" beside the fixtures; "" without such a file. */
static inline const char *fixture_account_name(const struct fixture *fixture)
{
    const char *bytes = "";
    size_t len = 0;

    fixture_read(fixture->arena, fixture_beside(fixture, "account"), &bytes, &len);
    return arena_strndup(fixture->arena, bytes, strcspn(bytes, "\n"));
}

/* Kinds that take a spec have it beside their fixtures. */
static inline struct channel_account fixture_account(const struct fixture *fixture)
{
    const struct channel_kind *kind = fixture->kind;
    struct err err = {0};
    struct channel_account account = {
        .name = kind->name,
        .kind = kind,
        .account = fixture_account_name(fixture),
        .base_url = "https://channel.example",
        .api_version = "",
        .location = "",
        .secrets = {FIXTURE_SECRET, ""},
        .token = "TOKEN",
        .token_secret = "TOKEN SECRET",
        .return_bucket = "quarantine",
        .settings = fixture_settings(fixture),
    };

    if (!channel_account_read_spec(
            &account, kind->read_spec == NULL ? NULL : fixture_beside(fixture, "spec.yaml"),
            fixture->arena, &err))
        fail_msg("%s", err.text);
    return account;
}

/* ---- walking ---- */

typedef void fixture_visit(const struct fixture *fixture);

/* Calls it with every file of every kind whose name ends so, and says how many there were. */
static inline size_t fixture_each(const char *end, fixture_visit *visit)
{
    size_t count = 0;

    for (size_t k = 0; k < channel_kinds_len(); k++) {
        char pattern[256];
        glob_t found = {0};

        snprintf(pattern, sizeof(pattern), "channels/%s/fixtures/*%s", channel_kinds_at(k)->name,
                 end);
        if (glob(pattern, 0, NULL, &found) != 0)
            found.gl_pathc = 0;
        for (size_t i = 0; i < found.gl_pathc; i++) {
            SCOPED(arena) struct arena *arena = arena_new();
            const char *path = found.gl_pathv[i];
            const struct fixture fixture = {channel_kinds_at(k), arena, path,
                                            arena_strndup(arena, path, strlen(path) - strlen(end))};

            visit(&fixture);
            count++;
        }
        globfree(&found);
    }
    return count;
}

/* ---- goldens ---- */

static inline void fixture_golden(const char *path, const struct buf *made)
{
    SCOPED(arena) struct arena *arena = arena_new();

    if (getenv("GOLDEN") != NULL) {
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        fwrite(buf_str(made), 1, made->len, file);
        fclose(file);
        return;
    }
    const char *want = fixture_text(arena, path);
    if (strcmp(want, buf_str(made)) != 0)
        fail_msg("%s differs; made:\n%s", path, buf_str(made));
}

/* ---- notifications ---- */

/* Lines "Name: value". */
static inline size_t fixture_headers(struct arena *arena, const char *path,
                                     struct channel_header headers[FIXTURE_HEADERS_MAX])
{
    const char *bytes = NULL;
    size_t bytes_len = 0;
    size_t len = 0;
    char *save = NULL;

    if (!fixture_read(arena, path, &bytes, &bytes_len))
        return 0;
    for (char *line = strtok_r(arena_strdup(arena, bytes), "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        char *colon = strstr(line, ": ");

        assert_non_null(colon);
        assert_true(len < FIXTURE_HEADERS_MAX);
        *colon = '\0';
        headers[len++] = (struct channel_header){line, colon + 2};
    }
    return len;
}

/* The file beside a golden: its stem with one of the ends that payloads have. */
static inline void fixture_payload(const struct fixture *fixture, const char *stem,
                                   const char **ret_bytes, size_t *ret_len)
{
    static const char *const ends[] = {"json", "xml", "txt", "tsv", "csv", "zip", "gz"};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (fixture_read(fixture->arena, arena_printf(fixture->arena, "%s.%s", stem, ends[i]),
                         ret_bytes, ret_len))
            return;
    }
    fail_msg("%s.* can't be read", stem);
}

/* The notification whose golden was found. */
static inline struct channel_notification fixture_notification(const struct fixture *fixture)
{
    struct channel_header *headers =
        arena_alloc(fixture->arena, FIXTURE_HEADERS_MAX * sizeof(*headers));
    struct channel_notification notification = {
        .captured_via = EVENT_VIA_PUSH, .headers = headers, .received_ms = fixture_received_ms};
    const char *body = NULL;

    fixture_payload(fixture, fixture->stem, &body, &notification.body_len);
    notification.body = body;
    notification.headers_len = fixture_headers(
        fixture->arena, arena_printf(fixture->arena, "%s.headers", fixture->stem), headers);
    return notification;
}
