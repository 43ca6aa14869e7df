/* XDF files made of numbered records, and what they should hold: for tests of writing. */
#ifndef F24_TESTS_XDF_MODEL_H
#define F24_TESTS_XDF_MODEL_H

#include "base/bytes.h"
#include "container/parts.h"
#include "container/store.h"
#include "harness.h"
#include "opened.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], path[128];

static inline void begin_files(void)
{
    (void)snprintf(directory, sizeof directory, "%s", "fst24-xdf-write-XXXXXX");
    check(mkdtemp(directory) != NULL);
    (void)snprintf(path, sizeof path, "%s/file.fst", directory);
}

static inline void end_files(void)
{
    (void)unlink(path);
    check(rmdir(directory) == 0);
}

/* ------------------------------------------------------------------------------- whole files --- */

typedef struct bytes {
    uint8_t *at;
    size_t n;
} bytes;

static inline bytes read_file(const char *name)
{
    bytes b = {NULL, 0};
    struct stat status;
    int fd = open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0)
        return b;
    b.at = malloc((size_t)status.st_size + 1);
    if (b.at != NULL && read(fd, b.at, (size_t)status.st_size) == status.st_size)
        b.n = (size_t)status.st_size;
    (void)close(fd);
    return b;
}

static inline void write_file(const void *at, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    check(fd >= 0 && write(fd, at, n) == (ssize_t)n && close(fd) == 0);
}

static inline bool same_bytes(bytes a, bytes b)
{
    return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

/* ------------------------------------------------------------------------------------ records --- */

/* What a file should hold: slot i was made from seed i, edited so many times, and is live or not. */
#define MOST 1400
typedef struct model {
    size_t n;
    uint8_t live[MOST];
    uint8_t edits[MOST];
} model;

static inline uint32_t mixed(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/* Float32 fields of up to 7 x 9 values (now and then of 40 x 110), all other bits of the keys by chance. */
static inline void keys_of(size_t seed, unsigned edits, uint32_t keys[16])
{
    uint32_t s = (uint32_t)seed, ni = mixed(s) % 7 + 1, nj = mixed(s + 77) % 9 + 1;

    if (s % 97 == 5) {
        ni = 40;
        nj = 110;
    }
    for (uint32_t k = 0; k < 16; k++)
        keys[k] = mixed(s * 16 + k + edits * 100003u);
    keys[0] = (keys[0] & ~0xFFu) | 32;
    keys[1] = (keys[1] & 0xFFu) | ni << 8;
    keys[2] = nj << 8 | 5;
    keys[3] = 1u << 12;
    keys[4] &= ~0x3Fu;
    keys[8] &= ~3u;
    keys[9] &= ~3u;
    keys[10] &= ~0xFFu;
    keys[11] = (keys[11] & ~0xFFu) | 32;
    for (size_t k = 12; k < 15; k++)
        keys[k] &= ~0xFu;
}

#define MOST_WORDS (40 * 110 + 2)

static inline size_t payload_of(size_t seed, uint32_t words[MOST_WORDS])
{
    uint32_t keys[16];
    size_t n;

    keys_of(seed, 0, keys);
    n = (size_t)(keys[1] >> 8) * (keys[2] >> 8);
    for (size_t i = 0; i < n; i++)
        words[i] = mixed((uint32_t)(seed * 5003 + i));
    return n;
}

static inline f24_status add(f24_store *store, size_t seed, f24_error *err)
{
    uint32_t words[MOST_WORDS];
    f24_addition record = {.payload = words, .n_payload = 4 * payload_of(seed, words)};
    size_t slot = SIZE_MAX;
    f24_status status;

    keys_of(seed, 0, record.keys);
    status = f24_store_add(store, &record, &slot, err);
    if (status == F24_OK)
        check(slot == seed);
    return status;
}

static inline f24_status edit(f24_store *store, size_t slot, unsigned edits, f24_error *err)
{
    uint32_t keys[16];

    keys_of(slot, edits, keys);
    return f24_store_edit(store, slot, keys, NULL, 0, err);
}

/* Whether record i of the table is slot `slot` as the model has it. */
static inline bool is_record(const opened *o, int64_t i, size_t slot, unsigned edits, bytes file)
{
    uint32_t keys[16], words[MOST_WORDS];
    uint64_t at = o->columns->offset[i], n = 4 * payload_of(slot, words);
    uint8_t raw[64];
    f24_record got, expected = {0};

    if (at + F24_XDF_RECORD_HEAD + n > file.n || o->columns->flags[i] != 0 ||
        o->columns->n_bytes[i] != F24_XDF_RECORD_HEAD + (n + 7) / 8 * 8)
        return false;
    for (size_t k = 0; k < n / 4; k++) {
        if (f24_native32(file.at + at + F24_XDF_RECORD_HEAD + 4 * k) != words[k])
            return false;
    }
    keys_of(slot, edits, keys);
    for (size_t k = 0; k < 16; k++)
        put_be32(raw + 4 * k, keys[k]);
    if (f24_get_record(o->file, i, &got, NULL) != F24_OK)
        return false;
    f24_keys_decode(raw, false, &expected);
    return got.datev == expected.datev && got.ip1 == expected.ip1 && got.ip2 == expected.ip2 &&
           got.ip3 == expected.ip3 && got.ig1 == expected.ig1 && got.ig2 == expected.ig2 &&
           got.ig3 == expected.ig3 && got.ig4 == expected.ig4 && got.deet == expected.deet &&
           got.npas == expected.npas && strcmp(got.nomvar, expected.nomvar) == 0 &&
           strcmp(got.typvar, expected.typvar) == 0 && strcmp(got.etiket, expected.etiket) == 0 &&
           got.grtyp[0] == expected.grtyp[0];
}

/* Whether the reader finds in these bytes what the model says; `whole`: without any warning. */
static inline bool holds_model(bytes file, const model *m, bool whole)
{
    opened o = open_image(file.at, file.n);
    bool so = o.status == F24_OK && (!whole || o.n_warnings == 0);
    int64_t i = 0;

    for (size_t slot = 0; so && slot < m->n; slot++) {
        if (m->live[slot] != 0) {
            so = i < o.n && o.columns->file_index[i] == (int32_t)slot &&
                 is_record(&o, i, slot, m->edits[slot], file);
            i++;
        }
    }
    so = so && i == o.n;
    if (o.status == F24_OK)
        f24_close(o.file);
    return so;
}

static inline bool file_holds(const model *m, bool whole)
{
    bytes file = read_file(path);
    bool so = holds_model(file, m, whole);

    free(file.at);
    return so;
}

/* ---------------------------------------------------------------------------------- sessions --- */

typedef struct session {
    f24_output *output;
    f24_store *store;
} session;

static inline f24_status begin(session *s, bool in_place, f24_error *err)
{
    const f24_store_options options = {.backend = F24_XDF};
    f24_status status = in_place ? f24_output_open(path, &s->output, err)
                                 : f24_output_create(path, false, &s->output, err);

    s->store = NULL;
    if (status != F24_OK)
        return status;
    status = f24_store_open(s->output, &options, &s->store, err);
    if (status != F24_OK)
        f24_output_release(s->output);
    return status;
}

static inline f24_status end(session *s, f24_error *err)
{
    f24_status status = f24_store_close(s->store, err);

    if (status == F24_OK && !f24_output_in_place(s->output))
        status = f24_output_publish(s->output, false, err);
    f24_output_release(s->output);
    return status;
}

/* Without a session only the model changes. */
static inline void add_to(session *s, model *m)
{
    check(s == NULL || add(s->store, m->n, NULL) == F24_OK);
    m->live[m->n] = 1;
    m->edits[m->n++] = 0;
}

static inline void make_file(model *m, size_t n, bool in_place)
{
    session s;

    *m = (model){0};
    (void)unlink(path);
    check(begin(&s, in_place, NULL) == F24_OK);
    while (m->n < n)
        add_to(&s, m);
    check(end(&s, NULL) == F24_OK);
}

/* One operation by chance: mostly additions. Without a session only the model changes. */
static inline void do_something(session *s, model *m, uint32_t *chance)
{
    uint32_t what = mixed((*chance)++) % 10;
    size_t slot = m->n > 0 ? mixed((*chance)++) % m->n : 0;

    if (what < 6 || m->n == 0) {
        if (m->n < MOST)
            add_to(s, m);
    } else if (m->live[slot] == 0) {
        check(s == NULL || f24_store_delete(s->store, slot, NULL) == F24_ENOTFOUND);
    } else if (what < 8) {
        check(s == NULL || f24_store_delete(s->store, slot, NULL) == F24_OK);
        m->live[slot] = 0;
    } else if (what < 9) {
        m->edits[slot]++;
        check(s == NULL || edit(s->store, slot, m->edits[slot], NULL) == F24_OK);
    } else {
        check(s == NULL || f24_store_flush(s->store, NULL) == F24_OK);
    }
}

#endif
