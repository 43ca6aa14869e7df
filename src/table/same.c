/*
 * Open addressing, at most half full. A slot that was deleted stays where it is and is passed over; one
 * that got other keys is entered once more, and its old place no longer agrees with its keys.
 */
#include "table/same.h"

#include "table/keys.h"

#include <errno.h>
#include <stdlib.h>

#define LEAST_PLACES ((size_t)1024)

void f24_same_free(f24_same *same)
{
    free(same->places);
    *same = (f24_same){0};
}

static void enter(f24_same *same, const f24_slot *slots, size_t slot)
{
    size_t place = (size_t)f24_keys_hash(slots[slot].keys) & (same->n_places - 1);

    while (same->places[place] != 0)
        place = (place + 1) & (same->n_places - 1);
    same->places[place] = (uint32_t)slot + 1;
    same->n_used++;
}

/* Room for `more` entries; a larger table is filled anew from the slots. */
static f24_status make_room(f24_same *same, const f24_slot *slots, size_t more, f24_error *err)
{
    size_t n = same->n_places < LEAST_PLACES ? LEAST_PLACES : same->n_places;
    uint32_t *places;

    if (same->places != NULL && 2 * (same->n_used + more) <= same->n_places)
        return F24_OK;
    while (n < 2 * (same->n_slots + more))
        n *= 2;
    if (same->places != NULL && n == same->n_places && n < 4 * (same->n_slots + more))
        n *= 2;
    places = calloc(n, sizeof *places);
    if (places == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot search for records that are the same");
    free(same->places);
    same->places = places;
    same->n_places = n;
    same->n_used = 0;
    for (size_t i = 0; i < same->n_slots; i++) {
        if (slots[i].live)
            enter(same, slots, i);
    }
    return F24_OK;
}

f24_status f24_same_find(f24_same *same, const f24_slot *slots, size_t n_slots,
                         const uint32_t keys[F24_KEY_WORDS], bool *found, size_t *slot,
                         f24_error *err)
{
    size_t place;

    F24_TRY(make_room(same, slots, n_slots - same->n_slots, err));
    for (; same->n_slots < n_slots; same->n_slots++) {
        if (slots[same->n_slots].live)
            enter(same, slots, same->n_slots);
    }
    *found = false;
    place = (size_t)f24_keys_hash(keys) & (same->n_places - 1);
    for (; same->places[place] != 0; place = (place + 1) & (same->n_places - 1)) {
        size_t at = same->places[place] - 1;
        if (slots[at].live && f24_keys_same(slots[at].keys, keys) && (!*found || at < *slot)) {
            *found = true;
            *slot = at;
        }
    }
    return F24_OK;
}

void f24_same_changed(f24_same *same, const f24_slot *slots, size_t slot)
{
    if (slot >= same->n_slots)
        return; /* taken in with its new keys */
    if (make_room(same, slots, 1, NULL) == F24_OK)
        enter(same, slots, slot);
    else
        f24_same_free(same); /* filled anew when it is next asked */
}
