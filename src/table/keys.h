/* The 16 key words of records become fields here and nowhere else. */
#ifndef F24_TABLE_KEYS_H
#define F24_TABLE_KEYS_H

#include "container/container.h"

/* Where the fields of a run go: room for run->n entries each. */
typedef struct f24_keys {
    int32_t *dateo, *datev, *deet, *npas;
    int32_t *ni, *nj, *nk;
    int32_t *ip1, *ip2, *ip3;
    int32_t *ig1, *ig2, *ig3, *ig4;
    int32_t *datyp, *nbits;
    char (*nomvar)[4];
    char (*typvar)[2];
    char (*etiket)[12];
    char *grtyp;
    uint8_t *dasiz;
    uint8_t *flags;
    uint32_t *stored_date; /* word 15 as stored: scratch of F24_RUN_MAX */
} f24_keys;

/* Decode the key words of a run, and add the flags that the fields ask for to those of the place.
 */
void f24_keys_take(const f24_run *run, const f24_keys *out);

/*
 * The key words of a record to be written, datev computed (fst24.h, f24_write). F24_EENCODING: a field
 * or a text that the words have no room for, a date that is none.
 */
f24_status f24_keys_encode(const f24_record *record, uint32_t keys[F24_KEY_WORDS], f24_error *err);

/* Put other values in their place: what encoding decided. */
void f24_keys_set_type(uint32_t keys[F24_KEY_WORDS], int32_t datyp, int32_t nbits, int32_t dasiz);

/* Whether two records are the same in the sense of f24_rewrite, and a hash that agrees with it. */
bool f24_keys_same(const uint32_t a[F24_KEY_WORDS], const uint32_t b[F24_KEY_WORDS]);
uint64_t f24_keys_hash(const uint32_t keys[F24_KEY_WORDS]);

/* Copy n characters without their trailing blanks, and end them: n + 1 bytes at `to`. */
void f24_copy_text(char *to, const char *from, size_t n);

#endif
