#include "codec/sign_write.h"

#include "base/cpu.h"
#include "codec/kernels.h"

#ifdef F24_HAVE_V3
#include <immintrin.h>
#endif

#define LITERALS 7
#define SHORTEST_RUN 8
#define COUNT 62           /* of a counted token, at most */
#define LONG_RUN 255       /* what a token of all ones counts */
#define LONG_RUN_BELOW 256 /* a run with no more left than this is counted in parts of COUNT */
#define LONG_RUN_TOKEN 0xff

uint64_t f24_signs_map_bytes(uint64_t n_values)
{
    return (n_values + 7) / 8 + sizeof(uint64_t);
}

static void gather(const uint8_t *patterns, uint64_t n, uint8_t *map)
{
    const f24_u32 *p = (const f24_u32 *)patterns;

    for (; n > 0; map++) {
        const unsigned some = n < 8 ? (unsigned)n : 8;
        unsigned byte = 0;
        for (unsigned k = 0; k < some; k++)
            byte |= p[k] >> 31 << k;
        *map = (uint8_t)byte;
        p += some;
        n -= some;
    }
}

#ifdef F24_HAVE_V3
/* The compiler does not find movmskps: 89 GB/s of float32 instead of 16, one core. */
F24_TARGET_V3 static void gather_v3(const uint8_t *patterns, uint64_t n, uint8_t *map)
{
    for (; n >= 8; n -= 8, patterns += 32)
        *map++ = (uint8_t)_mm256_movemask_ps(_mm256_loadu_ps((const float *)patterns));
    gather(patterns, n, map);
}
#endif

void f24_signs_gather(const void *patterns, uint64_t n, uint8_t *map)
{
#ifdef F24_HAVE_V3
    if (f24_cpu_level() >= F24_CPU_V3)
        gather_v3(patterns, n, map);
    else
#endif
        gather(patterns, n, map);
    memset(map + (n + 7) / 8, 0, sizeof(uint64_t));
}

/* The signs from p on, sign p in bit 0; 57 of them are real. */
static uint64_t signs_from(const uint8_t *map, uint64_t p)
{
    const uint64_t signs = f24_native64(map + p / 8);

    return (F24_HOST_LITTLE ? signs : __builtin_bswap64(signs)) >> (p & 7);
}

/* Equal signs from p on; n signs in all. */
static uint64_t run_from(const uint8_t *map, uint64_t p, uint64_t n)
{
    const uint64_t same = (uint64_t)0 - (signs_from(map, p) & 1);
    uint64_t at = p;

    while (at < n) {
        const uint64_t others = signs_from(map, at) ^ same;
        const unsigned run = others == 0 ? 64 : (unsigned)__builtin_ctzll(others);
        at += run < 57 ? run : 57;
        if (run < 57)
            break;
    }
    return (at < n ? at : n) - p;
}

/* Seven signs, the first one highest, below a bit 0. */
static uint8_t literal_token(uint64_t signs)
{
    static const uint8_t reversed[16] = {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};

    return (uint8_t)((reversed[signs & 15] << 4 | reversed[signs >> 4 & 7]) >> 1);
}

uint64_t f24_signs_encode(const uint8_t *map, uint64_t n, uint8_t *out)
{
    uint8_t *to = out;

    for (uint64_t p = 0; p < n;) {
        uint64_t left = run_from(map, p, n);
        const uint8_t sign = (uint8_t)(signs_from(map, p) & 1);
        bool is_counted = false;
        while (left >= SHORTEST_RUN) {
            uint64_t count = left > COUNT ? COUNT : left;
            if (count == COUNT && left > LONG_RUN_BELOW && is_counted) {
                *to++ = LONG_RUN_TOKEN;
                count = LONG_RUN;
            } else {
                *to++ = (uint8_t)(0x80 | (uint64_t)sign << 6 | count);
                is_counted = is_counted || count == COUNT;
            }
            p += count;
            left -= count;
        }
        if (left > 0) { /* signs after the run may be among them */
            *to++ = literal_token(signs_from(map, p));
            p += LITERALS;
        }
    }
    return (uint64_t)(to - out);
}
