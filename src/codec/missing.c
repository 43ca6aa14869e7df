/*
 * Missing points: those equal to the largest value of the decoded field. Facts:
 * docs/format/codecs.md, 11.
 *
 * The special value that the reference puts there is an ordinary value to us. In unsigned fields it
 * can be the stored replacement itself (8-bit values up to 254: the replacement is 255); then the
 * reference takes the largest real values for missing as well, and we do so only when asked for its
 * values. NaNs of the data stay what they are, and are not missing.
 */
#include "codec/codec.h"

#include "base/bytes.h"
#include "codec/kernels.h"

#include <math.h>

#define LANES 32
#define PIECE 4096 /* values whose mask and replacement are done while they are in cache */

typedef int16_t unaligned_i16 __attribute__((aligned(1), may_alias));
typedef int32_t unaligned_i32 __attribute__((aligned(1), may_alias));
typedef int64_t unaligned_i64 __attribute__((aligned(1), may_alias));

#define T f24_f32
#define NAME(x) x##_f32
#define LOWEST (-INFINITY)
#include "codec/missing_kernel.h"
#undef T
#undef NAME

#define T f24_f64
#define NAME(x) x##_f64
#include "codec/missing_kernel.h"
#undef T
#undef NAME
#undef LOWEST

#define T int8_t
#define NAME(x) x##_i8
#define LOWEST INT8_MIN
#include "codec/missing_kernel.h"
#undef T
#undef NAME
#undef LOWEST

#define T unaligned_i16
#define NAME(x) x##_i16
#define LOWEST INT16_MIN
#include "codec/missing_kernel.h"
#undef T
#undef NAME
#undef LOWEST

#define T unaligned_i32
#define NAME(x) x##_i32
#define LOWEST INT32_MIN
#include "codec/missing_kernel.h"
#undef T
#undef NAME
#undef LOWEST

#define T unaligned_i64
#define NAME(x) x##_i64
#define LOWEST INT64_MIN
#include "codec/missing_kernel.h"
#undef T
#undef NAME
#undef LOWEST

#define LOWEST 0
#define T uint8_t
#define NAME(x) x##_u8
#include "codec/missing_kernel.h"
#undef T
#undef NAME

#define T f24_u16
#define NAME(x) x##_u16
#include "codec/missing_kernel.h"
#undef T
#undef NAME

#define T f24_u32
#define NAME(x) x##_u32
#include "codec/missing_kernel.h"
#undef T
#undef NAME

#define T f24_u64
#define NAME(x) x##_u64
#include "codec/missing_kernel.h"
#undef T
#undef NAME
#undef LOWEST

static const f24_read_options defaults = F24_READ_INIT;

#define REFERENCE_REAL (-1.0e38)

/* What the options put at a missing point, of a real array and of an integer one. */
static double real_of(const f24_read_options *options)
{
    switch (options->missing) {
    case F24_MISSING_REFERENCE:
        return REFERENCE_REAL;
    case F24_MISSING_VALUE:
        return options->missing_real;
    default:
        return (double)NAN;
    }
}

static uint64_t integer_of(const f24_read_options *options, uint64_t special)
{
    return options->missing == F24_MISSING_VALUE ? (uint64_t)options->missing_integer : special;
}

/* Smallest signed, largest unsigned value, modulo 2^64. */
static uint64_t special_of(const f24_array *array)
{
    if (array->kind == F24_INT)
        return 0 - (UINT64_C(1) << (8 * array->item_bytes - 1));
    return UINT64_MAX >> (64 - 8 * array->item_bytes);
}

void f24_missing_restore(const f24_array *array, const f24_read_options *options, void *out)
{
    const f24_read_options *o = options != NULL ? options : &defaults;
    size_t n = (size_t)array->n_values;
    double real = real_of(o);

    if (array->kind == F24_COMPLEX)
        return; /* never has any (11) */
    if (array->n_dims == 3 && array->nk_stored < array->shape[2])
        n = (size_t)(array->shape[0] * array->shape[1] * array->nk_stored);
    if (array->kind == F24_FLOAT && array->item_bytes == 4) {
        restore_f32(out, n, o, (float)real, (float)REFERENCE_REAL);
        return;
    }
    if (array->kind == F24_FLOAT) {
        restore_f64(out, n, o, real, REFERENCE_REAL);
        return;
    }
    uint64_t special = special_of(array), value = integer_of(o, special);
    switch ((array->kind == F24_INT ? 0 : 16) + array->item_bytes) {
    case 1:
        restore_i8(out, n, o, (int8_t)value, (int8_t)special);
        break;
    case 2:
        restore_i16(out, n, o, (int16_t)value, (int16_t)special);
        break;
    case 4:
        restore_i32(out, n, o, (int32_t)value, (int32_t)special);
        break;
    case 8:
        restore_i64(out, n, o, (int64_t)value, (int64_t)special);
        break;
    case 17:
        restore_u8(out, n, o, (uint8_t)value, (uint8_t)special);
        break;
    case 18:
        restore_u16(out, n, o, (uint16_t)value, (uint16_t)special);
        break;
    case 20:
        restore_u32(out, n, o, (uint32_t)value, (uint32_t)special);
        break;
    default:
        restore_u64(out, n, o, value, special);
        break;
    }
}

/* n copies of one element, each step as many again as there are. */
static void repeat(uint8_t *to, size_t n, const void *element, size_t item_bytes)
{
    if (n == 0)
        return;
    memcpy(to, element, item_bytes);
    for (size_t done = 1, more; done < n; done += more) {
        more = done < n - done ? done : n - done;
        memcpy(to + done * item_bytes, to, more * item_bytes);
    }
}

void f24_missing_fill(const f24_array *array, const f24_read_options *options, int64_t first,
                      int64_t n, void *out)
{
    const f24_read_options *o = options != NULL ? options : &defaults;
    size_t item_bytes = (size_t)array->item_bytes;
    uint8_t *to = (uint8_t *)out + (size_t)first * item_bytes;
    double real = real_of(o);
    float short_real = (float)real;
    uint64_t value = integer_of(o, special_of(array));
    uint8_t bytes[8] = {0};

    if (o->mask != NULL)
        memset(o->mask + first, 1, (size_t)n);
    if (array->kind == F24_FLOAT && item_bytes == 4) {
        repeat(to, (size_t)n, &short_real, item_bytes);
        return;
    }
    if (array->kind == F24_FLOAT) {
        repeat(to, (size_t)n, &real, item_bytes);
        return;
    }
    for (size_t b = 0; b < item_bytes; b++)
        bytes[b] = (uint8_t)(value >> 8 * (F24_HOST_LITTLE ? b : item_bytes - 1 - b));
    repeat(to, (size_t)n, bytes, item_bytes);
}
