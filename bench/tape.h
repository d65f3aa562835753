/*
 * What a tape holds: a row of records, each a byte of this kind and what follows. Texts are a
 * uint32_t length with their NUL, and the bytes; numbers are as the machine has them, since a tape
 * is played where it was made.
 */
#pragma once

enum {
    TAPE_EXEC = 'E',    /* "", text */
    TAPE_PREPARE = 'P', /* name, text */
    TAPE_BEGIN = 'B',
    TAPE_BESIDE = 'b', /* begins one that only reads, before the one whose snapshot it had */
    TAPE_RUN = 'R', /* name, int count, count times: int32_t len (-1: NULL), int format, bytes and a
                       NUL */
    TAPE_QUEUE = 'Q', /* the same, not waited for */
    TAPE_SYNC = 'S',  /* wait for all that was queued */
    TAPE_COMMIT = 'C',
};
