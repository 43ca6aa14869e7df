/* Files that are damaged, cut, or were never closed. */
#include "harness.h"
#include "images.h"
#include "opened.h"

#include <stdlib.h>

static image f, g;

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
        {28, 1, F24_OK, 6, 0, 6, "header counts 1"}, /* nbd */
        {28, 3, F24_OK, 6, 0, 6, "header counts 3"},
        {28, 2000, F24_OK, 6, 0, 6, "header counts 2000"},
        {PAGE_2 + 16, 27, F24_OK, 6, 0, 6, "is a loop"},         /* a loop */
        {208 + 16, 27, F24_OK, 6, 0, 6, "is a loop"},            /* onto itself */
        {208 + 16, 0x00FFFFFF, F24_OK, 6, 0, 6, "past the end"}, /* next page */
        {208 + 16, 5000, F24_OK, 6, 0, 6, "no directory page"},
        {208 + 16, 2335, F24_OK, 6, 0, 6, "no directory page"},       /* the first record */
        {208, 7u << 24 | 2308, F24_OK, 6, 0, 6, "no directory page"}, /* idtyp */
        {208, 2307, F24_OK, 6, 0, 6, "no directory page"},            /* lng */
        {208 + 4, 26, F24_OK, 6, 0, 6, "no directory page"},          /* addr */
        {PAGE_2, 7u << 24 | 2308, F24_OK, 6, 0, 6, "no directory page"},
        {PAGE_2, 2307, F24_OK, 6, 0, 6, "no directory page"},
        {PAGE_2 + 4, 26, F24_OK, 6, 0, 6, "no directory page"},
        {208 + 20, 300, F24_OK, 6, 0, 6, "claims 300"}, /* nent */
        {208 + 20, 0x7FFFFFFF, F24_OK, 6, 0, 6, "256 at most"},
        {PAGE_2 + 20, 300, F24_OK, 6, 0, 6, "claims 300"},
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
        {RECORD_R, 0xFE001380, F24_OK, 6, 0, 6, NULL},   /* only the record says deleted */
        {SEG_1 + 40, 0, F24_OK, 6, 0, 6, "not closed"},  /* sseg 0 */
        {SEG_1 + 36, 256, F24_OK, 6, 0, 6, "cut short"}, /* 2^40 */
        {SEG_1 + 40, 100, F24_OK, 6, 0, 6, "cannot be"}, /* too short */
        {40, 0, F24_OK, 6, 0, 6, "not closed"},
        {40, 72, F24_OK, 6, 0, 6, "cannot be"},
        {SEG_1 + 44, 1, F24_OK, 6, 0, 6, "lies outside"},    /* vdir */
        {SEG_1 + 52, 8192, F24_OK, 6, 0, 6, "lies outside"}, /* vdirs 2^45 */
        {SEG_1 + 56, 20, F24_OK, 6, 0, 6, "is 20 bytes long"},
        {VDIR_1 + 16, 1000000, F24_OK, 6, 0, 6, "claims 1000000"}, /* entries */
        {VDIR_1 + 16, 5, F24_OK, 6, 0, 6, "leaves the directory"},
        {VDIR_1 + 16, 1, F24_OK, 6, 0, 6, "do not fill it"},
        {VDIR_1 + 16, 0, F24_OK, 6, 0, 6, "do not fill it"},
        {VDIR_1, 0xFE000107, F24_OK, 6, 0, 6, "no directory"},
        {ENTRY_R + 24, 0xFFFF, F24_OK, 6, 0, 6, "leaves the directory"}, /* ml */
        {ENTRY_R + 24, 0, F24_OK, 6, 0, 6, "0 words of metadata"},
        {ENTRY_R + 24, 2, F24_OK, 6, 0, 6, "2 words of metadata"},
        {ENTRY_R + 24, 20 << 16 | 19, F24_OK, 6, 0, 6, "20 words of metadata"},
        {ENTRY_R + 24, 18 << 16 | 18, F24_OK, 6, 0, 6, "18 words of metadata"},
        {ENTRY_R + 24, 20 << 16 | 20, F24_OK, 6, 1, 5, "directory entry"},
        {ENTRY_R + 24, 19 << 16 | 0xFFFF, F24_OK, 6, 1, 5, "do not fit"},
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

static void a_chain_of_segments_cannot_turn_back(void)
{
    opened o;

    rsf_two_sessions(&f);
    put_pair(&f, SEG_1 + 36, UINT64_MAX - 139); /* to byte 0 again */
    o = open_image(f.bytes, f.n);
    check(holds(&o, 6, 0) && n_readable(&o) == 6 && warns_of(&o, "cannot be"));
    f24_close(o.file);
}

/* -------------------------------------------------------------------------- damaged directories */

/* Three pages of three records; record 4 is deleted, and the ip1 of 7 edited, in pages alone. */
static size_t three_pages(size_t pages[3])
{
    xdf_begin(&f, "STDR");
    for (uint32_t i = 0; i < 9; i++) {
        if (i % 3 == 0) {
            xdf_page(&f);
            pages[i / 3] = f.page;
        }
        xdf_add(&f, i);
    }
    f.bytes[pages[1] + 32 + 72] = 0xFF;
    put_be(&f, pages[2] + 32 + 72 + 56, 77 << 4);
    xdf_end(&f);
    return f.n;
}

static void check_three_pages(const char *warning, bool is_unclosed)
{
    static const int32_t ip1[8] = {0, 1, 2, 3, 5, 6, 77, 8};
    static const int32_t file_index[8] = {0, 1, 2, 256, 258, 512, 513, 514};
    opened o;

    if (is_unclosed)
        put_be(&f, 56, 2);
    o = open_image(f.bytes, f.n);
    check(o.n == 8 && o.n_bad == 0 && n_readable(&o) == 8);
    check(warns_of(&o, warning) && warns_of(&o, "copy it again"));
    for (int64_t i = 0; i < o.n && i < 8; i++)
        check(o.columns->ip1[i] == ip1[i] && o.columns->file_index[i] == file_index[i]);
    f24_close(o.file);
}

static void a_damaged_page_hides_no_record_and_brings_none_back(void)
{
    size_t pages[3];

    for (int unclosed = 0; unclosed < 2; unclosed++) {
        for (int k = 0; k < 3; k++) {
            (void)three_pages(pages);
            put_be(&f, pages[k], 9u << 24 | 2308);
            check_three_pages("no directory page", unclosed != 0);
            (void)three_pages(pages);
            put_be(&f, pages[k], 100);
            check_three_pages("no directory page", unclosed != 0);
            (void)three_pages(pages);
            put_be(&f, pages[k] + 4, 0);
            check_three_pages("no directory page", unclosed != 0);
            (void)three_pages(pages);
            put_be(&f, pages[k] + 20, 400); /* its checksum tells the true count */
            check_three_pages("claims 400", unclosed != 0);
            (void)three_pages(pages);
            put_be(&f, pages[k] + 16, 27);
            check_three_pages("is a loop", unclosed != 0);
            (void)three_pages(pages);
            put_be(&f, pages[k] + 16, 0x00FFFFFF);
            check_three_pages("past the end", unclosed != 0);
        }
    }
}

static void two_damaged_pages_hide_no_record(void)
{
    size_t pages[3];

    (void)three_pages(pages);
    put_be(&f, pages[1], 9u << 24 | 2308);
    put_be(&f, pages[2] + 4, 0);
    check_three_pages("no directory page", false);
}

static void records_of_bad_entries_are_not_listed_twice(void)
{
    size_t pages[3];
    opened o;

    (void)three_pages(pages);
    put_be(&f, pages[0] + 32 + 72 + 4, 0); /* the last two of the page in front of the damage */
    put_be(&f, pages[0] + 32 + 144 + 4, 27);
    put_be(&f, pages[1], 100);
    o = open_image(f.bytes, f.n);
    check(o.n == 8 && o.n_bad == 1 && o.columns->ip1[2] == 2 && o.columns->ip1[3] == 3);
    check(n_readable(&o) == 6);
    f24_close(o.file);
}

static void a_damaged_page_without_records_is_an_error(void)
{
    opened o;

    xdf_begin(&f, "STDR");
    xdf_page(&f);
    xdf_end(&f);
    put_be(&f, 208, 100);
    o = open_image(f.bytes, f.n);
    check(o.status == F24_ECORRUPT && strstr(o.err.message, "no whole record") != NULL);
    rsf_begin(&f);
    rsf_open_segment(&f, "STDF");
    rsf_close_segment(&f);
    put_le(&f, SEG_1 + 72 + 16, 1000);
    o = open_image(f.bytes, f.n);
    check(o.status == F24_ECORRUPT && strstr(o.err.message, "claims 1000") != NULL);
}

static void a_page_with_more_records_than_its_header_counts_has_room(void)
{
    opened o;

    xdf_begin(&f, "STDR");
    xdf_page(&f);
    for (uint32_t i = 0; i < 256; i++)
        xdf_add(&f, i);
    xdf_page(&f);
    for (uint32_t i = 256; i < 400; i++)
        xdf_add(&f, i);
    xdf_end(&f);
    put_be(&f, 28, 1);
    o = open_image(f.bytes, f.n);
    check(holds(&o, 400, 0) && n_readable(&o) == 400 && warns_of(&o, "header counts 1"));
    f24_close(o.file);
    put_be(&f, 208, 100); /* and in a walk */
    o = open_image(f.bytes, f.n);
    check(holds(&o, 400, 0) && n_readable(&o) == 400 && o.columns->file_index[399] == 399);
    f24_close(o.file);
}

/* A session of eight; record 2 is deleted in its entry, 5 in both places, 6 in its entry alone. */
static size_t rsf_eight(void)
{
    size_t entries;

    rsf_begin(&f);
    rsf_open_segment(&f, "STDF");
    for (uint32_t i = 0; i < 8; i++)
        rsf_add(&f, i, NULL);
    entries = f.n + 20;
    rsf_close_segment(&f);
    f.bytes[entries + 2 * 108 + 32] = 0x80;
    f.bytes[entries + 5 * 108 + 32] = 0x80;
    f.bytes[SEG_1 + 72 + 5 * RSF_RECORD] = 0x80;
    put_pair(&f, entries + 5 * 108, SEG_1 + 72 + 5 * RSF_RECORD); /* absolute (3.5) */
    f.bytes[entries + 6 * 108 + 32] = 0x80;
    rsf_open_segment(&f, "STDF");
    rsf_add(&f, 8, NULL);
    rsf_close_segment(&f);
    return entries;
}

static void check_eight(void)
{
    static const int32_t ip1[6] = {0, 1, 3, 4, 7, 8};
    f24_file_info info;
    opened o = open_image(f.bytes, f.n);

    check(o.n == 6 && n_readable(&o) == 6 && o.n_bad == 0 && warns_of(&o, "copy it again"));
    for (int64_t i = 0; i < o.n && i < 6; i++)
        check(o.columns->ip1[i] == ip1[i] && o.columns->file_index[i] == ip1[i]);
    if (o.status == F24_OK) {
        f24_get_file_info(o.file, &info);
        check(info.n_deleted == 3);
    }
    f24_close(o.file);
}

static void a_damaged_entry_hides_no_record_and_brings_none_back(void)
{
    static const uint32_t ml[] = {0, 2, 0xFFFF, 18u << 16 | 18, 20u << 16 | 19, 0xFFFFu << 16 | 19};

    for (size_t k = 0; k < 8; k++) {
        for (size_t i = 0; i < sizeof ml / sizeof ml[0]; i++) {
            size_t entries = rsf_eight();
            bool is_gone = k == 2 || k == 5 || k == 6;
            if (is_gone && i == 3) /* reads on: not so long, but a deleted entry has no fields */
                continue;
            put_le(&f, entries + k * 108 + 24, ml[i]);
            check_eight();
        }
    }
}

static void a_wrong_count_of_entries_hides_no_record_and_brings_none_back(void)
{
    static const uint32_t counts[] = {0, 1, 2, 3, 4, 6, 7, 9, 20, 1000000, 0xFFFFFFFF};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t entries = rsf_eight();
        put_le(&f, entries - 4, counts[i]);
        check_eight();
    }
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
    a_changed_field_of_xdf_does_what_the_page_says();
    a_changed_field_of_rsf_does_what_the_page_says();
    a_chain_of_segments_cannot_turn_back();
    a_damaged_page_hides_no_record_and_brings_none_back();
    two_damaged_pages_hide_no_record();
    records_of_bad_entries_are_not_listed_twice();
    a_damaged_page_without_records_is_an_error();
    a_page_with_more_records_than_its_header_counts_has_room();
    a_damaged_entry_hides_no_record_and_brings_none_back();
    a_wrong_count_of_entries_hides_no_record_and_brings_none_back();
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
    damaged_bytes_never_break_the_reader();
    return report();
}
