#include "lib/base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Written once, before the first use. */
static struct hash_key process_key;
static pthread_once_t process_key_once = PTHREAD_ONCE_INIT;

static uint64_t hash_rotate(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static void hash_rounds(uint64_t v[4], int rounds)
{
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = hash_rotate(v[1], 13) ^ v[0];
        v[3] = hash_rotate(v[3], 16) ^ v[2];
        v[0] = hash_rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = hash_rotate(v[1], 17) ^ v[2];
        v[3] = hash_rotate(v[3], 21) ^ v[0];
        v[2] = hash_rotate(v[2], 32);
    }
}

static uint64_t hash_word(const unsigned char *bytes, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static void hash_mix(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    hash_rounds(v, 2);
    v[0] ^= word;
}

uint64_t hash_bytes(struct hash_key key, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint64_t v[4] = {
        key.words[0] ^ 0x736f6d6570736575, /* "somepseudorandomlygeneratedbytes" */
        key.words[1] ^ 0x646f72616e646f6d,
        key.words[0] ^ 0x6c7967656e657261,
        key.words[1] ^ 0x7465646279746573,
    };
    size_t i = 0;

    for (; i + 8 <= len; i += 8)
        hash_mix(v, hash_word(at + i, 8));
    hash_mix(v, (uint64_t)(len & 0xff) << 56 | hash_word(at + i, len - i));
    v[2] ^= 0xff;
    hash_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void hash_draw_process_key(void)
{
    if (getentropy(&process_key, sizeof(process_key)) != 0)
        abort(); /* a guessable key would let a sender stall us */
}

uint64_t hash_text(const char *text)
{
    pthread_once(&process_key_once, hash_draw_process_key);
    return hash_bytes(process_key, text, strlen(text));
}
