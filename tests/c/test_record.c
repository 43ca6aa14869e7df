/* Values of records: whole, in part, in place, many at once, on their own; behind every source. */
#include "harness.h"

#include "images.h"

#include "fst24.h"

#include <stdlib.h>
#include <unistd.h>

#define N_VALUES 6 /* 2 x 3 */
#define N_RECORDS 6

static image xdf, rsf;

static float value_of(int64_t record, int64_t i)
{
    return (float)(10 * record + i) + 0.5f;
}

/* Write the values of every record over the payloads of an image, where the library finds them. */
static void fill(image *f)
{
    f24_file *file = NULL;
    f24_file_info info;

    check(f24_open_memory(f->bytes, f->n, &file, NULL) == F24_OK);
    f24_get_file_info(file, &info);
    for (int64_t r = 0; r < info.n_records; r++) {
        size_t payload = (size_t)(f24_table_columns(f24_file_table(file))->offset[r] +
                                  f24_table_columns(f24_file_table(file))->n_bytes[r]) -
                         PAYLOAD - (info.backend == F24_RSF ? 12 : 0);
        for (size_t i = 0; i < N_VALUES; i++) {
            float v = value_of(r, (int64_t)i);
            uint32_t bits;
            memcpy(&bits, &v, sizeof bits);
            if (info.backend == F24_RSF)
                put_le(f, payload + 4 * i, bits);
            else
                put_be(f, payload + 4 * i, bits);
        }
    }
    f24_close(file);
}

static bool is_record(const float *values, int64_t r)
{
    for (int64_t i = 0; i < N_VALUES; i++) {
        if (values[i] != value_of(r, i))
            return false;
    }
    return true;
}

static void every_record_gives_its_values(const f24_file *file)
{
    for (int64_t r = 0; r < N_RECORDS; r++) {
        f24_read_options options = F24_READ_INIT;
        float values[N_VALUES];
        uint8_t mask[N_VALUES];
        f24_array array;
        memset(mask, 7, sizeof mask);
        options.mask = mask;
        check(f24_describe(file, r, &array, NULL) == F24_OK && array.kind == F24_FLOAT &&
              array.item_bytes == 4 && array.shape[0] == 2 && array.shape[1] == 3);
        check(f24_read(file, r, &options, values, sizeof values, NULL) == F24_OK);
        check(is_record(values, r) && mask[0] == 0 && mask[N_VALUES - 1] == 0);
    }
}

static void a_wrong_size_and_a_wrong_index_are_refused(const f24_file *file)
{
    float values[N_VALUES + 1];
    f24_array array;
    f24_error err;

    check(f24_read(file, 1, NULL, values, sizeof values, &err) == F24_EINVAL && err.record == 1);
    check(f24_read(file, N_RECORDS, NULL, values, 24, &err) == F24_ENOTFOUND);
    check(f24_read(file, -1, NULL, values, 24, &err) == F24_ENOTFOUND);
    check(f24_describe(file, N_RECORDS, &array, &err) == F24_ENOTFOUND);
}

static void every_box_equals_its_part_of_the_record(const f24_file *file)
{
    for (int64_t i = 0; i < 2; i++) {
        for (int64_t j = 0; j < 3; j++) {
            for (int64_t ni = 1; i + ni <= 2; ni++) {
                for (int64_t nj = 1; j + nj <= 3; nj++) {
                    const f24_box box = {{i, j, 0}, {ni, nj, 1}};
                    float part[N_VALUES];
                    check(f24_read_box(file, 2, &box, NULL, part, (size_t)(ni * nj) * 4, NULL) ==
                          F24_OK);
                    for (int64_t k = 0; k < ni * nj; k++)
                        check(part[k] == value_of(2, i + k % ni + 2 * (j + k / ni)));
                }
            }
        }
    }
}

static void a_box_that_leaves_the_record_is_refused(const f24_file *file)
{
    const f24_box boxes[] = {
        {{0, 0, 0}, {3, 1, 1}},  {{2, 0, 0}, {1, 1, 1}}, {{0, 0, 0}, {1, 0, 1}},
        {{-1, 0, 0}, {1, 1, 1}}, {{0, 0, 1}, {1, 1, 1}}, {{0, 1, 0}, {1, INT64_MAX, 1}},
    };
    float part[N_VALUES];
    f24_error err;

    for (size_t b = 0; b < sizeof boxes / sizeof boxes[0]; b++)
        check(f24_read_box(file, 2, &boxes[b], NULL, part, 4, &err) == F24_EINVAL &&
              err.record == 2);
}

static void many_reads_report_the_one_that_fails(const f24_file *file)
{
    float values[N_RECORDS][N_VALUES];
    f24_job jobs[N_RECORDS];
    f24_error err;

    for (int64_t r = 0; r < N_RECORDS; r++)
        jobs[r] =
            (f24_job){.file = file, .index = r, .out = values[r], .n_bytes = sizeof values[r]};
    check(f24_read_many(jobs, N_RECORDS, NULL, 3, &err) == F24_OK);
    jobs[3].index = 99;
    memset(values, 0, sizeof values);
    check(f24_read_many(jobs, N_RECORDS, NULL, 3, &err) == F24_ENOTFOUND && err.record == 99);
    for (int64_t r = 0; r < N_RECORDS; r++)
        check(is_record(values[r], r) == (r != 3));
    check(f24_read_many(jobs, 0, NULL, 8, NULL) == F24_OK);
}

static void a_stored_record_decodes_on_its_own(const f24_file *file)
{
    for (int64_t r = 0; r < N_RECORDS; r++) {
        f24_record row, own;
        f24_array array;
        float values[N_VALUES];
        uint8_t stored[512];
        check(f24_get_record(file, r, &row, NULL) == F24_OK && row.n_bytes <= sizeof stored);
        check(f24_read_stored(file, r, stored, row.n_bytes, NULL) == F24_OK);
        check(f24_decode_record(stored, row.n_bytes, &own, &array, NULL) == F24_OK);
        check(own.ip1 == row.ip1 && own.datev == row.datev && strcmp(own.nomvar, row.nomvar) == 0);
        check(f24_decode(stored, row.n_bytes, NULL, values, sizeof values, NULL) == F24_OK);
        check(is_record(values, r));
        for (size_t n = 0; n < row.n_bytes; n++)
            check(f24_decode(stored, n, NULL, values, sizeof values, NULL) != F24_OK);
    }
}

static void a_stored_record_gives_its_extended_metadata(const f24_file *file)
{
    f24_file_info info;

    f24_get_file_info(file, &info);
    for (int64_t r = 0; r < N_RECORDS; r++) {
        const char *wanted = info.backend == F24_RSF && r == 3 ? "{\"a\":1}" : "";
        size_t length = strlen(wanted), n = 99;
        uint8_t stored[512];
        char text[16] = "before";
        f24_record row;
        check(f24_get_record(file, r, &row, NULL) == F24_OK && row.n_bytes <= sizeof stored);
        check(f24_read_stored(file, r, stored, row.n_bytes, NULL) == F24_OK);
        check(f24_decode_json(stored, row.n_bytes, NULL, 0, &n, NULL) ==
              (length > 0 ? F24_EINVAL : F24_OK));
        check(n == length);
        if (length > 0)
            check(f24_decode_json(stored, row.n_bytes, text, length, &n, NULL) == F24_EINVAL &&
                  n == length && strcmp(text, "before") == 0);
        check(f24_decode_json(stored, row.n_bytes, text, length + 1, &n, NULL) == F24_OK);
        check(n == length && strcmp(text, wanted) == 0);
        for (size_t cut = 0; cut < row.n_bytes; cut++)
            check(f24_decode_json(stored, cut, text, sizeof text, &n, NULL) != F24_OK);
    }
}

static void extended_metadata_without_an_end_are_corrupt(void)
{
    const uint64_t at = 16 + 19 * 4; /* behind the start mark and the search words */
    f24_file *file = NULL;
    uint8_t stored[512];
    char text[16];
    f24_record row;
    f24_error err;
    size_t n = 0;

    check(f24_open_memory(rsf.bytes, rsf.n, &file, NULL) == F24_OK);
    check(f24_get_record(file, 3, &row, NULL) == F24_OK);
    check(f24_read_stored(file, 3, stored, row.n_bytes, NULL) == F24_OK);
    check(memcmp(stored + at, "{\"a\":1}", 8) == 0);
    stored[at + 7] = ' ';
    check(f24_decode_json(stored, row.n_bytes, text, sizeof text, &n, &err) == F24_ECORRUPT);
    check(err.offset == (int64_t)at && n == 0);
    f24_close(file);
}

static void test_file(const f24_file *file)
{
    every_record_gives_its_values(file);
    a_wrong_size_and_a_wrong_index_are_refused(file);
    every_box_equals_its_part_of_the_record(file);
    a_box_that_leaves_the_record_is_refused(file);
    many_reads_report_the_one_that_fails(file);
    a_stored_record_decodes_on_its_own(file);
    a_stored_record_gives_its_extended_metadata(file);
}

static void native_values_are_seen_in_place_after_close(void)
{
    f24_file *file = NULL;
    const void *data = NULL;
    f24_hold *hold = NULL;

    check(f24_open_memory(rsf.bytes, rsf.n, &file, NULL) == F24_OK);
    check(f24_view(file, 4, &data, &hold, NULL) == F24_OK && data != NULL);
    f24_close(file);
    check(is_record(data, 4));
    f24_hold_release(hold);

    check(f24_open_memory(xdf.bytes, xdf.n, &file, NULL) == F24_OK);
    check(f24_view(file, 4, &data, &hold, NULL) == F24_OK && data == NULL && hold == NULL);
    f24_close(file);
}

/* Byte `at` of record 2 changed: every other record is read, this one is refused. */
static void a_record_that_contradicts_the_directory_is_refused(const image *f, size_t at)
{
    static image damaged;
    f24_file *file = NULL;
    float values[N_VALUES];
    f24_error err;
    size_t record;

    damaged = *f;
    check(f24_open_memory(damaged.bytes, damaged.n, &file, NULL) == F24_OK);
    record = (size_t)f24_table_columns(f24_file_table(file))->offset[2];
    damaged.bytes[record + at] ^= 1;
    for (int64_t r = 0; r < N_RECORDS; r++) {
        f24_status status = f24_read(file, r, NULL, values, sizeof values, &err);
        check(status == (r == 2 ? F24_ECORRUPT : F24_OK));
        if (r == 2)
            check(err.record == 2 && err.offset == (int64_t)record && err.message[0] != '\0');
    }
    f24_close(file);
}

typedef struct remote {
    const image *of;
    int n_closed;
    int failure;
} remote;

static int read_remote(void *context, uint64_t offset, void *buffer, size_t n_bytes)
{
    remote *r = context;

    memcpy(buffer, r->of->bytes + offset, n_bytes);
    return r->failure;
}

static void close_remote(void *context)
{
    ((remote *)context)->n_closed++;
}

static void a_reader_serves_as_a_file_does(const image *f)
{
    remote r = {.of = f};
    const f24_reader reader = {&r, f->n, read_remote, close_remote};
    f24_file *file = NULL;
    float values[N_VALUES];
    f24_error err;

    check(f24_open_reader(&reader, &file, NULL) == F24_OK);
    test_file(file);
    r.failure = 5;
    check(f24_read(file, 0, NULL, values, sizeof values, &err) == F24_EIO && err.sys_errno == 5);
    f24_close(file);
    check(r.n_closed == 1);
    check(f24_open_reader(&reader, &file, &err) == F24_EIO && r.n_closed == 1);
}

static void write_image(const char *path, const image *f)
{
    FILE *out = fopen(path, "wb");

    check(out != NULL && fwrite(f->bytes, 1, f->n, out) == f->n && fclose(out) == 0);
}

static void a_file_serves_mapped_or_not(const image *f, uint64_t mmap_from)
{
    char path[] = "fst24-record-XXXXXX";
    f24_options options = F24_OPTIONS_INIT;
    f24_file *file = NULL;
    f24_file_info info;
    float values[N_VALUES];
    f24_error err;
    int fd = mkstemp(path);

    check(fd >= 0 && close(fd) == 0);
    write_image(path, f);
    options.mmap_from = mmap_from;
    check(f24_open(path, &options, &file, NULL) == F24_OK);
    f24_get_file_info(file, &info);
    check(info.mapped == (mmap_from == 0));
    test_file(file);
    check(truncate(path, 100) == 0);
    check(f24_read(file, 5, NULL, values, sizeof values, &err) == F24_ETRUNCATED &&
          err.record == 5);
    f24_close(file);
    check(unlink(path) == 0);
}

int main(void)
{
    const image *both[] = {&xdf, &rsf};

    xdf_two_pages(&xdf);
    rsf_two_sessions(&rsf);
    fill(&xdf);
    fill(&rsf);
    for (int i = 0; i < 2; i++) {
        f24_file *file = NULL;
        check(f24_open_memory(both[i]->bytes, both[i]->n, &file, NULL) == F24_OK);
        test_file(file);
        f24_close(file);
        a_reader_serves_as_a_file_does(both[i]);
        a_file_serves_mapped_or_not(both[i], 0);
        a_file_serves_mapped_or_not(both[i], UINT64_MAX);
    }
    native_values_are_seen_in_place_after_close();
    a_record_that_contradicts_the_directory_is_refused(&xdf, 8 + 3);       /* nbits */
    a_record_that_contradicts_the_directory_is_refused(&xdf, 8 + 4 + 2);   /* ni */
    a_record_that_contradicts_the_directory_is_refused(&rsf, 28 + 0);      /* nbits */
    a_record_that_contradicts_the_directory_is_refused(&rsf, 28 + 8 + 0);  /* datyp */
    a_record_that_contradicts_the_directory_is_refused(&rsf, 28 + 12 + 2); /* nk */
    extended_metadata_without_an_end_are_corrupt();
    return report();
}
