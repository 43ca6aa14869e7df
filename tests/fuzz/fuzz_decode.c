/* Any bytes as a stored record on its own: its metadata, their text, then its values. */
#include "fuzz.h"

#include <fst24.h>

#include <stdlib.h>

#define DECODE_AT_MOST ((uint64_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    f24_record record;
    f24_array array;
    f24_error err;
    size_t n_json = 0;
    void *out;

    if (f24_decode_json(data, size, NULL, 0, &n_json, &err) == F24_EINVAL && n_json > 0) {
        char *text = malloc(n_json + 1);
        if (text != NULL)
            fuzz_ignore(f24_decode_json(data, size, text, n_json + 1, &n_json, &err));
        free(text);
    }
    if (f24_decode_record(data, size, &record, &array, &err) != F24_OK ||
        array.n_bytes > DECODE_AT_MOST)
        return 0;
    out = malloc(array.n_bytes);
    if (out != NULL)
        fuzz_ignore(f24_decode(data, size, NULL, out, array.n_bytes, &err));
    free(out);
    return 0;
}
