/* From array to payload: which encoder makes what was planned. */
#include "codec/encode.h"

#include "base/bytes.h"
#include "codec/encoder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* ------------------------------------------------------------------------------ messages --- */

static void print_value(const f24_encoder *e, int64_t n, char *text, size_t size)
{
    const f24_wish *wish = &e->encoding->wish;
    const uint8_t *at = e->values + n * wish->item_bytes;
    uint64_t bits = 0;
    float f;
    double d[2] = {0, 0};

    if (wish->kind == F24_INT || wish->kind == F24_UINT) {
        int spare = 64 - 8 * wish->item_bytes;
        for (int32_t b = 0; b < wish->item_bytes; b++)
            bits |= (uint64_t)at[F24_HOST_LITTLE ? b : wish->item_bytes - 1 - b] << 8 * b;
        if (wish->kind == F24_INT)
            (void)snprintf(text, size, "%" PRId64, (int64_t)(bits << spare) >> spare);
        else
            (void)snprintf(text, size, "%" PRIu64, bits);
        return;
    }
    size_t n_parts = wish->kind == F24_COMPLEX ? 2 : 1, part = (size_t)wish->item_bytes / n_parts;
    for (size_t p = 0; p < n_parts; p++) {
        memcpy(&f, at + p * part, 4);
        d[p] = (double)f;
        if (part == 8)
            memcpy(&d[p], at + p * part, 8);
    }
    if (n_parts == 2)
        (void)snprintf(text, size, "%g%+gi", d[0], d[1]);
    else
        (void)snprintf(text, size, "%g", d[0]);
}

f24_status f24_refuse_value(const f24_encoder *e, int64_t n, const char *format, ...)
{
    const f24_field *field = &e->field;
    int64_t row = n / field->ni;
    char value[64], reason[192];
    va_list arguments;

    print_value(e, n, value, sizeof value);
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return f24_fail(e->err, F24_EENCODING, -1, "the value %s at (%d,%d,%d) %s", value,
                    (int)(n % field->ni) + 1, (int)(row % field->nj) + 1,
                    (int)(row / field->nj) + 1, reason);
}

/* ------------------------------------------------------------------------- memory images --- */

/* Memory of a little-endian machine (4.1) or a string of bytes (4.3), in words of the file's order. */
static f24_status image_encode(f24_encoder *e, bool is_string)
{
    size_t n = (size_t)e->encoding->n_array, n_words = (n + 3) / 4;
    bool in_place = is_string ? !e->little : e->little;

    memcpy(e->payload, e->values, n);
#if !F24_HOST_LITTLE
    size_t item = (size_t)e->encoding->wish.item_bytes;
    for (size_t i = 0; i < n; i++)
        e->payload[i] = e->values[i / item * item + (item - 1 - i % item)];
#endif
    memset(e->payload + n, 0, e->n_bytes - n);
    if (!in_place)
        f24_kernels_now()->swap32_in_place(e->payload, n_words);
    return F24_OK;
}

/* ------------------------------------------------------------------------------ dispatch --- */

static f24_status plain_encode(f24_encoder *e, bool refused)
{
    e->n_bytes = f24_plain_bytes(&e->field, e->encoding->n_values, refused);
    switch (F24_DATYP_BASE(e->field.datyp)) {
    case 0:
    case 3:
        return image_encode(e, false);
    case 7:
        return image_encode(e, true);
    case 1:
        return f24_linear_encode(e);
    case 6:
        return f24_block_encode(e);
    case 2:
    case 4:
        return f24_integers_encode(e);
    default:
        break;
    }
    if (e->field.nbits == 64)
        return f24_long_floats_encode(e);
    if (e->mask != NULL)
        F24_TRY(f24_plug_tops(e));
    return e->field.nbits == 32 ? f24_floats_encode(e) : f24_tops_encode(e);
}

/* Which values are missing: flag 64 goes when none is. */
static f24_status look_at_mask(f24_encoder *e, const uint8_t *mask)
{
    int64_t n_values = e->encoding->n_values, n_missing = 0;

    if (e->encoding->wish.has_mask && mask != NULL)
        n_missing = e->kernels->count(mask, n_values);
    if (n_missing == 0) {
        e->field.datyp &= ~F24_MISSING_FLAG;
        return F24_OK;
    }
    if ((e->field.datyp & F24_MISSING_FLAG) == 0)
        return f24_fail(e->err, F24_EENCODING, -1,
                        "datyp %d cannot have missing values, and %" PRId64
                        " are: use datyp 1, 5 or 6 for reals, 2 or 4 for integers, or fill them in",
                        F24_DATYP_BASE(e->field.datyp), n_missing);
    e->mask = mask;
    e->all_missing = n_missing == n_values;
    return F24_OK;
}

f24_status f24_encode(const f24_encoding *encoding, const void *values, const uint8_t *mask,
                      void *payload, void *scratch, f24_field *field, uint64_t *n_bytes,
                      f24_error *err)
{
    f24_encoder e = {.encoding = encoding,
                     .kernels = f24_write_kernels_now(),
                     .values = values,
                     .payload = payload,
                     .scratch = scratch,
                     .field = encoding->field,
                     .little = encoding->wish.backend == F24_RSF,
                     .err = err};
    bool turbo = (encoding->field.datyp & F24_TURBO_FLAG) != 0, compressed = false;

    F24_TRY(look_at_mask(&e, mask));
    if (turbo)
        F24_TRY(f24_turbo_encode(&e, &compressed));
    if (!compressed)
        F24_TRY(plain_encode(&e, turbo));
    *field = e.field;
    *n_bytes = e.n_bytes;
    return F24_OK;
}
