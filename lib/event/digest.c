#include "lib/event/digest.h"

#include <openssl/sha.h>
#include <uuid/uuid.h>

void digest_sha256(const void *bytes, size_t len, unsigned char hash[DIGEST_SHA256_LEN])
{
    SHA256(bytes, len, hash);
}

void digest_uuid_random(char text[DIGEST_UUID_LEN + 1])
{
    uuid_t id;

    uuid_generate_random(id);
    uuid_unparse_lower(id, text);
}
