/* Where bytes become numbers and numbers bytes: loads and stores of either byte order at any address,
 * and sums that cannot wrap. */
#ifndef F24_BASE_BYTES_H
#define F24_BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t f24_native32(const void *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t f24_native64(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define F24_HOST_LITTLE 0
#else
#define F24_HOST_LITTLE 1
#endif

static inline uint32_t be32(const void *p)
{
    uint32_t v = f24_native32(p);

    return F24_HOST_LITTLE ? __builtin_bswap32(v) : v;
}

static inline uint32_t le32(const void *p)
{
    uint32_t v = f24_native32(p);

    return F24_HOST_LITTLE ? v : __builtin_bswap32(v);
}

static inline uint64_t be64(const void *p)
{
    uint64_t v = f24_native64(p);

    return F24_HOST_LITTLE ? __builtin_bswap64(v) : v;
}

static inline void put_be32(void *p, uint32_t v)
{
    if (F24_HOST_LITTLE)
        v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}

/* A word of a file whose words are little-endian or not. */
static inline uint32_t f24_word(const void *p, bool little)
{
    return little ? le32(p) : be32(p);
}

/* A 64-bit quantity of RSF: two words, the high one first, each in the file's byte order. */
static inline uint64_t f24_word_pair(const void *p, bool little)
{
    const uint8_t *bytes = p;

    return (uint64_t)f24_word(bytes, little) << 32 | f24_word(bytes + 4, little);
}

static inline void put_le32(void *p, uint32_t v)
{
    if (!F24_HOST_LITTLE)
        v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}

/* A 64-bit quantity of RSF, little-endian words. */
static inline void put_word_pair(void *p, uint64_t v)
{
    uint8_t *bytes = p;

    put_le32(bytes, (uint32_t)(v >> 32));
    put_le32(bytes + 4, (uint32_t)v);
}

/* a + b and a x b; false when the result does not fit. */
static inline bool f24_add(uint64_t a, uint64_t b, uint64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool f24_mul(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

#endif
