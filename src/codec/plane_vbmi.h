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

/* For tokens of w bits: where the token of each element starts, in bits from the first one. */
#define PLACES(w)                                                                                  \
    {0,       (w),     2 * (w), 3 * (w), 3 * (w), 4 * (w), 5 * (w), 6 * (w),                       \
     6 * (w), 7 * (w), 8 * (w), 9 * (w), 9 * (w), 9 * (w), 9 * (w), 9 * (w)}
static const uint32_t places[F24_WIDEST_TOKEN + 1][16] = {
    PLACES(0),  PLACES(1),  PLACES(2),  PLACES(3),  PLACES(4),  PLACES(5),  PLACES(6),
    PLACES(7),  PLACES(8),  PLACES(9),  PLACES(10), PLACES(11), PLACES(12), PLACES(13),
    PLACES(14), PLACES(15), PLACES(16), PLACES(17), PLACES(18), PLACES(19), PLACES(20),
    PLACES(21), PLACES(22), PLACES(23), PLACES(24), PLACES(25),
};

/*
 * The nine tokens at bit `at`, sign-extended. Each element gets the four bytes that its token
 * starts in, in big-endian order: 7 + 25 bits are enough. Width 0 shifts everything out. The load
 * reads 64 bytes from a place inside the stream or at its end: the pad.
 */
TARGET_VBMI static inline __attribute__((always_inline)) __m512i tile_tokens(const uint8_t *bytes,
                                                                             uint64_t at,
                                                                             unsigned width)
{
    const __m512i first_byte = _mm512_set4_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0);
    const __m512i data = _mm512_loadu_si512(bytes + (at >> 3));
    const __m512i place =
        _mm512_add_epi32(_mm512_loadu_si512(places[width]), _mm512_set1_epi32((int)(at & 7)));
    const __m512i index = _mm512_add_epi8(
        _mm512_shuffle_epi8(_mm512_srli_epi32(place, 3), first_byte), _mm512_set1_epi32(0x010203));
    const __m512i up = _mm512_ternarylogic_epi32(place, _mm512_set1_epi32(7),
                                                 _mm512_set1_epi32(width == 0 ? 32 : 0), 0xea);

    return _mm512_srav_epi32(_mm512_sllv_epi32(_mm512_permutexvar_epi8(index, data), up),
                             _mm512_set1_epi32(32 - (int)width)); /* 0xea: (a & b) | c */
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

TARGET_VBMI static bool row16_vbmi(f24_plane *plane, uint16_t *slope, uint16_t *rows, int64_t ni,
                                   unsigned tall)
{
    const size_t stride = f24_row_stride(ni);
    const int64_t n_full = (ni - 1) / 3;
    const __m256i zero = _mm256_setzero_si256();
    const __m256i third = _mm256_set1_epi64x(0x0504050405040504);
    const __m256i third_of_each =
        _mm256_add_epi8(third, _mm256_set_epi64x(0x0808080808080808, 0, 0x0808080808080808, 0));
    uint16_t *row0 = rows + 1, *row1 = row0 + stride, *row2 = row1 + stride;
    __m256i before = _mm256_set_epi64x(0, row2[-1], row1[-1], row0[-1]);
    walk w = walk_of(plane);
    uint64_t next_slope;
    int64_t i = 0;

    if (plane->step != 3 || tall != 3)
        return row16_16_v3(plane, slope, rows, ni, tall);
    before =
        _mm256_shuffle_epi8(before, _mm256_sub_epi8(third_of_each, _mm256_set1_epi32(0x04040404)));
    slope++;
    memcpy(&next_slope, slope, sizeof next_slope);
    for (; i < 3 * n_full; i += 3) {
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
        before = _mm256_shuffle_epi8(s, third_of_each);
        _mm_storel_epi64((__m128i *)(row0 + i), _mm256_castsi256_si128(s));
        _mm_storeh_pd((double *)(row1 + i), _mm_castsi128_pd(_mm256_castsi256_si128(s)));
        _mm_storel_epi64((__m128i *)(row2 + i), _mm256_extracti128_si256(s, 1));
    }
    memcpy(slope + i, &next_slope, sizeof next_slope);
    plane->at = w.at;
    if (!edges_16_v3(plane, rows, 1 + i, ni, tall))
        return false;
    for (unsigned r = 0; r < tall; r++)
        sum_plain_16_v3(slope - 1, rows + r * stride, 1 + i, ni);
    return true;
}

/* What a plane needs from tile to tile, besides its walk. */
typedef struct carry {
    __m512i before;     /* lane r: the last value of row r in each element */
    __m128i next_slope; /* of the tile to come */
} carry;

TARGET_VBMI static inline __attribute__((always_inline)) bool
add_tile(walk *w, const f24_plane32 *p, carry *c, int64_t i, size_t stride)
{
    const __m512i zero = _mm512_setzero_si512();
    uint32_t *row = p->rows + 1 + i;
    __m512i d, s;

    if (!next_tile(w, &p->plane, &d))
        return false;
    s = _mm512_add_epi32(
        _mm512_add_epi32(d, _mm512_broadcast_i32x4(c->next_slope)),
        _mm512_add_epi32(_mm512_alignr_epi64(d, zero, 6), _mm512_alignr_epi64(d, zero, 4)));
    c->next_slope = _mm_loadu_si128((const __m128i *)(p->slope + 4 + i));
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
        c[k].next_slope = _mm_loadu_si128((const __m128i *)(planes[k].slope + 1));
    }
    for (; wrong < 0 && i < 3 * n_full; i += 3)
        for (int k = 0; k < n_planes; k++)
            if (!add_tile(&w[k], &planes[k], &c[k], i, stride))
                wrong = k;
    for (int k = 0; k < n_planes; k++) {
        planes[k].plane.at = w[k].at;
        _mm_storeu_si128((__m128i *)(planes[k].slope + 1 + i), c[k].next_slope);
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
