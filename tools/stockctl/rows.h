/*
 * Rows of tables in memory, small: what a proof must keep of every order line it keeps in some
 * hundred bytes. A row is packed field by field: numbers and ids in as few bytes as they take,
 * names that come again and again as numbers. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"

enum stockctl_field_kind {
    FIELD_TEXT, /* const char * */
    FIELD_NAME, /* the same: one of few, kept once for all rows */
    FIELD_ID,   /* the same: a UUID, or "" */
    FIELD_INT,  /* int64_t */
};

/* A column, and the member of the struct that it is. */
struct stockctl_field {
    const char *name;
    enum stockctl_field_kind kind;
    size_t offset;
};

/* The first fields are the key, all of them texts; the first ones of these, the group, find rows
   that belong together. */
struct stockctl_table {
    const char *name; /* of schema ledger */
    const char *view; /* of schema api: what a proof may read of it */
    const struct stockctl_field *fields;
    size_t fields_len;
    size_t keys_len;
    size_t group_len;
    size_t size; /* of the struct */
};

/* Any number, small ones in few bytes. */
void stockctl_pack_int(struct buf *to, int64_t value);
int64_t stockctl_unpack_int(const unsigned char **at);

/* ---- names: each text once, for good ---- */

struct stockctl_names;

struct stockctl_names *stockctl_names_new(void);
void stockctl_names_free(struct stockctl_names *names);
/* The same text for the same name; borrowed until the names are freed. */
const char *stockctl_names_keep(struct stockctl_names *names, const char *text);
/* A small number that stands for the name, and the name that it stands for. */
uint32_t stockctl_names_number(struct stockctl_names *names, const char *text);
const char *stockctl_names_text(const struct stockctl_names *names, uint32_t number);

/* ---- rows ---- */

struct stockctl_rows;
struct stockctl_row;

struct stockctl_rows *stockctl_rows_new(const struct stockctl_table *table,
                                        struct stockctl_names *names);
void stockctl_rows_free(struct stockctl_rows *rows);
size_t stockctl_rows_len(const struct stockctl_rows *rows);
const struct stockctl_table *stockctl_rows_table(const struct stockctl_rows *rows);
/* A row of the struct's values, in place of the one with its key. */
const struct stockctl_row *stockctl_rows_put(struct stockctl_rows *rows, const void *values);
/* That with the key of the struct, NULL: it is not there. Borrowed until the row is written. */
const struct stockctl_row *stockctl_rows_find(struct stockctl_rows *rows, const void *values);
/* That with the key of the struct; when it is not there, nothing. */
void stockctl_rows_remove(struct stockctl_rows *rows, const void *values);
/* Those of the struct's group, in no order; NULL: no more. Borrowed until the row is written. */
const struct stockctl_row *stockctl_rows_first(struct stockctl_rows *rows, const void *values);
const struct stockctl_row *stockctl_rows_next(const struct stockctl_rows *rows,
                                              const struct stockctl_row *row);
/* A number by which the row's group is found again. */
uint64_t stockctl_rows_hash(const struct stockctl_rows *rows, const struct stockctl_row *row);
/* Those of the group with that number, and maybe of some others: then the next, NULL: no more. */
const struct stockctl_row *stockctl_rows_hashed(const struct stockctl_rows *rows, uint64_t hash);
const struct stockctl_row *stockctl_rows_next_hashed(const struct stockctl_row *row);
/* All, in no order: from *cursor 0 and NULL on. */
const struct stockctl_row *stockctl_rows_each(const struct stockctl_rows *rows, size_t *cursor,
                                              const struct stockctl_row *row);
/* All, sorted by their keys byte by byte; owned. */
const struct stockctl_row **stockctl_rows_sorted(const struct stockctl_rows *rows);
/* Fills the struct; texts are borrowed from the arena, or for ever. */
void stockctl_rows_read(const struct stockctl_rows *rows, const struct stockctl_row *row,
                        struct arena *arena, void *ret_values);
/* A number of whoever keeps the rows, 0 at first; it stays when the row is written again. */
uint32_t *stockctl_rows_mark(const struct stockctl_row *row);
