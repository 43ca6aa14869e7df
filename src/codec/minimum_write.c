#include "codec/minimum_write.h"

#define F24_BIT_LENGTH(v) ((v) == 0 ? 0 : 32 - (unsigned)__builtin_clz(v))

/* What stands before the tokens of a tile, and their width. */
typedef struct minimum_tile {
    uint32_t lowest;
    unsigned head, width;
    bool is_raw;
} minimum_tile;

/* The tile of the `wide` columns from i on. */
static inline __attribute__((always_inline)) minimum_tile
minimum_tile_of(const f24_minimum_work *work, size_t i, unsigned wide)
{
    uint32_t lowest = work->lowest[i], highest = work->highest[i];
    unsigned b;

    for (unsigned k = 1; k < wide; k++) {
        lowest = work->lowest[i + k] < lowest ? work->lowest[i + k] : lowest;
        highest = work->highest[i + k] > highest ? work->highest[i + k] : highest;
    }
    b = F24_BIT_LENGTH(highest - lowest);
    if (b >= 15) /* not worth a lowest token: all 16 bits */
        return (minimum_tile){lowest, 15, 16, true};
    return (minimum_tile){lowest, b, b, false};
}

#define TARGET
#define NAME(x) x
#include "codec/minimum_write_kernel.h"
#undef TARGET
#undef NAME

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) F24_JOIN(x, _v3)
#include "codec/minimum_write_kernel.h"
#undef TARGET
#undef NAME
#endif

typedef void (*strip_fn)(const uint16_t *tokens, size_t stride, size_t n, unsigned step,
                         unsigned tall, unsigned nbits, f24_minimum_work *work,
                         f24_bit_writer *writer);
typedef void (*extremes_fn)(const uint16_t *tokens, size_t stride, size_t n, unsigned tall,
                            uint16_t *lowest, uint16_t *highest);

static strip_fn choose_strip(void)
{
#ifdef F24_HAVE_V3
    if (f24_cpu_level() >= F24_CPU_V3)
        return minimum_strip_v3;
#endif
    return minimum_strip;
}

static extremes_fn choose_extremes(void)
{
#ifdef F24_HAVE_V3
    if (f24_cpu_level() >= F24_CPU_V3)
        return extremes_v3;
#endif
    return extremes;
}

static unsigned least(int64_t left, unsigned most)
{
    return left < most ? (unsigned)left : most;
}

bool f24_minimum_encode(const uint16_t *tokens, size_t stride, int64_t ni, int64_t nj,
                        unsigned step, unsigned nbits, const uint8_t *start, uint64_t most_bits,
                        f24_bit_writer *writer, f24_minimum_work *work)
{
    const strip_fn put_strip = choose_strip();
    const unsigned strip = F24_STRIP / step * step;

    for (int64_t j = 0; j < nj; j += step) {
        const uint16_t *row = tokens + (size_t)j * stride;
        for (int64_t i = 0; i < ni; i += strip) {
            put_strip(row + i, stride, least(ni - i, strip), step, least(nj - j, step), nbits, work,
                      writer);
            if (f24_bits_since(writer, start) > most_bits)
                return false;
        }
    }
    f24_bits_end(writer);
    return true;
}

f24_minimum_size f24_minimum_measure(const uint16_t *tokens, size_t stride, int64_t ni, int64_t nj,
                                     unsigned step, f24_minimum_work *work)
{
    const extremes_fn find_extremes = choose_extremes();
    const unsigned strip = F24_STRIP / step * step;
    f24_minimum_size total = {0, 0, 0, 0};

    for (int64_t j = 0; j < nj; j += step) {
        const uint16_t *row = tokens + (size_t)j * stride;
        const unsigned tall = least(nj - j, step);
        for (int64_t i = 0; i < ni; i += strip) {
            const size_t n = least(ni - i, strip);
            find_extremes(row + i, stride, n, tall, work->lowest, work->highest);
            for (size_t k = 0; k < n; k += step) {
                const unsigned wide = least((int64_t)(n - k), step);
                const minimum_tile tile = minimum_tile_of(work, k, wide);
                total.n_tiles++;
                total.n_raw += tile.is_raw;
                total.token_bits += (uint64_t)(wide * tall) * tile.width;
                total.lowest |= tile.is_raw ? 0 : tile.lowest;
            }
        }
    }
    return total;
}
