/*
 * Memory. Out of memory aborts: no caller can do better. Values that live as long as one unit of
 * work (a request, a batch) come from an arena and are freed together.
 */
#pragma once

#include <stddef.h>

#include "lib/base/scope.h"

void *mem_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *text) __attribute__((malloc, returns_nonnull));
void mem_free(void *pointer);
/* Not by SCOPE_DEFINE: this one takes the address of any kind of pointer. */
static inline void mem_scope_end(void *owned)
{
    mem_free(*(void **)owned);
}

struct arena;

/* An owned, empty arena. */
struct arena *arena_new(void);
/* Frees everything that came from it. NULL is fine. */
void arena_free(struct arena *arena);
SCOPE_DEFINE(arena, struct arena, arena_free)
/* Forgets everything that came from it, but keeps one block for the next round. */
void arena_reset(struct arena *arena);
/* Zeroed, aligned for any type; lives until the arena is reset or freed. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
/* Copies; NULL gives NULL. */
char *arena_strdup(struct arena *arena, const char *text);
/* Copies len bytes and adds a NUL. */
char *arena_strndup(struct arena *arena, const char *text, size_t len)
    __attribute__((returns_nonnull));
void *arena_memdup(struct arena *arena, const void *bytes, size_t len)
    __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3)
    __attribute__((returns_nonnull));
/* The texts with the separator between them: keys of maps, where arena_printf() would show. */
char *arena_join(struct arena *arena, const char *const *texts, size_t count, char separator)
    __attribute__((returns_nonnull));
/* Grows an arena array to hold one element more; returns the new array (old one stays as garbage).
   capacity 0 and NULL are a fine start. */
void *arena_grow(struct arena *arena, void *array, size_t len, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));
