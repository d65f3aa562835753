/* How the marketplaces sign: base64 of the HMAC-SHA256 of the raw body. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"

enum { SANDBOX_SIGNATURE_LEN = 44 }; /* 32 bytes in base64 */

void sandbox_signature_text(const char *secret, const void *body, size_t len,
                            char text[SANDBOX_SIGNATURE_LEN + 1]);
/* WooCommerce signs with the secret after wp_specialchars_decode(): &amp; is & there. */
void sandbox_signature_decode_secret(const char *secret, struct buf *out);
/* Lower-case hex of SHA-256, cut to len digits (64 at most), and a NUL. */
void sandbox_signature_digest(const void *bytes, size_t bytes_len, char *text, size_t len);
/* Standard Webhooks' header, "v1,<base64>": id, time in seconds and body with periods between them,
   signed with a key that may be any bytes. */
const char *sandbox_signature_standard(const struct buf *key, const char *id, int64_t seconds,
                                       const struct buf *body, struct arena *arena);
