/*
 * What the fuzz targets share: an input cut into the parts that a channel is given, and the account
 * that it is given to. An input is text so that fixtures are seeds as they are:
 *
 *     <kind> <argument>\n
 *     <Header>: <value>\n      any number
 *     \n
 *     <body>
 *
 * Whatever cannot be cut so is still used: a kind that is unknown stands for one by its bytes.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/kinds.h"

enum { FUZZ_HEADERS_MAX = 32 };

struct fuzz_input {
    struct channel_account account;
    const char *argument;
    struct channel_header headers[FUZZ_HEADERS_MAX];
    size_t headers_len;
    const char *body; /* NUL-terminated beyond its length */
    size_t body_len;
};

/* One per run: what it allocates dies with the arena. */
void fuzz_cut(struct arena *arena, const uint8_t *bytes, size_t len, struct fuzz_input *ret_input);

/* Of that input, received at a time that never changes. */
struct channel_notification fuzz_notification(const struct fuzz_input *input);
struct channel_response fuzz_response(const struct fuzz_input *input);

/* Of the kind's own fixtures, at most as many as go into one of its requests. */
enum { FUZZ_PUSHES_MAX = 2 };
size_t fuzz_pushes(const struct channel_kind *kind, struct channel_push pushes[FUZZ_PUSHES_MAX]);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
