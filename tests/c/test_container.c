/* Containers, the table and opening, on small files made by hand. */
#include "harness.h"
#include "images.h"

#include "file.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Stand-ins for parts of the library that a build of this part alone does not have. */
__attribute__((weak)) int32_t f24_date_origin(int32_t datev, int32_t deet, int32_t npas)
{
    (void)deet;
    (void)npas;
    return datev;
}

__attribute__((weak)) f24_status f24_find_cache_new(f24_find_cache **cache, f24_error *err)
{
    (void)err;
    *cache = NULL;
    return F24_OK;
}

__attribute__((weak)) void f24_find_cache_free(f24_find_cache *cache)
{
    (void)cache;
}

static image f, g;

/* -------------------------------------------------------------------------------------- helpers */

/* What opening a file gives; the file itself in `file`. */
typedef struct opened {
    f24_status status;
    f24_error err;
    f24_file *file;
    const f24_columns *columns;
    int64_t n, n_bad, n_warnings;
} opened;

static opened open_image(const void *bytes, size_t n)
{
    opened o = {.n = -1};

    o.status = f24_open_memory(bytes, n, &o.file, &o.err);
    if (o.status != F24_OK)
        return o;
    o.columns = f24_table_columns(f24_file_table(o.file));
    o.n = o.columns->n;
    o.n_warnings = f24_warning_count(o.file);
    for (int64_t i = 0; i < o.n; i++)
        o.n_bad += (o.columns->flags[i] & F24_FLAG_BAD) != 0;
    return o;
}

static bool warns_of(const opened *o, const char *text)
{
    for (int64_t i = 0; i < o->n_warnings; i++) {
        if (strstr(f24_warning_at(o->file, i)->message, text) != NULL)
            return true;
    }
    return false;
}

static f24_status locate(const opened *o, int64_t index, f24_error *err)
{
    f24_place place = f24_file_place(o->file, index);
    f24_payload_place payload;

    return f24_container_locate(o->file->container, &place, &payload, err);
}

static int n_readable(const opened *o)
{
    int n = 0;

    for (int64_t i = 0; i < o->n; i++)
        n += locate(o, i, NULL) == F24_OK;
    return n;
}

/* The records have the ip1 that their makers gave them: `first` and the n - 1 after it. */
static bool holds(const opened *o, int64_t n, int32_t first)
{
    for (int64_t i = 0; i < n && i < o->n; i++) {
        if (o->columns->ip1[i] != first + (int32_t)i)
            return false;
    }
    return o->n == n;
}

/* --------------------------------------------------------------------------------- whole files */

static void every_field_comes_from_its_bits(void)
{
    for (int rsf = 0; rsf < 2; rsf++) {
        f24_record r;
        opened o;
        if (rsf)
            rsf_two_sessions(&f);
        else
            xdf_two_pages(&f);
        o = open_image(f.bytes, f.n);
        check(holds(&o, 6, 0) && o.n_bad == 0 && o.n_warnings == 0 && n_readable(&o) == 6);
        check(f24_get_record(o.file, 4, &r, NULL) == F24_OK);
        check(r.index == 4 && r.file_index == (rsf ? 4 : 256 + 1));
        check(r.deet == 300 && r.npas == 12 && r.nbits == 32 && r.datyp == 5 && r.dasiz == 32);
        check(r.ni == 2 && r.nj == 3 && r.nk == 1 && strcmp(r.grtyp, "Z") == 0);
        check(r.ig1 == 1001 && r.ig2 == 0x010203 && r.ig3 == 1003 && r.ig4 == 1004);
        check(r.ip1 == 4 && r.ip2 == 6 && r.ip3 == 7);
        check(strcmp(r.nomvar, "TT") == 0 && strcmp(r.typvar, "P@") == 0);
        check(strcmp(r.etiket, "ABCDEFGHIJKL") == 0);
        /* 230,000,000 steps of 5 s; 300 s x 12 are 720 steps */
        check(r.datev == 123200000 + 287500000 && r.dateo == 123200000 + 287499100);
        check(r.n_bytes == (rsf ? RSF_RECORD : XDF_RECORD));
        f24_close(o.file);
    }
}

/* 2.6 for new-style stamps from 2000 on, as it is written there. */
static int32_t origin_as_written(int32_t datev, int32_t deet, int32_t npas)
{
    double hours = (double)deet * npas / 3600.0;
    int64_t s = datev - 123200000, t = 8 * (s / 10) + s % 10;

    t -= (int64_t)(720.0 * hours + 0.5);
    return (int32_t)(10 * (t / 8) + t % 8 + 123200000);
}

static void the_origin_date_is_what_the_format_page_says(void)
{
    unsigned seed = 1;

    for (int i = 0; i < 20000; i++) {
        uint32_t stored = 98560000u + 126230400u + (uint32_t)rand_r(&seed) % 1400000000u;
        uint32_t deet = (uint32_t)rand_r(&seed) % 4000, npas = (uint32_t)rand_r(&seed) % 3000;
        uint8_t keys[64] = {0};
        f24_record r;
        memset(&f, 0, 64);
        put_be(&f, 0, deet << 8 | 32);
        put_be(&f, 16, npas << 6);
        put_be(&f, 60, stored);
        memcpy(keys, f.bytes, 64);
        f24_keys_decode(keys, false, &r);
        if (stored - 98560000u - 126230400u > deet * npas / 5 + 1 &&
            stored - 98560000u <= 1615714548u)
            check(r.dateo == origin_as_written(r.datev, (int32_t)deet, (int32_t)npas));
    }
}

static void sequential_files_are_listed(void)
{
    f24_file_info info;
    opened o;

    xdf_sequential(&f);
    o = open_image(f.bytes, f.n);
    check(o.n == 2 && o.n_warnings == 0 && n_readable(&o) == 2);
    check(o.columns->ip1[0] == 0 && o.columns->ip1[1] == 2 && o.columns->file_index[1] == 2);
    f24_get_file_info(o.file, &info);
    check(info.sequential && info.n_deleted == 1 && info.n_records == 2 && info.backend == F24_XDF);
    f24_close(o.file);
}

static void a_file_signed_sequential_with_pages_is_random(void)
{
    opened o;

    xdf_two_pages(&f);
    memcpy(f.bytes + 12, "STDS", 4);
    o = open_image(f.bytes, f.n);
    check(holds(&o, 6, 0) && o.n_warnings == 0);
    f24_close(o.file);
}

static void joined_files_are_one(void)
{
    opened o;

    rsf_two_sessions(&f);
    memcpy(f.bytes + f.n, f.bytes, f.n);
    o = open_image(f.bytes, 2 * f.n);
    check(o.n == 12 && o.n_warnings == 0 && n_readable(&o) == 12);
    check(o.columns->file_index[11] == 11 && o.columns->ip1[6] == 0);
    f24_close(o.file);
}

static void deleted_records_keep_their_number(void)
{
    f24_file_info info;
    opened o;

    xdf_two_pages(&f);
    f.bytes[240 + 72] = 0xFF;
    xdf_checksum(&f, 208);
    o = open_image(f.bytes, f.n);
    check(o.n == 5 && o.n_warnings == 0 && o.columns->file_index[1] == 2);
    f24_close(o.file);

    rsf_two_sessions(&f);
    f.bytes[140 + 72 + 3 * RSF_RECORD + 20 + 108 + 32] = 0x80;
    put_pair(&f, 140 + 72 + 3 * RSF_RECORD + 20 + 108, UINT64_C(1) << 40); /* not looked at */
    o = open_image(f.bytes, f.n);
    check(o.n == 5 && o.n_bad == 0 && o.n_warnings == 0 && o.columns->file_index[1] == 2);
    f24_get_file_info(o.file, &info);
    check(info.n_deleted == 1 && info.n_records == 5 && info.n_parts == 3);
    f24_close(o.file);
}

static void extended_metadata_are_read(void)
{
    char text[8] = "";
    size_t n = 99;
    opened o;

    rsf_two_sessions(&f);
    o = open_image(f.bytes, f.n);
    check((o.columns->flags[3] & F24_FLAG_JSON) != 0 && (o.columns->flags[2] & F24_FLAG_JSON) == 0);
    check(f24_read_json(o.file, 3, NULL, 0, &n, NULL) == F24_EINVAL && n == 7);
    check(f24_read_json(o.file, 3, text, 7, &n, NULL) == F24_EINVAL);
    check(f24_read_json(o.file, 3, text, 8, &n, NULL) == F24_OK && strcmp(text, "{\"a\":1}") == 0);
    check(f24_read_json(o.file, 2, NULL, 0, &n, NULL) == F24_OK && n == 0);
    check(f24_read_json(o.file, 6, NULL, 0, &n, NULL) == F24_ENOTFOUND);
    f24_close(o.file);
}

static void metadata_of_version_0_end_with_the_record(void)
{
    const uint32_t head[3] = {0x00000101u, 0x01130000u, 0};
    char text[8];
    size_t n;
    opened o;

    rsf_begin(&f);
    rsf_open_segment(&f, "STDF");
    rsf_add_as(&f, 0, head, "{\"b\":2}");
    rsf_close_segment(&f);
    o = open_image(f.bytes, f.n);
    check(holds(&o, 1, 0) && o.n_bad == 0 && o.columns->flags[0] == F24_FLAG_JSON);
    check(f24_read_json(o.file, 0, text, 8, &n, NULL) == F24_OK && strcmp(text, "{\"b\":2}") == 0);
    f24_close(o.file);
}

static void an_embedded_file_is_passed_over(void)
{
    const uint32_t head[3] = {0x00018007u, 0, 0};
    opened o;

    rsf_begin(&f);
    rsf_open_segment(&f, "STDF");
    rsf_add(&f, 0, NULL);
    rsf_add_as(&f, 9, head, NULL);
    rsf_add(&f, 1, NULL);
    rsf_close_segment(&f);
    o = open_image(f.bytes, f.n);
    check(holds(&o, 2, 0) && o.columns->file_index[1] == 2 && o.n_warnings == 0);
    f24_close(o.file);
}

static void a_newer_version_is_listed_as_newer(void)
{
    const uint32_t heads[2][3] = {{0x00090101u, 0, 0x01130000u}, {0x00010101u, 0, 0x09130000u}};

    for (int i = 0; i < 2; i++) {
        opened o;
        rsf_begin(&f);
        rsf_open_segment(&f, "STDF");
        rsf_add_as(&f, 0, heads[i], NULL);
        rsf_add(&f, 1, NULL);
        rsf_close_segment(&f);
        o = open_image(f.bytes, f.n);
        check(holds(&o, 2, 0) && o.columns->flags[0] == F24_FLAG_NEWER && o.columns->flags[1] == 0);
        f24_close(o.file);
    }
}

/* ------------------------------------------------------------------------------- other files */

static void other_files_are_named(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        f24_status status;
        const char *says;
    } cases[] = {
        {"", 0, F24_ENOTFST, "empty"},
        {"GRIB\0\0\0\2 and more", 17, F24_ENOTFST, "GRIB"},
        {"BUFR\0\0\0\2 and more", 17, F24_ENOTFST, "BUFR"},
        {"CDF\1\0\0\0\0", 8, F24_ENOTFST, "netCDF"},
        {"\x89HDF\r\n\x1a\n", 8, F24_ENOTFST, "HDF5"},
        {"\x1f\x8b\b\0\0\0\0\0", 8, F24_ENOTFST, "gunzip"},
        {"\x89PNG\r\n\x1a\n", 8, F24_ENOTFST, "PNG"},
        {"Dear reader,\n", 13, F24_ENOTFST, "text"},
        {"\0\0\0\0\0\0\0\0\0", 9, F24_ENOTFST, "zero bytes"},
        {"\1\2\3\4\5", 5, F24_ENOTFST, "01 02 03 04"},
        {"\0\0\0\0\0\0\0\0\0CMCARCHS", 17, F24_ENOTFST, "CMCARC"},
        {"\x55\x55\x55\x55\x55\x55\x55\x55\0\0\0\0", 12, F24_ENOTFST, "1989"},
        {"\0\0\0\x1a\0\0\0\0XDF0BRP0", 16, F24_ENOTFST, "BURP"},
        {"\0\0\0\x1a\0\0\0\0XDF0WHAT", 16, F24_ENOTFST, "WHAT"},
        {"\0\0\0\x1a\0\0\0\0XDF0STDR", 16, F24_ETRUNCATED, "208"},
        {"\0\0\0\x1a\0\0\0\0XDF0", 12, F24_ETRUNCATED, "12 bytes"},
        {"\3\0\0\xfe\0\0\0\0\x48\0\0\0\x13\0\0\0RSF0OTHR\xef\xbe\xad\xde", 28, F24_ENOTFST, "OTHR"},
        {"\3\0\0\xfe\0\0\0\0\x48\0\0\0\x13\0\0\0RSF0STDF\xef\xbe\xad\xde", 28, F24_ETRUNCATED,
         "140"},
        {"\3\0\0\xfe\0\0\0\0\0\0\0\x48\0\0\0\x13RSF0STDF\xde\xad\xbe\xef", 28, F24_EUNSUPPORTED,
         "big-endian"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        opened o = open_image(cases[i].bytes, cases[i].n);
        check(o.status == cases[i].status);
        check(strstr(o.err.message, cases[i].says) != NULL);
        f24_close(o.file);
    }
    memset(f.bytes, 1, 200);
    memset(f.bytes + 116, 0xAA, 8);
    check(strstr(open_image(f.bytes, 200).err.message, "1989") != NULL);
}

/* ------------------------------------------------------------------------- one field changed */

/* The tables of docs/format/containers.md, 5.1: what a file with one word changed gives. */
typedef struct fault {
    size_t at;
    uint32_t value;
    f24_status status;
    int n, n_bad, n_readable; /* records listed, flagged, whose frame is right */
    const char *warning;      /* NULL: none wanted */
} fault;

#define ENTRY_1 (208 + 32 + 72)
#define PAGE_2 (XDF_FIRST + 3 * XDF_RECORD)

static void a_changed_field_of_xdf_does_what_the_page_says(void)
{
    static const fault faults[] = {
        {16, 37447, F24_OK, 6, 0, 6, "its header says"}, /* fsiz too small */
        {16, 99999, F24_OK, 6, 0, 6, "cut short"},       /* and too large */
        {0, 0x00FFFFFF, F24_ECORRUPT, 0, 0, 0, NULL},    /* lng */
        {40, 16u << 16, F24_ECORRUPT, 0, 0, 0, NULL},    /* lprm */
        {40, 16u << 16 | 1, F24_ECORRUPT, 0, 0, 0, NULL},
        {40, 16u << 16 | 100, F24_ECORRUPT, 0, 0, 0, NULL},
        {28, 1, F24_OK, 3, 0, 3, "header counts 1"}, /* nbd */
        {28, 3, F24_OK, 6, 0, 6, "header counts 3"},
        {28, 2000, F24_OK, 6, 0, 6, "header counts 2000"},
        {PAGE_2 + 16, 27, F24_ECORRUPT, 0, 0, 0, NULL},          /* a loop */
        {208 + 16, 27, F24_ECORRUPT, 0, 0, 0, NULL},             /* onto itself */
        {208 + 16, 0x00FFFFFF, F24_OK, 3, 0, 3, "past the end"}, /* next page */
        {208 + 20, 300, F24_ECORRUPT, 0, 0, 0, NULL},            /* nent */
        {208 + 20, 0x7FFFFFFF, F24_ECORRUPT, 0, 0, 0, NULL},
        {208 + 24, 1, F24_OK, 6, 0, 6, "checksum"},
        {ENTRY_1 + 4, 0, F24_OK, 6, 1, 5, "do not fit"}, /* addr */
        {ENTRY_1 + 4, 0x7FFFFFFF, F24_OK, 6, 1, 5, "do not fit"},
        {ENTRY_1, 0x01FFFFFF, F24_OK, 6, 1, 5, "do not fit"}, /* lng */
        {ENTRY_1, 0x01000000, F24_OK, 6, 1, 5, "do not fit"},
        {ENTRY_1, 0x01000005, F24_OK, 6, 1, 5, "do not fit"},
        {ENTRY_1, 0x0100000B, F24_OK, 6, 1, 5, "checksum"}, /* too short for its field */
        {ENTRY_1, 0x7E00000D, F24_OK, 5, 0, 5, "checksum"}, /* idtyp 126: passed over */
        {ENTRY_1 + 12, 0xFFFFFFu << 8 | 'Z', F24_OK, 6, 1, 6, "checksum"}, /* ni */
        {ENTRY_1 + 12, 'Z', F24_OK, 6, 1, 6, "checksum"},
        {ENTRY_1 + 8, 300u << 8, F24_OK, 6, 1, 6, "checksum"}, /* nbits 0, 64, 255 */
        {ENTRY_1 + 8, 300u << 8 | 64, F24_OK, 6, 1, 6, "checksum"},
        {ENTRY_1 + 8, 300u << 8 | 255, F24_OK, 6, 1, 6, "checksum"},
        {ENTRY_1 + 16, 3u << 8 | 63, F24_OK, 6, 1, 6, "checksum"},   /* datyp */
        {XDF_FIRST + XDF_RECORD + 72, 1, F24_OK, 6, 0, 6, NULL},     /* auxiliary words */
        {XDF_FIRST + XDF_RECORD + 4, 1, F24_OK, 6, 0, 5, NULL},      /* record's addr */
        {XDF_FIRST + XDF_RECORD, 0x0100000C, F24_OK, 6, 0, 5, NULL}, /* and lng */
    };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const fault *t = &faults[i];
        opened o;
        xdf_two_pages(&f);
        put_be(&f, t->at, t->value);
        o = open_image(f.bytes, f.n);
        check(o.status == t->status);
        if (o.status == F24_OK) {
            check(o.n == t->n && o.n_bad == t->n_bad && n_readable(&o) == t->n_readable);
            check(t->warning != NULL ? warns_of(&o, t->warning) : o.n_warnings == 0);
        }
        f24_close(o.file);
    }
}

#define SEG_1 140
#define VDIR_1 (SEG_1 + 72 + 3 * RSF_RECORD)
#define ENTRY_R (VDIR_1 + 20 + 108) /* of the second record */
#define RECORD_R (SEG_1 + 72 + RSF_RECORD)

static void a_changed_field_of_rsf_does_what_the_page_says(void)
{
    static const fault faults[] = {
        {24, 0xDEADBEEE, F24_ECORRUPT, 0, 0, 0, NULL},
        {SEG_1 + 24, 0xDEADBEEE, F24_ECORRUPT, 0, 0, 0, NULL},
        {SEG_1 + 68, 0, F24_OK, 6, 0, 6, "damaged end mark"},
        {RECORD_R, 0xFE001380, F24_OK, 6, 0, 6, NULL},       /* only the record says deleted */
        {SEG_1 + 40, 0, F24_OK, 6, 0, 6, "not closed"},      /* sseg 0 */
        {SEG_1 + 36, 256, F24_OK, 6, 0, 6, "cut short"},     /* 2^40 */
        {SEG_1 + 40, 100, F24_ECORRUPT, 0, 0, 0, NULL},      /* turns back */
        {SEG_1 + 44, 1, F24_OK, 6, 0, 6, "lies outside"},    /* vdir */
        {SEG_1 + 52, 8192, F24_OK, 6, 0, 6, "lies outside"}, /* vdirs 2^45 */
        {SEG_1 + 56, 20, F24_ECORRUPT, 0, 0, 0, NULL},
        {VDIR_1 + 16, 1000000, F24_ECORRUPT, 0, 0, 0, NULL}, /* entries */
        {VDIR_1, 0xFE000107, F24_OK, 6, 0, 6, "no directory"},
        {ENTRY_R + 24, 0xFFFF, F24_ECORRUPT, 0, 0, 0, NULL}, /* ml */
        {ENTRY_R + 24, 0, F24_ECORRUPT, 0, 0, 0, NULL},
        {ENTRY_R + 24, 2, F24_ECORRUPT, 0, 0, 0, NULL},
        {ENTRY_R, 1, F24_OK, 6, 1, 5, "do not fit"}, /* wa */
        {ENTRY_R + 4, 72 + RSF_RECORD + 4, F24_OK, 6, 0, 5, NULL},
        {ENTRY_R + 12, 0, F24_OK, 6, 1, 5, "do not fit"}, /* rl */
        {ENTRY_R + 8, 512, F24_OK, 6, 1, 5, "do not fit"},
        {ENTRY_R + 12, 20, F24_OK, 6, 1, 5, "do not fit"},
        {ENTRY_R + 12, RSF_RECORD - 16, F24_OK, 6, 1, 5, NULL}, /* too short for its field */
        {ENTRY_R + 44 + 4, 0xFFFFFFu << 8 | 'Z', F24_OK, 6, 1, 6, NULL}, /* ni */
        {ENTRY_R + 32, 0x00090101, F24_OK, 6, 0, 6, NULL}, /* versions: newer, not bad */
        {ENTRY_R + 40, 0x09130000, F24_OK, 6, 0, 6, NULL},
        {ENTRY_R + 40, 0x0113FFFF, F24_OK, 6, 1, 6, "do not fit"}, /* E */
        {ENTRY_R + 40, 0x01FF0000, F24_OK, 6, 1, 6, "do not fit"}, /* search words */
        {RECORD_R, 0xFE001401, F24_OK, 6, 0, 5, NULL},             /* the record's rlm and rl */
        {RECORD_R + 8, RSF_RECORD + 4, F24_OK, 6, 0, 5, NULL},
        {RECORD_R + 12, 0x04000000, F24_OK, 6, 0, 5, NULL},    /* rlmd */
        {RECORD_R + RSF_RECORD - 4, 0, F24_OK, 6, 0, 5, NULL}, /* its end mark */
    };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const fault *t = &faults[i];
        opened o;
        rsf_two_sessions(&f);
        put_le(&f, t->at, t->value);
        o = open_image(f.bytes, f.n);
        check(o.status == t->status);
        if (o.status == F24_OK) {
            check(o.n == t->n && o.n_bad == t->n_bad && n_readable(&o) == t->n_readable);
            check(t->warning != NULL ? warns_of(&o, t->warning) : o.n_warnings == 0);
        }
        f24_close(o.file);
    }
}

static void a_chain_of_segments_that_turns_back_is_corrupt(void)
{
    rsf_two_sessions(&f);
    put_pair(&f, SEG_1 + 36, UINT64_MAX - 139); /* to byte 0 again */
    check(open_image(f.bytes, f.n).status == F24_ECORRUPT);
}

static void extra_bytes_at_the_end_are_told(void)
{
    static const size_t extra[] = {8, 80};

    for (int i = 0; i < 4; i++) {
        opened o;
        if (i < 2)
            rsf_two_sessions(&f);
        else
            xdf_two_pages(&f);
        o = open_image(f.bytes, f.n + extra[i % 2]); /* zeros follow */
        check(holds(&o, 6, 0) && o.n_bad == 0 && o.n_warnings > 0);
        f24_close(o.file);
    }
}

static void a_wrong_record_says_what_is_wrong(void)
{
    f24_error err;
    opened o;

    xdf_two_pages(&f);
    put_be(&f, XDF_FIRST + 4, 7);
    o = open_image(f.bytes, f.n);
    check(locate(&o, 0, &err) == F24_ECORRUPT && err.offset == XDF_FIRST);
    check(strstr(err.message, "address 7 instead of 2335") != NULL);
    f24_close(o.file);
}

/* -------------------------------------------------------------------------------- truncation */

/* Each length gives an error, or whole records with a warning; *quiet are the exceptions. */
static void check_every_length(const size_t *quiet, size_t n_quiet)
{
    for (size_t n = 0; n < f.n; n++) {
        uint8_t *cut = malloc(n + 1); /* of its own, so that a sanitizer sees its end */
        bool is_quiet = false;
        opened o;
        check(cut != NULL);
        if (cut == NULL)
            return;
        memcpy(cut, f.bytes, n);
        o = open_image(cut, n);
        for (size_t i = 0; i < n_quiet; i++)
            is_quiet = is_quiet || n == quiet[i];
        if (o.status == F24_OK) {
            check(is_quiet ? o.n_warnings == 0 : o.n_warnings > 0);
            check(n_readable(&o) + o.n_bad == o.n);
        } else {
            check(o.status == F24_ENOTFST || o.status == F24_ETRUNCATED);
        }
        f24_close(o.file);
        free(cut);
    }
}

static void no_truncation_goes_unnoticed(void)
{
    size_t ends[2];

    xdf_begin(&f, "STDR");
    xdf_page(&f);
    xdf_add(&f, 0);
    xdf_add(&f, 1);
    xdf_end(&f);
    check_every_length(NULL, 0);
    xdf_sequential(&f);
    check_every_length(NULL, 0);
    rsf_two_sessions(&f);
    ends[0] = 140; /* whole files with fewer segments: nothing in the bytes tells */
    ends[1] = f.segment;
    check_every_length(ends, 2);
}

/* ----------------------------------------------------------------------------- crashed writers */

static void a_writer_killed_while_creating_loses_no_whole_record(void)
{
    f24_file_info info;
    opened o;

    for (int sign = 0; sign < 2; sign++) {
        xdf_begin(&f, sign == 0 ? "STDR" : "STDS");
        xdf_page(&f);
        for (uint32_t i = 0; i < 5; i++)
            xdf_record(&f, i);
        put_be(&f, 28, 0); /* the header of before the first page (2.7) */
        put_be(&f, 16, 26);
        o = open_image(f.bytes, f.n);
        check(holds(&o, 5, 0) && warns_of(&o, "not closed") && warns_of(&o, "fst24 repair"));
        check(n_readable(&o) == 5 && o.columns->file_index[4] == 4);
        f24_get_file_info(o.file, &info);
        check(!info.sequential && info.n_records == 5 && info.n_parts == 1);
        f24_close(o.file);
        o = open_image(f.bytes, f.n - 8); /* the last record half written */
        check(holds(&o, 4, 0) && warns_of(&o, "ends inside"));
        f24_close(o.file);
    }
}

static void a_writer_killed_while_appending_loses_no_whole_record(void)
{
    opened o;

    xdf_two_pages(&f);
    xdf_record(&f, 6);
    xdf_record(&f, 7);
    f.bytes[f.n - XDF_RECORD] = 0xFF; /* deleted */
    xdf_record(&f, 8);
    o = open_image(f.bytes, f.n);
    check(o.n == 8 && o.n_bad == 0 && warns_of(&o, "no directory page knows"));
    check(o.columns->ip1[6] == 6 && o.columns->file_index[6] == 256 + 3);
    check(o.columns->ip1[7] == 8 && o.columns->file_index[7] == 256 + 5);
    f24_close(o.file);
    f.n += 800; /* zeros that a writer reserved */
    o = open_image(f.bytes, f.n);
    check(o.n == 8 && n_readable(&o) == 8);
    f24_close(o.file);
}

static void a_page_met_in_the_walk_knows_its_edits(void)
{
    opened o;

    xdf_two_pages(&f);
    f.bytes[208 + 32] = 0xFE;                /* record 0: deleted in the page alone */
    put_be(&f, 208 + 32 + 72 + 56, 77 << 4); /* record 1: its ip1 edited there */
    xdf_checksum(&f, 208);
    put_be(&f, 28, 0);
    put_be(&f, 16, 26);
    o = open_image(f.bytes, f.n);
    check(o.n == 5 && o.columns->ip1[0] == 77 && o.columns->ip1[1] == 2);
    check(o.columns->file_index[2] == 256 && o.columns->ip1[2] == 3);
    f24_close(o.file);
}

static void an_open_last_segment_is_walked(void)
{
    f24_file_info info;
    opened o;

    rsf_two_sessions(&f);
    rsf_open_segment(&f, "STDF");
    rsf_add(&f, 6, NULL);
    rsf_add(&f, 7, "{}");
    f.bytes[f.n - RSF_RECORD - 4 - RSF_RECORD] = 0x80; /* record 6 deleted: its start tells */
    f.bytes[1] = f.bytes[2] = 0xFF;
    o = open_image(f.bytes, f.n);
    check(o.n == 7 && o.columns->ip1[6] == 7 && o.columns->file_index[6] == 7);
    check(warns_of(&o, "not closed") && warns_of(&o, "fst24 repair") && n_readable(&o) == 7);
    check((o.columns->flags[6] & F24_FLAG_JSON) != 0);
    f24_get_file_info(o.file, &info);
    check(info.open_for_writing && info.n_deleted == 1);
    f24_close(o.file);
    o = open_image(f.bytes, f.n - 4);
    check(holds(&o, 6, 0) && warns_of(&o, "not written whole"));
    f24_close(o.file);
}

static void a_sparse_segment_of_a_dead_writer_is_walked(void)
{
    size_t start, top;
    opened o;

    rsf_two_sessions(&f);
    rsf_open_segment(&f, "STDF");
    start = f.segment;
    top = start + 8192;
    rsf_add(&f, 6, NULL);
    put_pair(&f, start + 36, 8192); /* sseg known, seg 0 (3.7) */
    put_le(&f, top - 48, 0xCAFEFADE);
    rsf_sizes(&f, top - 44, 0, 8192, 0, 0);
    rsf_finish(&f, top - 12, 4, 19, 8192 - 72);
    f.n = top;
    rsf_open_segment(&f, "STDF"); /* another writer's, closed */
    rsf_add(&f, 7, NULL);
    rsf_close_segment(&f);
    o = open_image(f.bytes, f.n);
    check(holds(&o, 8, 0) && o.n_warnings == 1 && warns_of(&o, "not closed"));
    check(n_readable(&o) == 8);
    f24_close(o.file);
}

static void free_space_between_segments_is_passed_over(void)
{
    opened o;

    rsf_two_sessions(&f);
    rsf_open_segment(&f, "<-->");
    put_pair(&f, f.segment + 36, 4096);
    f.n = f.segment + 4096;
    rsf_open_segment(&f, "STDF");
    rsf_add(&f, 6, NULL);
    rsf_close_segment(&f);
    o = open_image(f.bytes, f.n);
    check(holds(&o, 7, 0) && o.n_warnings == 0);
    f24_close(o.file);
}

static void files_joined_behind_an_open_segment_are_found(void)
{
    opened o;

    rsf_two_sessions(&g);
    rsf_begin(&f);
    rsf_open_segment(&f, "STDF");
    rsf_add(&f, 100, NULL);
    memcpy(f.bytes + f.n, g.bytes, g.n);
    o = open_image(f.bytes, f.n + g.n);
    check(o.n == 7 && o.columns->ip1[0] == 100 && o.columns->ip1[6] == 5 && n_readable(&o) == 7);
    f24_close(o.file);
}

/* ----------------------------------------------------------------------------- stored records */

static void a_stored_record_stands_alone(void)
{
    for (int rsf = 0; rsf < 2; rsf++) {
        uint8_t stored[256];
        f24_stored s;
        f24_record r;
        opened o;
        size_t n;
        if (rsf)
            rsf_two_sessions(&f);
        else
            xdf_two_pages(&f);
        o = open_image(f.bytes, f.n);
        n = (size_t)o.columns->n_bytes[3];
        check(f24_read_stored(o.file, 3, stored, n, NULL) == F24_OK);
        check(f24_read_stored(o.file, 3, stored, n - 1, NULL) == F24_EINVAL);
        check(f24_stored_parse(stored, n, &s, NULL) == F24_OK);
        check(s.backend == (rsf ? F24_RSF : F24_XDF) && s.n_bytes == PAYLOAD);
        check(s.little == (rsf != 0) && s.flags == (rsf ? F24_FLAG_JSON : 0));
        f24_keys_decode(stored + s.keys, s.little, &r);
        check(r.ip1 == 3 && strcmp(r.etiket, "ABCDEFGHIJKL") == 0);
        for (size_t cut = 0; cut < n; cut++)
            check(f24_stored_parse(stored, cut, &s, NULL) == F24_ETRUNCATED);
        memset(stored, 0, sizeof stored);
        check(f24_stored_parse(stored, n, &s, NULL) == F24_ENOTFST);
        f24_close(o.file);
    }
}

/* ------------------------------------------------------------------------------------ readers */

static int n_closed;

static int read_image(void *context, uint64_t offset, void *buffer, size_t n_bytes)
{
    const image *from = context;

    memcpy(buffer, from->bytes + offset, n_bytes);
    return 0;
}

static void count_close(void *context)
{
    (void)context;
    n_closed++;
}

static void a_reader_is_closed_once_and_only_after_success(void)
{
    f24_reader reader = {&f, 0, read_image, count_close};
    f24_file *file = NULL;

    rsf_two_sessions(&f);
    reader.size = 100;
    check(f24_open_reader(&reader, &file, NULL) == F24_ETRUNCATED && n_closed == 0);
    reader.size = f.n;
    check(f24_open_reader(&reader, &file, NULL) == F24_OK && n_closed == 0);
    check(f24_table_columns(f24_file_table(file))->ip1[5] == 5);
    f24_close(file);
    check(n_closed == 1);
}

static void a_retained_table_outlives_its_file(void)
{
    const f24_table *table;
    opened o;

    xdf_two_pages(&f);
    o = open_image(f.bytes, f.n);
    table = f24_table_retain(f24_file_table(o.file));
    f24_close(o.file);
    check(f24_table_columns(table)->ip1[5] == 5);
    f24_table_release(table);
    f24_table_release(NULL);
    f24_close(NULL);
}

/* ------------------------------------------------------------------------------ big directories */

/* A directory of n entries of 108 bytes (200,000 go to two threads); those in `gone` are deleted.
 */
typedef struct big {
    uint8_t *bytes;
    size_t n_bytes;
} big;

static big make_big(uint32_t n, bool mixed)
{
    size_t vdir = 72 + (size_t)n * RSF_RECORD, vdirs = 32 + (size_t)n * 108;
    size_t at = 0, total = 140 + vdir + vdirs + 68;
    big b = {mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), total};

    if (b.bytes == MAP_FAILED)
        abort();
    rsf_begin(&f);
    rsf_open_segment(&f, "STDF");
    rsf_sizes(&f, 140 + 28, vdir + vdirs, vdir + vdirs + 68, vdir, vdirs);
    memcpy(b.bytes, f.bytes, f.n);
    rsf_begin(&f);
    rsf_open_segment(&f, "STDF");
    rsf_start(&f, 0, 6, 1, vdirs, 0);
    put_le(&f, 16, n);
    memcpy(b.bytes + 140 + vdir, f.bytes, 20);
    rsf_finish(&f, 0, 6, 1, vdirs);
    memcpy(b.bytes + 140 + vdir + vdirs - 12, f.bytes, 12);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *entry = b.bytes + 140 + vdir + 20 + at;
        /* mixed: longer entries in the first half, as many embedded files with shorter ones after
         */
        uint32_t words = !mixed ? 19 : i < n / 2 ? 20 : 18;
        const uint32_t head[3] = {words == 18 ? 0x00018007u : 0x00010101u, 0, 0x01130000u};
        f.n_entry_bytes = f.n_entries = 0;
        f.n = f.segment + 72;
        rsf_add_as(&f, i, head, NULL);
        memcpy(entry, f.entries, 32 + (words < 19 ? words : 19u) * 4);
        put_pair(&f, 0, 72 + (uint64_t)i * RSF_RECORD);
        memcpy(entry, f.bytes, 8);
        entry[24] = (uint8_t)words;
        entry[26] = (uint8_t)words;
        if (!mixed && i % 5 == 0)
            entry[32] = 0x80;
        at += 32 + (size_t)words * 4;
    }
    return b;
}

static void two_threads_give_what_one_gives(void)
{
    const uint32_t n = 200000;

    for (int mixed = 0; mixed < 2; mixed++) {
        big b = make_big(n, mixed != 0);
        opened o = open_image(b.bytes, b.n_bytes);
        int64_t wrong = 0, row = 0;
        check(o.status == F24_OK && o.n == (mixed ? n / 2 : n - n / 5));
        for (uint32_t i = 0; i < n && row < o.n; i++) {
            if (mixed ? i >= n / 2 : i % 5 == 0)
                continue;
            wrong += o.columns->ip1[row] != (int32_t)i ||
                     o.columns->file_index[row] != (int32_t)i ||
                     o.columns->offset[row] != 140 + 72 + (uint64_t)i * RSF_RECORD ||
                     o.columns->etiket[row][11] != 'L';
            row++;
        }
        check(wrong == 0 && row == o.n);
        f24_close(o.file);
        (void)munmap(b.bytes, b.n_bytes);
    }
}

/* ------------------------------------------------------------------------------------- damage */

static void damaged_bytes_never_break_the_reader(void)
{
    unsigned seed = 7;

    for (int variant = 0; variant < 3000; variant++) {
        uint8_t *bytes;
        opened o;
        if (variant % 3 == 0)
            xdf_two_pages(&f);
        else if (variant % 3 == 1)
            rsf_two_sessions(&f);
        else
            xdf_sequential(&f);
        bytes = malloc(f.n);
        check(bytes != NULL);
        if (bytes == NULL)
            return;
        for (int i = 0; i < 3; i++) {
            size_t at = (size_t)rand_r(&seed) % f.n;
            if (variant % 3 == 0 && i < 2)
                at %= 208 + 32 + 6 * 72; /* most of a page is empty: aim */
            f.bytes[at] = (uint8_t)rand_r(&seed);
        }
        memcpy(bytes, f.bytes, f.n);
        o = open_image(bytes, f.n);
        check(n_readable(&o) <= 2000);
        f24_close(o.file);
        free(bytes);
    }
}

int main(void)
{
    every_field_comes_from_its_bits();
    the_origin_date_is_what_the_format_page_says();
    sequential_files_are_listed();
    a_file_signed_sequential_with_pages_is_random();
    joined_files_are_one();
    deleted_records_keep_their_number();
    extended_metadata_are_read();
    metadata_of_version_0_end_with_the_record();
    an_embedded_file_is_passed_over();
    a_newer_version_is_listed_as_newer();
    other_files_are_named();
    a_changed_field_of_xdf_does_what_the_page_says();
    a_changed_field_of_rsf_does_what_the_page_says();
    a_chain_of_segments_that_turns_back_is_corrupt();
    extra_bytes_at_the_end_are_told();
    a_wrong_record_says_what_is_wrong();
    no_truncation_goes_unnoticed();
    a_writer_killed_while_creating_loses_no_whole_record();
    a_writer_killed_while_appending_loses_no_whole_record();
    a_page_met_in_the_walk_knows_its_edits();
    an_open_last_segment_is_walked();
    a_sparse_segment_of_a_dead_writer_is_walked();
    free_space_between_segments_is_passed_over();
    files_joined_behind_an_open_segment_are_found();
    a_stored_record_stands_alone();
    a_reader_is_closed_once_and_only_after_success();
    a_retained_table_outlives_its_file();
    two_threads_give_what_one_gives();
    damaged_bytes_never_break_the_reader();
    return report();
}
