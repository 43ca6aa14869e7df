/* Which records of a file that is written are the same (fst24.h, f24_rewrite). */
#ifndef F24_TABLE_SAME_H
#define F24_TABLE_SAME_H

#include "container/store.h"

/* A hash table over slots. Zero-initialise it; it is filled when it is first asked. */
typedef struct f24_same {
    uint32_t *places; /* 1 + slot; 0: free */
    size_t n_places;  /* a power of two */
    size_t n_used;
    size_t n_slots; /* those that are in */
} f24_same;

void f24_same_free(f24_same *same);

/*
 * The first live slot that is the same as `keys`: *found, with its number. Slots that were added since the
 * last call are taken in. F24_ENOMEM.
 */
f24_status f24_same_find(f24_same *same, const f24_slot *slots, size_t n_slots,
                         const uint32_t keys[F24_KEY_WORDS], bool *found, size_t *slot,
                         f24_error *err);

/* Slot `slot` got other keys. */
void f24_same_changed(f24_same *same, const f24_slot *slots, size_t slot);

#endif
