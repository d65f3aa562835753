#include "lib/event/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <uuid/uuid.h>

/* SHA256() looks the algorithm up each time, which costs as much as a short text. */
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256; /* as long as the process */

static void sha256_fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (sha256 == NULL)
        abort();
}

void digest_sha256(const void *bytes, size_t len, unsigned char hash[DIGEST_SHA256_LEN])
{
    pthread_once(&sha256_once, sha256_fetch);
    if (EVP_Digest(bytes, len, hash, NULL, sha256, NULL) != 1)
        abort();
}

void digest_uuid_random(char text[DIGEST_UUID_LEN + 1])
{
    uuid_t id;

    uuid_generate_random(id);
    uuid_unparse_lower(id, text);
}
