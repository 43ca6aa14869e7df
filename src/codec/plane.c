#include "codec/plane.h"

#ifdef F24_HAVE_V3
#include <immintrin.h>
#endif

/* Elements of two vectors, by number. gcc has clang's form of it from 12 on. */
#if defined(__clang__) || __GNUC__ >= 12
#define F24_PICK(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define F24_PICK(type, a, b, ...) __builtin_shuffle(a, b, (type){__VA_ARGS__})
#endif

f24_status f24_plane_widths(f24_plane *plane, f24_width_rule rule, f24_error *err)
{
    if (plane->end < 3 || plane->at > plane->end - 3)
        return f24_fail(err, F24_ECORRUPT, (int64_t)(plane->at / 8),
                        "the compressed stream ends before its tiles");
    plane->head_bits = (unsigned)f24_bits_at(plane->bytes, plane->at, 3);
    plane->at += 3;
    if (plane->head_bits == 0)
        return f24_fail(err, F24_ECORRUPT, (int64_t)(plane->at / 8),
                        "the tile headers of the compressed stream have no bits");
    for (unsigned b = 0; b < F24_TILE_HEADERS; b++) {
        unsigned width = b == 0 ? 0 : b + 1;
        if (rule == F24_WIDTH_TOKENS && (b == 15 || b == 16))
            width = 17;
        plane->width[b] = width > F24_WIDEST_TOKEN ? F24_WIDTH_WRONG : (uint8_t)width;
        plane->tile_bits[b] =
            width > F24_WIDEST_TOKEN ? F24_NO_TILE : plane->head_bits + (uint64_t)9 * width;
    }
    plane->wrong = false;
    return F24_OK;
}

f24_status f24_plane_border(f24_plane *plane, int64_t ni, int64_t nj, f24_width_rule rule,
                            uint32_t *row, f24_error *err)
{
    uint64_t n_border = (uint64_t)ni + (uint64_t)nj - 1; /* below 2^33: sizes are 32-bit numbers */

    F24_TRY(f24_plane_widths(plane, rule, err));
    if (n_border * plane->nbits > plane->end - plane->at)
        return f24_fail(err, F24_ECORRUPT, (int64_t)(plane->end / 8),
                        "the compressed stream ends before its tiles");
    for (int64_t i = 0; i < ni; i++, plane->at += plane->nbits)
        row[i] = (uint32_t)f24_bits_at(plane->bytes, plane->at, plane->nbits);
    plane->column_at = plane->at;
    plane->at += (uint64_t)(nj - 1) * plane->nbits;
    return F24_OK;
}

f24_status f24_plane_fail(const f24_plane *plane, f24_error *err)
{
    int64_t offset = (int64_t)(plane->at / 8);

    if (plane->end - plane->at >= plane->head_bits) {
        unsigned b = (unsigned)f24_bits_at(plane->bytes, plane->at, plane->head_bits);
        if (plane->width[b] == F24_WIDTH_WRONG)
            return f24_fail(err, F24_ECORRUPT, offset,
                            "a tile of the compressed stream asks for differences of %u bits, more "
                            "than any field needs: the stream is damaged",
                            b + 1);
    }
    return f24_fail(err, F24_ECORRUPT, offset,
                    "the compressed stream ends inside its tiles: it is cut short or damaged");
}

#define TARGET
#define NAME(x) F24_JOIN(x, _16)
#define T uint16_t
#define LANES 8
#include "codec/plane_kernel.h"
#undef NAME
#undef T
#undef LANES
#define NAME(x) F24_JOIN(x, _32)
#define T uint32_t
#define LANES 4
#include "codec/plane_kernel.h"
#undef NAME
#undef T
#undef LANES
#undef TARGET

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) F24_JOIN(x, _16_v3)
#define T uint16_t
#define LANES 8
#include "codec/plane_kernel.h"
#undef NAME
#undef T
#undef LANES
#define NAME(x) F24_JOIN(x, _32_v3)
#define T uint32_t
#define LANES 4
#include "codec/plane_kernel.h"
#undef NAME
#undef T
#undef LANES
#undef TARGET
#include "codec/plane_vbmi.h"
#endif

const f24_plane_kernels *f24_plane_choose(void)
{
    static const f24_plane_kernels portable = {row16_16, row32_32, rows32_32};
#ifdef F24_HAVE_V3
    static const f24_plane_kernels v3 = {row16_16_v3, row32_32_v3, rows32_32_v3};
    static const f24_plane_kernels vbmi = {row16_vbmi, row32_vbmi, rows32_vbmi};

    if (f24_cpu_level() >= F24_CPU_V4 && __builtin_cpu_supports("avx512vbmi"))
        return &vbmi;
    if (f24_cpu_level() >= F24_CPU_V3)
        return &v3;
#endif
    return &portable;
}
