/* Any bytes as a file: open it, list it, look for records, decode every record, take views. */
#include "fuzz.h"

#include <fst24.h>

#include <stdlib.h>

/* A small file can hold a record of many equal values; larger ones are left out, for speed only. */
#define DECODE_AT_MOST ((uint64_t)1 << 22)

static void read_values(const f24_file *file, int64_t i)
{
    f24_array array;
    f24_error err;
    void *out;
    uint8_t *mask;
    f24_read_options options = F24_READ_INIT;

    if (f24_describe(file, i, &array, &err) != F24_OK || array.n_bytes > DECODE_AT_MOST)
        return;
    /* Exactly as large as asked, so that a sanitizer sees the first byte beyond. */
    out = malloc(array.n_bytes);
    mask = malloc((size_t)array.n_values);
    options.mask = mask;
    if (out != NULL && mask != NULL)
        fuzz_ignore(f24_read(file, i, &options, out, array.n_bytes, &err));
    if (out != NULL && array.n_dims == 3 && array.n_values > 0) {
        const f24_box first = {{0, 0, 0}, {1, 1, 1}};
        const f24_box last = {{array.shape[0] - 1, array.shape[1] - 1, array.shape[2] - 1},
                              {1, 1, 1}};

        fuzz_ignore(f24_read_box(file, i, &first, NULL, out, (size_t)array.item_bytes, &err));
        fuzz_ignore(f24_read_box(file, i, &last, NULL, out, (size_t)array.item_bytes, &err));
    }
    free(mask);
    free(out);
}

static void touch_view(const f24_file *file, int64_t i)
{
    f24_array array;
    f24_error err;
    const void *view = NULL;
    f24_hold *hold = NULL;

    if (f24_describe(file, i, &array, &err) != F24_OK ||
        f24_view(file, i, &view, &hold, &err) != F24_OK || view == NULL)
        return;
    fuzz_touch(view, array.n_bytes);
    f24_hold_release(hold);
}

static void read_json(const f24_file *file, int64_t i)
{
    size_t n_bytes = 0;
    f24_error err;
    char *text;

    fuzz_ignore(f24_read_json(file, i, NULL, 0, &n_bytes, &err));
    if (n_bytes == 0 || n_bytes > DECODE_AT_MOST)
        return;
    text = malloc(n_bytes + 1);
    if (text != NULL && f24_read_json(file, i, text, n_bytes + 1, &n_bytes, &err) == F24_OK)
        fuzz_touch(text, n_bytes + 1);
    free(text);
}

static void look_for(const f24_file *file, const f24_record *record)
{
    const char *name = record->nomvar;
    const f24_criterion criteria[] = {
        {.key = F24_KEY_NOMVAR, .match = F24_MATCH_EQUAL, .n = 1, .texts = &name},
        {.key = F24_KEY_IP1, .match = F24_MATCH_ENCODING, .n = 1, .numbers = &record->ip1},
    };
    int64_t found = -1;
    f24_error err;

    fuzz_ignore(f24_find(f24_file_table(file), criteria, 2, 0, 0, &found, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    f24_file *file = NULL;
    f24_file_info info;
    f24_error err;

    if (f24_open_memory(data, size, &file, &err) != F24_OK)
        return 0;
    f24_get_file_info(file, &info);
    for (int64_t i = 0; i < info.n_records; i++) {
        f24_record record;

        if (f24_get_record(file, i, &record, &err) != F24_OK)
            continue;
        read_values(file, i);
        touch_view(file, i);
        read_json(file, i);
        if (i < 8)
            look_for(file, &record);
    }
    f24_close(file);
    return 0;
}
