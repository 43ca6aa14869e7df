/*
 * Rows of 3 x 3 tiles with byte shuffles (avx512vbmi): a tile goes from bits to values in
 * registers, in the time that the chain of tile headers takes anyway. Included by plane.c.
 *
 * The four 32-bit elements of 128-bit lane r are row r of the tile and one that is not used; so are
 * lane 3 and, after narrowing to 16 bits, the last of each four elements. Stores write them too:
 * the next tile, or the pad of the row, takes them.
 */
#define TARGET_VBMI                                                                                \
    __attribute__((target("avx,avx2,bmi,bmi2,lzcnt,movbe,avx512f,avx512bw,avx512cd,avx512dq,"      \
                          "avx512vl,avx512vbmi")))

/*
 * For tokens of w bits, the first one at bit o of the first byte: element e holds token t(e).
 * shuffle: the four bytes that the token starts in, in big-endian order (7 + 25 bits are enough).
 * up: how far its first bit is from the top of them; a width of 0 shifts everything out.
 * As tables (26 KiB, of which a field uses few lines) they take 10 operations out of each tile.
 */
#define SHUFFLE(w, o, t) (((o) + (t) * (w)) / 8 * 0x01010101u + 0x00010203u)
#define UP(w, o, t) ((w) == 0 ? 32u : ((o) + (t) * (w)) % 8)
#define ELEMENTS(F, w, o)                                                                          \
    {F(w, o, 0u), F(w, o, 1u), F(w, o, 2u), 0, F(w, o, 3u), F(w, o, 4u), F(w, o, 5u), 0,           \
     F(w, o, 6u), F(w, o, 7u), F(w, o, 8u), 0, 0,           0,           0,           0}
#define OFFSETS(F, w)                                                                              \
    {ELEMENTS(F, w, 0u), ELEMENTS(F, w, 1u), ELEMENTS(F, w, 2u), ELEMENTS(F, w, 3u),               \
     ELEMENTS(F, w, 4u), ELEMENTS(F, w, 5u), ELEMENTS(F, w, 6u), ELEMENTS(F, w, 7u)}
#define WIDTHS(F)                                                                                  \
    {OFFSETS(F, 0u),  OFFSETS(F, 1u),  OFFSETS(F, 2u),  OFFSETS(F, 3u),  OFFSETS(F, 4u),           \
     OFFSETS(F, 5u),  OFFSETS(F, 6u),  OFFSETS(F, 7u),  OFFSETS(F, 8u),  OFFSETS(F, 9u),           \
     OFFSETS(F, 10u), OFFSETS(F, 11u), OFFSETS(F, 12u), OFFSETS(F, 13u), OFFSETS(F, 14u),          \
     OFFSETS(F, 15u), OFFSETS(F, 16u), OFFSETS(F, 17u), OFFSETS(F, 18u), OFFSETS(F, 19u),          \
     OFFSETS(F, 20u), OFFSETS(F, 21u), OFFSETS(F, 22u), OFFSETS(F, 23u), OFFSETS(F, 24u),          \
     OFFSETS(F, 25u)}
typedef uint32_t line_of_16[16] __attribute__((aligned(64)));
static const line_of_16 shuffles[F24_WIDEST_TOKEN + 1][8] = WIDTHS(SHUFFLE);
static const line_of_16 ups[F24_WIDEST_TOKEN + 1][8] = WIDTHS(UP);
static const int32_t downs[F24_WIDEST_TOKEN + 1] = {32, 31, 30, 29, 28, 27, 26, 25, 24,
                                                    23, 22, 21, 20, 19, 18, 17, 16, 15,
                                                    14, 13, 12, 11, 10, 9,  8,  7};

/*
 * The nine tokens at bit `at`, sign-extended. The load reads 64 bytes from a place inside the
 * stream or at its end: the pad.
 */
TARGET_VBMI static inline __attribute__((always_inline)) __m512i tile_tokens(const uint8_t *bytes,
                                                                             uint64_t at,
                                                                             unsigned width)
{
    const __m512i data = _mm512_loadu_si512(bytes + (at >> 3));
    const __m512i bits = _mm512_permutexvar_epi8(_mm512_load_si512(shuffles[width][at & 7]), data);

    return _mm512_srav_epi32(_mm512_sllv_epi32(bits, _mm512_load_si512(ups[width][at & 7])),
                             _mm512_set1_epi32(downs[width]));
}

/* Where a plane is while a row of tiles is read: copies that the compiler keeps in registers. */
typedef struct walk {
    const uint8_t *bytes;
    uint64_t at, end;
    unsigned head_bits;
} walk;

static inline walk walk_of(const f24_plane *plane)
{
    return (walk){plane->bytes, plane->at, plane->end, plane->head_bits};
}

/* The tokens of the tile at w->at, which is passed; false when it is wrong. */
TARGET_VBMI static inline __attribute__((always_inline)) bool
next_tile(walk *w, const f24_plane *plane, __m512i *tokens)
{
    const size_t b = (size_t)f24_bits_at(w->bytes, w->at, w->head_bits);
    const uint64_t next = w->at + plane->tile_bits[b];

    if (next > w->end)
        return false;
    *tokens = tile_tokens(w->bytes, w->at + w->head_bits, plane->width[b]);
    w->at = next;
    return true;
}

#define FOUR_TIMES UINT64_C(0x0001000100010001)

TARGET_VBMI static bool row16_whole(f24_plane *plane, uint16_t *slope, uint16_t *rows, int64_t ni)
{
    const size_t stride = f24_row_stride(ni);
    const int64_t n_full = (ni - 1) / 3;
    const __m256i zero = _mm256_setzero_si256();
    const __m256i third_of_four =
        _mm256_broadcastsi128_si256(_mm_set_epi64x(0x0d0c0d0c0d0c0d0c, 0x0504050405040504));
    uint16_t *row0 = rows, *row1 = row0 + stride, *row2 = row1 + stride;
    __m256i before =
        _mm256_set_epi64x(0, (int64_t)(*row2 * FOUR_TIMES), (int64_t)(*row1 * FOUR_TIMES),
                          (int64_t)(*row0 * FOUR_TIMES));
    walk w = walk_of(plane);
    uint64_t next_slope;
    int64_t i = 1;

    memcpy(&next_slope, slope + 1, sizeof next_slope);
    for (; i <= 3 * n_full; i += 3) {
        __m512i tokens;
        __m256i d, s;
        if (!next_tile(&w, plane, &tokens)) {
            plane->at = w.at;
            plane->wrong = true;
            return false;
        }
        d = _mm512_cvtepi32_epi16(tokens);
        /* up the columns */
        s = _mm256_add_epi16(
            _mm256_add_epi16(d, _mm256_set1_epi64x((int64_t)next_slope)),
            _mm256_add_epi16(_mm256_alignr_epi64(d, zero, 3), _mm256_alignr_epi64(d, zero, 2)));
        memcpy(&next_slope, slope + i + 3, sizeof next_slope); /* before the store touches it */
        _mm_storel_epi64((__m128i *)(slope + i), _mm256_extracti128_si256(s, 1));
        /* along the rows */
        s = _mm256_add_epi16(s, _mm256_slli_epi64(s, 16));
        s = _mm256_add_epi16(s, _mm256_slli_epi64(s, 32));
        s = _mm256_add_epi16(s, before);
        before = _mm256_shuffle_epi8(s, third_of_four);
        _mm_storel_epi64((__m128i *)(row0 + i), _mm256_castsi256_si128(s));
        _mm_storeh_pi((__m64 *)(row1 + i), _mm_castsi128_ps(_mm256_castsi256_si128(s)));
        _mm_storel_epi64((__m128i *)(row2 + i), _mm256_extracti128_si256(s, 1));
    }
    memcpy(slope + i, &next_slope, sizeof next_slope);
    plane->at = w.at;
    if (!edges_16_v3(plane, rows, i, ni, 3))
        return false;
    for (unsigned r = 0; r < 3; r++)
        sum_plain_16_v3(slope, rows + r * stride, i, ni);
    return true;
}

TARGET_VBMI static bool row16_vbmi(f24_plane *plane, uint16_t *slope, uint16_t *rows, int64_t ni,
                                   unsigned tall)
{
    if (plane->step != 3 || tall != 3)
        return row16_16_v3(plane, slope, rows, ni, tall);
    return row16_whole(plane, slope, rows, ni);
}

/* What a plane needs from tile to tile, besides its walk. */
typedef struct carry {
    __m512i before;     /* lane r: the last value of row r in each element */
    __m512i next_slope; /* of the tile to come, in each lane */
} carry;

TARGET_VBMI static inline __attribute__((always_inline)) __m512i slope_at(const f24_plane32 *p,
                                                                          int64_t i)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(p->slope + 1 + i)));
}

TARGET_VBMI static inline __attribute__((always_inline)) bool
add_tile(walk *w, const f24_plane32 *p, carry *c, int64_t i, size_t stride)
{
    const __m512i zero = _mm512_setzero_si512();
    uint32_t *row = p->rows + 1 + i;
    __m512i d, s;

    if (!next_tile(w, &p->plane, &d))
        return false;
    s = _mm512_add_epi32(
        _mm512_add_epi32(d, c->next_slope),
        _mm512_add_epi32(_mm512_alignr_epi64(d, zero, 6), _mm512_alignr_epi64(d, zero, 4)));
    c->next_slope = slope_at(p, i + 3);
    _mm_storeu_si128((__m128i *)(p->slope + 1 + i), _mm512_extracti32x4_epi32(s, 2));
    s = _mm512_add_epi32(s, _mm512_bslli_epi128(s, 4));
    s = _mm512_add_epi32(s, _mm512_bslli_epi128(s, 8));
    s = _mm512_add_epi32(s, c->before);
    c->before = _mm512_shuffle_epi32(s, _MM_PERM_CCCC);
    _mm_storeu_si128((__m128i *)row, _mm512_castsi512_si128(s));
    _mm_storeu_si128((__m128i *)(row + stride), _mm512_extracti32x4_epi32(s, 1));
    _mm_storeu_si128((__m128i *)(row + 2 * stride), _mm512_extracti32x4_epi32(s, 2));
    return true;
}

TARGET_VBMI static inline __attribute__((always_inline)) bool rows_vbmi(f24_plane32 *planes,
                                                                        int n_planes, int64_t ni)
{
    const size_t stride = f24_row_stride(ni);
    const int64_t n_full = (ni - 1) / 3;
    carry c[2];
    walk w[2];
    int64_t i = 0;
    int wrong = -1;

    for (int k = 0; k < n_planes; k++) {
        const uint32_t *rows = planes[k].rows;
        w[k] = walk_of(&planes[k].plane);
        c[k].before = _mm512_inserti32x4(
            _mm512_inserti32x4(_mm512_castsi128_si512(_mm_set1_epi32((int)rows[0])),
                               _mm_set1_epi32((int)rows[stride]), 1),
            _mm_set1_epi32((int)rows[2 * stride]), 2);
        c[k].next_slope = slope_at(&planes[k], 0);
    }
    for (; wrong < 0 && i < 3 * n_full; i += 3)
        for (int k = 0; k < n_planes; k++)
            if (!add_tile(&w[k], &planes[k], &c[k], i, stride))
                wrong = k;
    for (int k = 0; k < n_planes; k++) {
        planes[k].plane.at = w[k].at;
        _mm_storeu_si128((__m128i *)(planes[k].slope + 1 + i),
                         _mm512_castsi512_si128(c[k].next_slope));
    }
    if (wrong >= 0) {
        planes[wrong].plane.wrong = true;
        return false;
    }
    for (int k = 0; k < n_planes; k++) {
        if (!edges_32_v3(&planes[k].plane, planes[k].rows, 1 + i, ni, 3))
            return false;
        for (unsigned r = 0; r < 3; r++)
            sum_plain_32_v3(planes[k].slope, planes[k].rows + r * stride, 1 + i, ni);
    }
    return true;
}

TARGET_VBMI static bool row32_vbmi(f24_plane32 *planes, int64_t ni, unsigned tall)
{
    return tall == 3 ? rows_vbmi(planes, 1, ni) : row32_32_v3(planes, ni, tall);
}

TARGET_VBMI static bool rows32_vbmi(f24_plane32 *planes, int64_t ni, unsigned tall)
{
    return tall == 3 ? rows_vbmi(planes, 2, ni) : rows32_32_v3(planes, ni, tall);
}
