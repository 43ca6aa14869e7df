/*
 * The plain loops, compiled once per CPU level: kernels.c defines TARGET and NAME(x), includes this
 * and takes both away. The compilers vectorise all of them (-O3); no level may differ by a bit.
 */

TARGET static void NAME(swap32)(const uint8_t *restrict in, size_t n, void *restrict out)
{
    f24_u32 *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = __builtin_bswap32(((const f24_u32 *)in)[i]);
}

TARGET static void NAME(swap32_in_place)(uint8_t *words, size_t n)
{
    f24_u32 *at = (f24_u32 *)words;

    for (size_t i = 0; i < n; i++)
        at[i] = __builtin_bswap32(at[i]);
}

TARGET static void NAME(swap64)(const uint8_t *restrict in, size_t n, void *restrict out)
{
    f24_u64 *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = __builtin_bswap64(((const f24_u64 *)in)[i]);
}

TARGET static void NAME(swap_halves)(const uint8_t *restrict in, size_t n, void *restrict out)
{
    f24_u64 *restrict to = out;

    for (size_t i = 0; i < n; i++) {
        uint64_t v = ((const f24_u64 *)in)[i];
        to[i] = v << 32 | v >> 32;
    }
}

TARGET static void NAME(tokens16)(const uint8_t *restrict in, size_t n, uint16_t *restrict out)
{
    const f24_u16 *from = (const f24_u16 *)in;

    for (size_t i = 0; i < n; i++)
        out[i] = F24_HOST_LITTLE ? __builtin_bswap16(from[i]) : from[i];
}

TARGET static void NAME(linear16)(const uint16_t *restrict in, size_t n, double scale,
                                  double minimum, void *restrict out)
{
    f24_f32 *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = (float)((double)(int32_t)in[i] * scale + minimum);
}

TARGET static void NAME(linear31)(const uint32_t *restrict in, size_t n, double scale,
                                  double minimum, void *restrict out)
{
    f24_f32 *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = (float)((double)(int32_t)in[i] * scale + minimum);
}

TARGET static void NAME(linear32)(const uint32_t *restrict in, size_t n, double scale,
                                  double minimum, void *restrict out)
{
    f24_f32 *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = (float)((double)in[i] * scale + minimum);
}

TARGET static void NAME(block16)(const uint16_t *restrict in, size_t n,
                                 const f24_block_scale *restrict block, void *restrict out)
{
    const int32_t most = 0xFFFFFF;
    uint32_t shift = block->shift, minimum = block->minimum;
    float scale = block->scale;
    f24_f32 *restrict to = out;

    for (size_t i = 0; i < n; i++) {
        int32_t t = (int32_t)(((uint32_t)in[i] << shift) + minimum);
        t = t > most ? most : t;
        t = t < -most ? -most : t;
        to[i] = (float)t * scale;
    }
}

TARGET static void NAME(store8)(const uint32_t *restrict in, size_t n, uint32_t bias,
                                void *restrict out)
{
    uint8_t *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(in[i] - bias);
}

TARGET static void NAME(store16)(const uint32_t *restrict in, size_t n, uint32_t bias,
                                 void *restrict out)
{
    f24_u16 *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = (uint16_t)(in[i] - bias);
}

TARGET static void NAME(store64)(const uint32_t *restrict in, size_t n, uint32_t bias,
                                 void *restrict out)
{
    f24_u64 *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = (uint64_t)in[i] - bias;
}

TARGET static void NAME(subtract)(void *values, size_t n, uint32_t bias)
{
    f24_u32 *at = values;

    for (size_t i = 0; i < n; i++)
        at[i] -= bias;
}

TARGET static void NAME(shift_left)(void *values, size_t n, unsigned shift)
{
    f24_u32 *at = values;

    for (size_t i = 0; i < n; i++)
        at[i] <<= shift;
}

TARGET static void NAME(narrow16)(const uint16_t *restrict in, size_t n, void *restrict out)
{
    uint8_t *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)in[i];
}

TARGET static void NAME(widen16)(const uint16_t *restrict in, size_t n, void *restrict out)
{
    f24_u32 *restrict to = out;

    for (size_t i = 0; i < n; i++)
        to[i] = in[i];
}
