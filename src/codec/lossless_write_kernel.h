/*
 * A look at a field before it is coded (docs/format/codecs.md, 10), in plain C. Included once per
 * processor level, with
 *   TARGET    target attribute of the level, or nothing
 *   NAME(x)   name of function x in this copy
 */

TARGET static summary NAME(summarise)(const uint8_t *patterns, uint64_t n)
{
    const f24_u32 *p = (const f24_u32 *)patterns;
    uint32_t any = 0, all = UINT32_MAX, lowest = UINT32_MAX, highest = 0;

    for (uint64_t i = 0; i < n; i++) {
        uint32_t magnitude = p[i] << 1;
        any |= p[i];
        all &= p[i];
        lowest = magnitude < lowest ? magnitude : lowest;
        highest = magnitude > highest ? magnitude : highest;
    }
    return (summary){any, all, lowest >> 24, highest >> 24};
}
