#include "codec/plane_write.h"

#include "codec/kernels.h"

#include <stdlib.h>

/* Significant bits of a 32-bit number. */
#define F24_BIT_LENGTH(v) ((v) == 0 ? 0 : 32 - (unsigned)__builtin_clz(v))

/* A tile whose largest difference has b bits: its header and the bits of its tokens. */
typedef struct f24_tile_code {
    uint8_t head, width;
} f24_tile_code;

typedef struct f24_tile_codes {
    unsigned head_bits;
    f24_tile_code of[33];
} f24_tile_codes;

#define TARGET
#define NAME(x) x
#include "codec/plane_write_kernel.h"
#undef TARGET
#undef NAME

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) F24_JOIN(x, _v3)
#include "codec/plane_write_kernel.h"
#undef TARGET
#undef NAME
#endif

#ifdef F24_HAVE_V4
#define TARGET F24_TARGET_V4
#define NAME(x) F24_JOIN(x, _v4)
#include "codec/plane_write_kernel.h"
#undef TARGET
#undef NAME
#endif

typedef void (*differences_fn)(const f24_plane_field *field, const uint8_t *below,
                               const uint8_t *row, size_t n, uint32_t *differences,
                               uint32_t *sizes);
typedef uint32_t (*tiles3_fn)(const f24_tile_codes *codes, const f24_plane_work *work, size_t n,
                              f24_bit_writer *writer);

typedef struct plane_kernels {
    differences_fn differences16, differences32;
    tiles3_fn tiles3;
} plane_kernels;

static const plane_kernels *choose(void)
{
    static const plane_kernels portable = {differences16, differences32, tiles3};
#ifdef F24_HAVE_V3
    static const plane_kernels v3 = {differences16_v3, differences32_v3, tiles3_v3};
#endif
#ifdef F24_HAVE_V4
    static const plane_kernels v4 = {differences16_v4, differences32_v4, tiles3_v4};
#endif

    switch (f24_cpu_level()) {
#ifdef F24_HAVE_V4
    case F24_CPU_V4:
        return &v4;
#endif
#ifdef F24_HAVE_V3
    case F24_CPU_V3:
        return &v3;
#endif
    default:
        return &portable;
    }
}

static f24_tile_codes codes_of(const f24_plane_form *form)
{
    f24_tile_codes codes = {.head_bits = form->head_bits};

    for (unsigned b = 1; b <= F24_WIDEST_TOKEN; b++) {
        const bool is_17 = form->rule == F24_WIDTH_TOKENS && (b == 15 || b == 16);
        codes.of[b] =
            is_17 ? (f24_tile_code){15, 17} : (f24_tile_code){(uint8_t)b, (uint8_t)(b + 1)};
    }
    return codes;
}

static const uint8_t *place(const f24_plane_field *field, int64_t i, int64_t j)
{
    return field->values + (size_t)j * field->row_bytes + (size_t)i * (field->is_16 ? 2 : 4);
}

static uint32_t value_at(const f24_plane_field *field, int64_t i, int64_t j)
{
    const uint8_t *p = place(field, i, j);

    if (field->is_16)
        return *(const f24_u16 *)p;
    return (*(const f24_u32 *)p >> field->shift & field->mask) - field->lowest;
}

static void put_border(const f24_plane_field *field, unsigned nbits, f24_bit_writer *writer)
{
    for (int64_t i = 0; i < field->ni; i++)
        f24_put_bits(writer, value_at(field, i, 0), nbits);
    for (int64_t j = 1; j < field->nj; j++)
        f24_put_bits(writer, value_at(field, 0, j), nbits);
}

/* Differences of a strip of n columns from (i,j) on, `tall` rows of them. */
static void differ(const plane_kernels *kernels, const f24_plane_field *field, int64_t i, int64_t j,
                   size_t n, unsigned tall, f24_plane_work *work)
{
    const differences_fn differences =
        field->is_16 ? kernels->differences16 : kernels->differences32;

    memset(work->sizes, 0, n * sizeof work->sizes[0]);
    for (unsigned r = 0; r < tall; r++)
        differences(field, place(field, i, j + r - 1), place(field, i, j + r), n,
                    work->differences + (size_t)r * F24_STRIP, work->sizes);
}

static uint32_t size_of(const uint32_t *sizes, unsigned wide)
{
    uint32_t size = 0;

    for (unsigned i = 0; i < wide; i++)
        size |= sizes[i];
    return size;
}

static unsigned least(int64_t left, unsigned most)
{
    return left < most ? (unsigned)left : most;
}

/* The tiles of a strip from column i on: any step, and those that the edges cut. */
static uint32_t put_tiles(const f24_tile_codes *codes, const f24_plane_work *work, size_t i,
                          size_t n, unsigned step, unsigned tall, f24_bit_writer *writer)
{
    f24_bit_writer w = *writer;
    uint32_t all = 0;

    for (; i < n; i += step) {
        const unsigned wide = least((int64_t)(n - i), step);
        const uint32_t size = size_of(work->sizes + i, wide);
        const f24_tile_code code = codes->of[F24_BIT_LENGTH(size)];
        const uint32_t mask = ((uint32_t)1 << code.width) - 1;
        const uint32_t *row = work->differences + i;
        all |= size;
        f24_put_bits(&w, code.head, codes->head_bits);
        for (unsigned r = 0; r < tall && size != 0; r++, row += F24_STRIP)
            for (unsigned k = 0; k < wide; k++)
                f24_put_bits(&w, row[k] & mask, code.width);
    }
    *writer = w;
    return all;
}

/* 10.5, after each tile of a strip that begins at bit `at` of its stream. */
static bool keeps_budget(const f24_tile_codes *codes, const f24_plane_work *work, size_t n,
                         unsigned tall, unsigned nbits, int64_t budget, uint64_t at)
{
    for (size_t i = 0; i < n; i += 3) {
        const unsigned wide = least((int64_t)(n - i), 3);
        const uint32_t size = size_of(work->sizes + i, wide);
        const unsigned b = F24_BIT_LENGTH(size);
        at += codes->head_bits + (uint64_t)(wide * tall) * codes->of[b].width;
        if (b > 0 && budget < (int64_t)((at - 1) >> 5) + 1 + ((b + 9 * nbits) >> 5))
            return false;
    }
    return true;
}

f24_plane_end f24_plane_encode(const f24_plane_field *field, const f24_plane_form *form,
                               const f24_plane_limit *limit, f24_bit_writer *writer,
                               f24_plane_work *work)
{
    const plane_kernels *kernels = choose();
    const f24_tile_codes codes = codes_of(form);
    const unsigned step = form->step, strip = F24_STRIP / step * step;
    uint32_t all = 0;

    f24_put_bits(writer, form->head_bits, 3);
    put_border(field, form->nbits, writer);
    for (int64_t j = 1; j < field->nj; j += step) {
        const unsigned tall = least(field->nj - j, step);
        for (int64_t i = 1; i < field->ni; i += strip) {
            const size_t n = least(field->ni - i, strip);
            const size_t n_whole = step == 3 && tall == 3 ? n / 3 : 0;
            const uint64_t at = f24_bits_since(writer, limit->start);
            differ(kernels, field, i, j, n, tall, work);
            all |= kernels->tiles3(&codes, work, n_whole, writer);
            all |= put_tiles(&codes, work, 3 * n_whole, n, step, tall, writer);
            if (codes.of[F24_BIT_LENGTH(all)].head >> form->head_bits != 0)
                return F24_PLANE_NARROW;
            if (f24_bits_since(writer, limit->start) > limit->most_bits &&
                (limit->budget < 0 ||
                 !keeps_budget(&codes, work, n, tall, form->nbits, limit->budget, at)))
                return F24_PLANE_REFUSED;
        }
    }
    f24_bits_end(writer);
    return F24_PLANE_WRITTEN;
}

/* One step of f24_plane_measure. */
static f24_plane_size measure(const plane_kernels *kernels, const f24_plane_field *field,
                              unsigned step, const f24_tile_codes *codes, f24_plane_work *work)
{
    const unsigned strip = F24_STRIP / step * step;
    f24_plane_size total = {0, 0, 0};
    uint32_t all = 0;

    for (int64_t j = 1; j < field->nj; j += step) {
        const unsigned tall = least(field->nj - j, step);
        for (int64_t i = 1; i < field->ni; i += strip) {
            const size_t n = least(field->ni - i, strip);
            differ(kernels, field, i, j, n, tall, work);
            for (size_t k = 0; k < n; k += step) {
                const unsigned wide = least((int64_t)(n - k), step);
                const uint32_t size = size_of(work->sizes + k, wide);
                all |= size;
                total.n_tiles++;
                total.token_bits += (uint64_t)(wide * tall) * codes->of[F24_BIT_LENGTH(size)].width;
            }
        }
    }
    total.widest = codes->of[F24_BIT_LENGTH(all)].head;
    return total;
}

void f24_plane_measure(const f24_plane_field *field, f24_width_rule rule,
                       f24_plane_size sizes[F24_LARGEST_STEP], f24_plane_work *work)
{
    const plane_kernels *kernels = choose();
    const f24_tile_codes codes = codes_of(&(f24_plane_form){.head_bits = 5, .rule = rule});

    for (unsigned step = 1; step <= F24_LARGEST_STEP; step++)
        sizes[step - 1] = measure(kernels, field, step, &codes, work);
}
