/*
 * Deleting records of RSF files and editing their metadata where they are. Facts:
 * docs/format/containers.md, 3.5.
 */
#include "container/rsf_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The entry of a record in memory, until its segment is closed; NULL: it is on disk. */
static uint8_t *entry_in_memory(const f24_store *store, size_t slot)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);

    return store->slots[slot].entry != 0 ? NULL : w->directory + w->places[slot - w->first];
}

static f24_status fail_changed(const f24_slot *slot, f24_error *err)
{
    return f24_fail(err, F24_ECHANGED, (int64_t)slot->entry,
                    "another writer changed the record since the file was opened: open it again");
}

/*
 * Look at the entry and at the start of the record on disk before they are changed: in a file that is
 * shared another writer may have done so. n_there: words of metadata in the entry; type: of the record.
 */
static f24_status verify(f24_store *store, size_t slot, uint16_t *n_there, uint8_t *type,
                         f24_error *err)
{
    f24_slot *s = &store->slots[slot];
    uint8_t entry[F24_RSF_ENTRY + F24_RSF_KEYS + F24_RSF_KEY_BYTES], start[F24_RSF_START];
    const uint8_t *meta = entry + F24_RSF_ENTRY;
    f24_rsf_mark mark;
    uint32_t words;

    F24_TRY(f24_output_read(store->output, s->entry, entry, sizeof entry, err));
    F24_TRY(f24_output_read(store->output, s->offset, start, sizeof start, err));
    if (meta[0] == F24_RSF_GONE) {
        s->live = false;
        return f24_fail(err, F24_ENOTFOUND, (int64_t)s->entry,
                        "another writer deleted the record since the file was opened");
    }
    words = le32(entry + 24);
    for (size_t i = 0; i < F24_KEY_WORDS; i++) {
        if (le32(meta + F24_RSF_KEYS + 4 * i) != s->keys[i])
            return fail_changed(s, err);
    }
    mark = f24_rsf_start_at(start);
    if (f24_word_pair(entry + 8, true) != s->n_bytes || (words & 0xFFFF) != s->meta_words)
        return fail_changed(s, err);
    if (mark.tag != 0xFE || mark.n_bytes != s->n_bytes || mark.words != s->meta_words)
        return f24_fail(err, F24_ECORRUPT, (int64_t)s->offset,
                        "no record starts at byte %" PRIu64 ", where the directory places one (see "
                        "fst24 check)",
                        s->offset);
    words = words >> 16 != 0 ? words >> 16 : words;
    if (words < F24_RSF_SEARCH_WORDS || words > s->meta_words)
        return fail_changed(s, err);
    *n_there = (uint16_t)words;
    *type = meta[0];
    return F24_OK;
}

/* Type bytes are first in both: of the metadata in the entry, of the mark in the record (3.5). */
static f24_status mark_deleted(f24_store *store, const f24_slot *slot, uint8_t alive,
                               f24_error *err)
{
    const uint8_t gone = F24_RSF_GONE;
    f24_status status;

    F24_TRY(f24_output_write(store->output, slot->entry + F24_RSF_ENTRY, &gone, 1, err));
    status = f24_output_write(store->output, slot->offset, &gone, 1, err);
    if (status != F24_OK)
        (void)f24_output_write(store->output, slot->entry + F24_RSF_ENTRY, &alive, 1, NULL);
    return status;
}

static f24_status remove_locked(f24_store *store, size_t slot, f24_error *err)
{
    uint16_t n_there = 0;
    uint8_t type = 0;

    F24_TRY(verify(store, slot, &n_there, &type, err));
    return mark_deleted(store, &store->slots[slot], type, err);
}

/* Lock a file that is shared: two writers that change one record would mix their bytes. */
static f24_status lock_shared(f24_store *store, f24_error *err)
{
    return f24_rsf_writer_of(store)->shared ? f24_output_lock(store->output, err) : F24_OK;
}

static void unlock_shared(f24_store *store)
{
    if (f24_rsf_writer_of(store)->shared)
        f24_output_unlock(store->output);
}

f24_status f24_rsf_remove(f24_store *store, size_t slot, f24_error *err)
{
    uint8_t *entry = entry_in_memory(store, slot);
    const uint8_t gone = F24_RSF_GONE;
    f24_status status;

    if (entry != NULL) {
        F24_TRY(f24_output_write(store->output, store->slots[slot].offset, &gone, 1, err));
        entry[F24_RSF_ENTRY] = gone;
    } else {
        F24_TRY(lock_shared(store, err));
        status = remove_locked(store, slot, err);
        unlock_shared(store);
        F24_TRY(status);
    }
    store->slots[slot].live = false;
    return F24_OK;
}

/* Metadata of a record before and after an edit, n_words each; n_there of them are in its entry. */
typedef struct edited {
    uint8_t *before, *after;
    uint16_t n_words, n_there;
} edited;

/* What the record has, which of it the entry has, and that the entry's counts. */
static f24_status read_meta(f24_store *store, size_t slot, edited *e, f24_error *err)
{
    const f24_slot *s = &store->slots[slot];
    const uint8_t *entry = entry_in_memory(store, slot);

    F24_TRY(f24_output_read(store->output, s->offset + F24_RSF_START, e->before,
                            (size_t)e->n_words * 4, err));
    if (entry != NULL)
        memcpy(e->before, entry + F24_RSF_ENTRY, (size_t)e->n_there * 4);
    else
        F24_TRY(f24_output_read(store->output, s->entry + F24_RSF_ENTRY, e->before,
                                (size_t)e->n_there * 4, err));
    memcpy(e->after, e->before, (size_t)e->n_words * 4);
    return F24_OK;
}

/* The text in place of the one that is there, zeros behind it: the number of its words stays. */
static f24_status change_json(edited *e, const char *json, size_t n_json, f24_error *err)
{
    f24_rsf_meta m = f24_rsf_meta_at(e->after, e->n_words, e->n_words);
    size_t need = f24_rsf_json_words(n_json);

    if (need > m.json_words)
        return f24_fail(
            err, F24_EENCODING, -1,
            "the extended metadata need %zu words, the record has room for %u: write it "
            "anew",
            need, (unsigned)m.json_words);
    if (m.json_words == 0)
        return F24_OK;
    memset(e->after + (size_t)m.json_word * 4, 0, (size_t)m.json_words * 4);
    memcpy(e->after + (size_t)m.json_word * 4, json, n_json);
    return F24_OK;
}

static f24_status change(edited *e, const uint32_t keys[F24_KEY_WORDS], const char *json,
                         size_t n_json, f24_error *err)
{
    for (size_t i = 0; i < F24_KEY_WORDS; i++)
        put_le32(e->after + F24_RSF_KEYS + 4 * i, keys[i]);
    return json == NULL ? F24_OK : change_json(e, json, n_json, err);
}

/* Directory first: it is what readers believe. */
static f24_status write_meta(f24_store *store, size_t slot, const edited *e, f24_error *err)
{
    const f24_slot *s = &store->slots[slot];
    uint8_t *entry = entry_in_memory(store, slot);
    uint64_t in_entry = s->entry + F24_RSF_ENTRY + F24_RSF_KEYS;
    size_t n_there = (size_t)e->n_there * 4 - F24_RSF_KEYS,
           n_words = (size_t)e->n_words * 4 - F24_RSF_KEYS;
    f24_status status;

    if (entry == NULL)
        F24_TRY(f24_output_write(store->output, in_entry, e->after + F24_RSF_KEYS, n_there, err));
    status = f24_output_write(store->output, s->offset + F24_RSF_START + F24_RSF_KEYS,
                              e->after + F24_RSF_KEYS, n_words, err);
    if (status != F24_OK) {
        (void)f24_output_write(store->output, s->offset + F24_RSF_START + F24_RSF_KEYS,
                               e->before + F24_RSF_KEYS, n_words, NULL);
        if (entry == NULL)
            (void)f24_output_write(store->output, in_entry, e->before + F24_RSF_KEYS, n_there,
                                   NULL);
    }
    if (status == F24_OK && entry != NULL)
        memcpy(entry + F24_RSF_ENTRY, e->after, (size_t)e->n_there * 4);
    return status;
}

static f24_status edit_locked(f24_store *store, size_t slot, edited *e,
                              const uint32_t keys[F24_KEY_WORDS], const char *json, size_t n_json,
                              f24_error *err)
{
    uint8_t type;

    if (entry_in_memory(store, slot) == NULL)
        F24_TRY(verify(store, slot, &e->n_there, &type, err));
    F24_TRY(read_meta(store, slot, e, err));
    F24_TRY(change(e, keys, json, n_json, err));
    return write_meta(store, slot, e, err);
}

f24_status f24_rsf_edit(f24_store *store, size_t slot, const uint32_t keys[F24_KEY_WORDS],
                        const char *json, size_t n_json, f24_error *err)
{
    f24_slot *s = &store->slots[slot];
    const f24_addition as_new = {.json = json, .n_json = n_json};
    edited e = {.n_words = s->meta_words, .n_there = s->meta_words};
    f24_status status;

    if ((s->flags & F24_FLAG_NEWER) != 0)
        return f24_fail(err, F24_EUNSUPPORTED, (int64_t)s->offset,
                        "a newer version of the format wrote the record: it is not changed here");
    F24_TRY(f24_rsf_check(store, &as_new, err));
    e.before = malloc(2 * (size_t)e.n_words * 4);
    if (e.before == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot edit");
    e.after = e.before + (size_t)e.n_words * 4;
    status = lock_shared(store, err);
    if (status == F24_OK) {
        status = edit_locked(store, slot, &e, keys, json, n_json, err);
        unlock_shared(store);
    }
    free(e.before);
    F24_TRY(status);
    memcpy(s->keys, keys, sizeof s->keys);
    return F24_OK;
}
