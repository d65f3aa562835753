/* Digests and random ids, by OpenSSL and libuuid. */
#pragma once

#include <stddef.h>

enum { DIGEST_SHA256_LEN = 32, DIGEST_UUID_LEN = 36 };

void digest_sha256(const void *bytes, size_t len, unsigned char hash[DIGEST_SHA256_LEN]);
/* A random UUID (version 4) in lower-case text. */
void digest_uuid_random(char text[DIGEST_UUID_LEN + 1]);
