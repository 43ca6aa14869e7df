/* Containers, the table and opening, on small files made by hand. */
#include "harness.h"
#include "images.h"
#include "opened.h"

#include <stdlib.h>
#include <sys/mman.h>

static image f;

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

static void a_damaged_entry_costs_two_threads_nothing_in_front_of_it(void)
{
    static const uint32_t damaged[] = {7, 99999, 100002, 199999};

    for (int i = 0; i < 4; i++) {
        big b = make_big(200000, false);
        size_t entries = b.n_bytes - 68 - 12 - (size_t)200000 * 108;
        opened o;
        b.bytes[entries + (size_t)damaged[i] * 108 + 26] = 2; /* no record lies behind the marks */
        o = open_image(b.bytes, b.n_bytes);
        check(o.status == F24_OK && o.n == damaged[i] - (damaged[i] + 4) / 5);
        check(warns_of(&o, "2 words of metadata") && o.n_warnings == 1);
        check(o.n > 0 && o.columns->file_index[o.n - 1] == (int32_t)damaged[i] - 1);
        f24_close(o.file);
        (void)munmap(b.bytes, b.n_bytes);
    }
}

/* A record of one value and the payload that its type needs, whatever nbits says. */
static void flags_count_the_bits_that_a_type_takes(void)
{
    static const struct {
        uint32_t datyp, nbits, ni, nj;
        bool bad;
    } cases[] = {
        {3, 0, 24, 1, false},  {3, 255, 24, 1, false}, {3, 8, 25, 1, true},
        {7, 0, 24, 1, false},  {7, 255, 24, 1, false}, {7, 4, 25, 1, true},
        {7, 32, 24, 1, false}, {6, 12, 12, 1, false},  {6, 8, 13, 1, true},
        {6, 0, 12, 1, true},   {6, 65, 2, 1, true},    {5, 32, 6, 1, false},
        {5, 32, 7, 1, true},   {2, 12, 16, 1, false},  {8, 32, 3, 1, false},
        {8, 32, 4, 1, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t entry = 208 + 32;
        opened o;
        xdf_begin(&f, "STDR");
        xdf_page(&f);
        xdf_add(&f, 0);
        put_be(&f, entry + 8, 300u << 8 | cases[i].nbits);
        put_be(&f, entry + 12, cases[i].ni << 8 | 'Z');
        put_be(&f, entry + 16, cases[i].nj << 8 | cases[i].datyp);
        xdf_end(&f);
        o = open_image(f.bytes, f.n);
        check(o.n == 1 && (o.n_bad == 1) == cases[i].bad);
        f24_close(o.file);
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
    a_stored_record_stands_alone();
    a_reader_is_closed_once_and_only_after_success();
    a_retained_table_outlives_its_file();
    two_threads_give_what_one_gives();
    a_damaged_entry_costs_two_threads_nothing_in_front_of_it();
    flags_count_the_bits_that_a_type_takes();
    return report();
}
