#include "lib/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is bigger than ARENA_SHARED_MAX gets a block of its own. Under AddressSanitizer all do, each
   of the exact size, so that an overflow within an arena is seen. */
enum { ARENA_BLOCK_BYTES = 16 * 1024, ARENA_ALIGN = 16 };
#ifdef __SANITIZE_ADDRESS__
enum { ARENA_SHARED_MAX = 0 };
#else
enum { ARENA_SHARED_MAX = ARENA_BLOCK_BYTES / 4 };
#endif

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    _Alignas(ARENA_ALIGN) unsigned char bytes[];
};

/* head is always of ARENA_BLOCK_BYTES: the one that new values go to, and that a reset keeps. */
struct arena {
    struct arena_block *head;
};

static void out_of_memory(void)
{
    fputs("out of memory\n", stderr);
    abort();
}

void *mem_calloc(size_t count, size_t size)
{
    void *pointer = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

    if (pointer == NULL)
        out_of_memory();
    return pointer;
}

void *mem_realloc(void *old, size_t count, size_t size)
{
    void *pointer = reallocarray(old, count == 0 ? 1 : count, size == 0 ? 1 : size);

    if (pointer == NULL)
        out_of_memory();
    return pointer;
}

char *mem_strdup(const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        out_of_memory();
    return copy;
}

void mem_free(void *pointer)
{
    free(pointer);
}

static struct arena_block *arena_block_new(size_t size)
{
    struct arena_block *block = NULL;
    size_t whole = 0;

    if (!__builtin_add_overflow(sizeof(*block), size, &whole))
        block = malloc(whole);
    if (block == NULL)
        out_of_memory();
    block->next = NULL;
    block->used = 0;
    block->size = size;
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = mem_calloc(1, sizeof(*arena));

    arena->head = arena_block_new(ARENA_BLOCK_BYTES);
    return arena;
}

static void arena_blocks_free(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    arena_blocks_free(arena->head);
    free(arena);
}

void arena_reset(struct arena *arena)
{
    arena_blocks_free(arena->head->next);
    arena->head->next = NULL;
    arena->head->used = 0;
}

static struct arena_block *arena_own_block(struct arena *arena, size_t size)
{
    struct arena_block *block = arena_block_new(size);

    block->next = arena->head->next;
    arena->head->next = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > ARENA_SHARED_MAX)
        return memset(arena_own_block(arena, size)->bytes, 0, size);
    size_t need = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (arena->head->size - arena->head->used < need) {
        struct arena_block *block = arena_block_new(ARENA_BLOCK_BYTES);

        block->next = arena->head;
        arena->head = block;
    }
    void *pointer = arena->head->bytes + arena->head->used;
    arena->head->used += need;
    return memset(pointer, 0, size);
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);

    if (len > 0)
        memcpy(copy, text, len);
    return copy;
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t len)
{
    void *copy = arena_alloc(arena, len);

    return len == 0 ? copy : memcpy(copy, bytes, len);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    char *text = NULL;

    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

char *arena_join(struct arena *arena, const char *const *texts, size_t count, char separator)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        len += strlen(texts[i]) + 1;
    char *joined = arena_alloc(arena, len + 1);
    char *end = joined;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *end++ = separator;
        end = stpcpy(end, texts[i]);
    }
    return joined;
}

void *arena_grow(struct arena *arena, void *array, size_t len, size_t *capacity, size_t size)
{
    if (len < *capacity)
        return array;
    size_t grown = *capacity == 0 ? 8 : *capacity * 2;
    size_t bytes = 0;
    if (__builtin_mul_overflow(grown, size, &bytes))
        out_of_memory();
    void *copy = arena_alloc(arena, bytes);

    if (len > 0)
        memcpy(copy, array, len * size);
    *capacity = grown;
    return copy;
}
