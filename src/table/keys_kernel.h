/*
 * Key words to columns: included by keys.c once for each level of processor, with NAME, TARGET and
 * TRANSPOSE.
 *
 * First the words of up to F24_RUN_MAX records are laid out word by word, then each field is one
 * loop over contiguous words, which compilers turn into vectors.
 */
TARGET static void NAME(const f24_run *run, const f24_keys *out)
{
    uint32_t w[F24_KEY_WORDS][F24_RUN_MAX], text[3 * F24_RUN_MAX];
    uint16_t text2[F24_RUN_MAX];
    const size_t n = run->n;

    TRANSPOSE(run, w);
    /* docs/format/containers.md, 2.5 */
    FIELD(int32_t, deet, w[0][i] >> 8);
    FIELD(int32_t, nbits, w[0][i] & 0xFF);
    FIELD(int32_t, ni, w[1][i] >> 8 | w[10][i] << 24);
    FIELD(char, grtyp, w[1][i] & 0xFF);
    FIELD(int32_t, nj, w[2][i] >> 8 | (w[13][i] & 0xF) << 24 | w[14][i] << 28);
    FIELD(int32_t, datyp, w[2][i] & 0xFF);
    FIELD(int32_t, nk, w[3][i] >> 12);
    FIELD(int32_t, npas, w[4][i] >> 6);
    FIELD(int32_t, ig4, w[5][i] >> 8);
    FIELD(int32_t, ig2, (w[5][i] & 0xFF) << 16 | (w[6][i] & 0xFF) << 8 | (w[7][i] & 0xFF));
    FIELD(int32_t, ig1, w[6][i] >> 8);
    FIELD(int32_t, ig3, w[7][i] >> 8);
    FIELD(uint8_t, dasiz, w[11][i] & 0xFF);
    FIELD(int32_t, ip1, w[12][i] >> 4);
    FIELD(int32_t, ip2, w[13][i] >> 4);
    FIELD(int32_t, ip3, w[14][i] >> 4);
    FIELD(int32_t, datev, f24_date_from_stored(w[15][i]));
    memcpy(out->stored_date, w[15], n * sizeof w[15][0]);

    for (size_t i = 0; i < n; i++)
        text[i] = text4(w[11][i] >> 8);
    memcpy(out->nomvar, text, 4 * n);
    for (size_t i = 0; i < n; i++)
        text2[i] = first_two(text4((w[10][i] & 0xFFF00) << 4));
    memcpy(out->typvar, text2, 2 * n);
    for (size_t i = 0; i < n; i++) {
        text[3 * i] = text4(w[8][i] >> 8);
        text[3 * i + 1] = text4((w[8][i] >> 2 & 0x3F) << 18 | w[9][i] >> 14);
        text[3 * i + 2] = text4((w[9][i] >> 2 & 0xFFF) << 12 | w[10][i] >> 20);
    }
    memcpy(out->etiket, text, 12 * n);
}
