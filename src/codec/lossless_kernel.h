/*
 * Sign, exponent and mantissa become float32 (docs/format/codecs.md, 10.4), in plain C. Included
 * once per processor level, with
 *   TARGET    target attribute of the level, or nothing
 *   NAME(x)   name of function x in this copy
 */

/* One value of a row without the parts that are NULL there. Exponents count modulo 256 (10.2), and
 * what a damaged stream has above the mantissa's bits is cut. */
TARGET static inline __attribute__((always_inline)) uint32_t NAME(join)(joint with,
                                                                        uint32_t mantissa,
                                                                        uint32_t exponent,
                                                                        uint32_t sign)
{
    return with.negative | sign << 31 | ((exponent + with.lowest) & 0xff) << 23 |
           (mantissa << with.up & 0x7fffff);
}

TARGET static void NAME(join_row)(joint with, const uint32_t *restrict mantissa,
                                  const uint32_t *restrict exponent, const uint8_t *restrict sign,
                                  int64_t n, uint8_t *restrict out)
{
    if (exponent == NULL && sign == NULL)
        for (int64_t i = 0; i < n; i++) {
            uint32_t v = NAME(join)(with, mantissa[i], 0, 0);
            memcpy(out + 4 * i, &v, sizeof v);
        }
    else if (sign == NULL)
        for (int64_t i = 0; i < n; i++) {
            uint32_t v = NAME(join)(with, mantissa[i], exponent[i], 0);
            memcpy(out + 4 * i, &v, sizeof v);
        }
    else if (exponent == NULL)
        for (int64_t i = 0; i < n; i++) {
            uint32_t v = NAME(join)(with, mantissa[i], 0, sign[i]);
            memcpy(out + 4 * i, &v, sizeof v);
        }
    else
        for (int64_t i = 0; i < n; i++) {
            uint32_t v = NAME(join)(with, mantissa[i], exponent[i], sign[i]);
            memcpy(out + 4 * i, &v, sizeof v);
        }
}
