/* Small standard files made by hand in memory, from docs/format/containers.md. */
#ifndef F24_TESTS_IMAGES_H
#define F24_TESTS_IMAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct image {
    uint8_t bytes[1 << 17];
    size_t n;
    size_t page;    /* XDF: the page that takes entries */
    size_t segment; /* RSF: the open segment */
    uint8_t entries[1 << 13];
    size_t n_entry_bytes, n_entries;
} image;

static inline void put_be(image *f, size_t at, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        f->bytes[at + i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline uint32_t get_be(const image *f, size_t at)
{
    uint32_t v = 0;

    for (size_t i = 0; i < 4; i++)
        v = v << 8 | f->bytes[at + i];
    return v;
}

static inline void put_le(image *f, size_t at, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        f->bytes[at + i] = (uint8_t)(v >> (8 * i));
}

static inline void put_pair(image *f, size_t at, uint64_t v)
{
    put_le(f, at, (uint32_t)(v >> 32));
    put_le(f, at + 4, (uint32_t)v);
}

static inline uint32_t six_bits(const char *text, size_t n)
{
    uint32_t v = 0;

    for (size_t i = 0; i < n; i++)
        v = v << 6 | ((uint32_t)(uint8_t)text[i] - 32);
    return v;
}

/* Key words (2.5) of record i: 2 x 3 float32, ip1 = i, the rest recognisable. */
static inline void make_keys(uint32_t i, uint32_t keys[16])
{
    const uint32_t made[16] = {
        300u << 8 | 32,
        2u << 8 | 'Z',
        3u << 8 | 5,
        1u << 12,
        12u << 6,
        1004u << 8 | 1,
        1001u << 8 | 2,
        1003u << 8 | 3,
        six_bits("ABCDE", 5) << 2,
        six_bits("FGHIJ", 5) << 2,
        six_bits("KL", 2) << 20 | six_bits("P@", 2) << 8,
        six_bits("TT  ", 4) << 8 | 32,
        i << 4,
        6u << 4,
        7u << 4,
        98560000u + 230000000u,
    };

    memcpy(keys, made, sizeof made);
}

#define PAYLOAD 24u /* bytes: 6 float32 */

/* ---------------------------------------------------------------------------------------- XDF */

#define XDF_RECORD (80u + PAYLOAD)
#define XDF_FIRST 18672u /* the first record of a random file */

static inline void xdf_begin(image *f, const char *sign)
{
    memset(f, 0, sizeof *f);
    put_be(f, 0, 26);
    memcpy(f->bytes + 8, "XDF0", 4);
    memcpy(f->bytes + 12, sign, 4);
    put_be(f, 40, 16u << 16 | 9);
    put_be(f, 44, 2u << 16 | 1);
    f->n = 208;
}

static inline uint32_t unit_of(size_t offset)
{
    return (uint32_t)(offset / 8 + 1);
}

static inline void xdf_page(image *f)
{
    if (f->page != 0)
        put_be(f, f->page + 16, unit_of(f->n));
    f->page = f->n;
    put_be(f, f->n, 2308);
    put_be(f, f->n + 4, unit_of(f->n));
    put_be(f, 28, get_be(f, 28) + 1);
    put_be(f, 32, unit_of(f->n));
    f->n += 18464;
}

/* A record at the end, without an entry. */
static inline void xdf_record(image *f, uint32_t i)
{
    uint32_t keys[16];

    put_be(f, f->n, 0x01000000u | XDF_RECORD / 8);
    put_be(f, f->n + 4, unit_of(f->n));
    make_keys(i, keys);
    for (size_t k = 0; k < 16; k++)
        put_be(f, f->n + 8 + 4 * k, keys[k]);
    f->n += XDF_RECORD;
}

static inline void xdf_add(image *f, uint32_t i)
{
    size_t record = f->n, n = get_be(f, f->page + 20);

    xdf_record(f, i);
    memcpy(f->bytes + f->page + 32 + 72 * n, f->bytes + record, 72);
    put_be(f, f->page + 20, (uint32_t)n + 1);
}

static inline void xdf_checksum(image *f, size_t page)
{
    uint32_t sum = 0;

    put_be(f, page + 24, 0);
    for (size_t at = 16; at < 18464; at += 4)
        sum ^= get_be(f, page + at);
    put_be(f, page + 24, sum);
}

static inline void xdf_end(image *f)
{
    put_be(f, 16, (uint32_t)(f->n / 8));
    for (size_t page = 208; page != 0;) {
        uint32_t next = get_be(f, page + 16);
        xdf_checksum(f, page);
        page = next != 0 ? (next - 1u) * 8u : 0;
    }
}

/* Two pages of three records. */
static inline void xdf_two_pages(image *f)
{
    xdf_begin(f, "STDR");
    for (uint32_t i = 0; i < 6; i++) {
        if (i % 3 == 0)
            xdf_page(f);
        xdf_add(f, i);
    }
    xdf_end(f);
}

/* A sequential file (2.9): three records, the second one deleted, and the end mark. */
static inline void xdf_sequential(image *f)
{
    size_t before = 0;

    xdf_begin(f, "STDS");
    for (uint32_t i = 0; i < 3; i++) {
        size_t record = f->n;
        xdf_record(f, i);
        if (i == 1)
            f->bytes[record] = 255;
        put_be(f, f->n, 2);
        put_be(f, f->n + 4, 0xFFFFFFFFu);
        if (before != 0)
            memcpy(f->bytes + f->n + 8, f->bytes + before, 8);
        f->n += 16;
        before = record;
    }
    put_be(f, f->n, 127u << 24 | 1);
    put_be(f, f->n + 4, unit_of(f->n));
    f->n += 8;
}

/* ---------------------------------------------------------------------------------------- RSF */

#define RSF_RECORD (28u + 76u + PAYLOAD)

static inline void rsf_start(image *f, size_t at, uint32_t type, uint32_t words, uint64_t n_bytes,
                             uint32_t dir_words)
{
    put_le(f, at, 0xFE000000u | words << 8 | type);
    put_pair(f, at + 4, n_bytes);
    put_le(f, at + 12, dir_words);
}

static inline void rsf_finish(image *f, size_t at, uint32_t type, uint32_t words, uint64_t n_bytes)
{
    put_pair(f, at, n_bytes);
    put_le(f, at + 8, 0xFF000000u | words << 8 | type);
}

/* An open SOS at the end. */
static inline void rsf_open_segment(image *f, const char *code)
{
    f->segment = f->n;
    f->n_entries = f->n_entry_bytes = 0;
    rsf_start(f, f->n, 3, f->n == 0 ? 0 : 19, 72, 19);
    memcpy(f->bytes + f->n + 16, "RSF0", 4);
    memcpy(f->bytes + f->n + 20, code, 4);
    put_le(f, f->n + 24, 0xDEADBEEFu);
    memset(f->bytes + f->n + 28, 0, 32);
    rsf_finish(f, f->n + 60, 3, 0, 72);
    f->n += 72;
}

static inline void rsf_sizes(image *f, size_t at, uint64_t seg, uint64_t sseg, uint64_t vdir,
                             uint64_t vdirs)
{
    put_pair(f, at, seg);
    put_pair(f, at + 8, sseg);
    put_pair(f, at + 16, vdir);
    put_pair(f, at + 24, vdirs);
}

static inline void rsf_end_of_segment(image *f, uint32_t words, uint64_t seg, uint64_t vdir,
                                      uint64_t vdirs)
{
    size_t at = f->n;

    rsf_start(f, at, 4, words, 68, words);
    put_le(f, at + 16, 0xBEBEFADAu);
    put_le(f, at + 20, 0xCAFEFADEu);
    rsf_sizes(f, at + 24, seg, seg + 68, vdir, vdirs);
    rsf_finish(f, at + 56, 4, words, 68);
    f->n += 68;
    rsf_sizes(f, f->segment + 28, seg, seg + 68, vdir, vdirs);
    f->bytes[f->segment + 1] = f->bytes[f->segment + 2] = 0;
}

static inline void rsf_begin(image *f)
{
    memset(f, 0, sizeof *f);
    rsf_open_segment(f, "STDF");
    rsf_end_of_segment(f, 0, 72, 0, 0);
}

/* A record of metadata words 0 .. 2 as given, and its entry. */
static inline void rsf_add_as(image *f, uint32_t i, const uint32_t head[3], const char *json)
{
    uint32_t n_json = json != NULL ? (uint32_t)strlen(json) / 4 + 1 : 0, words = 19 + n_json;
    uint32_t n_bytes = 28 + 4 * words + PAYLOAD, keys[16];
    uint8_t *entry = f->entries + f->n_entry_bytes;
    size_t at = f->n;

    make_keys(i, keys);
    rsf_start(f, at, 1, words, n_bytes, words);
    for (size_t k = 0; k < 3; k++)
        put_le(f, at + 16 + 4 * k, head[k] + (k == 2 ? n_json : 0));
    for (size_t k = 0; k < 16; k++)
        put_le(f, at + 28 + 4 * k, keys[k]);
    if (json != NULL)
        memcpy(f->bytes + at + 92, json, strlen(json));
    rsf_finish(f, at + n_bytes - 12, 1, words, n_bytes);
    f->n += n_bytes;
    put_pair(f, f->n, at - f->segment); /* built behind the record, then kept */
    put_pair(f, f->n + 8, n_bytes);
    put_pair(f, f->n + 16, 0);
    put_le(f, f->n + 24, words << 16 | words);
    put_le(f, f->n + 28, 4);
    memcpy(entry, f->bytes + f->n, 32);
    memset(f->bytes + f->n, 0, 32);
    memcpy(entry + 32, f->bytes + at + 16, (size_t)words * 4);
    f->n_entry_bytes += 32 + (size_t)words * 4;
    f->n_entries++;
}

static inline void rsf_add(image *f, uint32_t i, const char *json)
{
    const uint32_t head[3] = {0x00010101u, 0, 0x01130000u};

    rsf_add_as(f, i, head, json);
}

static inline void rsf_close_segment(image *f)
{
    size_t vdir = f->n - f->segment, vdirs = 32 + f->n_entry_bytes;

    rsf_start(f, f->n, 6, 1, vdirs, 0);
    put_le(f, f->n + 16, (uint32_t)f->n_entries);
    memcpy(f->bytes + f->n + 20, f->entries, f->n_entry_bytes);
    rsf_finish(f, f->n + vdirs - 12, 6, 1, vdirs);
    f->n += vdirs;
    rsf_end_of_segment(f, 19, f->n - f->segment, vdir, vdirs);
}

/* Two sessions of three records; the first record of the second has extended metadata. */
static inline void rsf_two_sessions(image *f)
{
    rsf_begin(f);
    for (uint32_t i = 0; i < 6; i++) {
        if (i % 3 == 0)
            rsf_open_segment(f, "STDF");
        rsf_add(f, i, i == 3 ? "{\"a\":1}" : NULL);
        if (i % 3 == 2)
            rsf_close_segment(f);
    }
}

#endif
