/*
 * Key words to columns: included by keys.c once for each level of processor, with NAME and TARGET.
 *
 * First the words of up to F24_RUN_MAX records are laid out word by word, then each field is one
 * loop over contiguous words, which compilers turn into vectors. Field by field over the entries as
 * they lie is half as fast, record by record a third.
 */
TARGET static void NAME(const f24_run *run, const f24_keys *out)
{
    uint32_t w[F24_KEY_WORDS][F24_RUN_MAX];
    const size_t n = run->n;

    if (run->little) {
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < F24_KEY_WORDS; k++)
                w[k][i] = le32(run->keys + i * run->stride + 4 * k);
    } else {
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < F24_KEY_WORDS; k++)
                w[k][i] = be32(run->keys + i * run->stride + 4 * k);
    }
    /* docs/format/containers.md, 2.5 */
    for (size_t i = 0; i < n; i++) {
        out->deet[i] = (int32_t)(w[0][i] >> 8);
        out->nbits[i] = (int32_t)(w[0][i] & 0xFF);
    }
    for (size_t i = 0; i < n; i++) {
        out->ni[i] = (int32_t)(w[1][i] >> 8 | w[10][i] << 24);
        out->nj[i] = (int32_t)(w[2][i] >> 8 | (w[13][i] & 0xF) << 24 | w[14][i] << 28);
        out->nk[i] = (int32_t)(w[3][i] >> 12);
        out->datyp[i] = (int32_t)(w[2][i] & 0xFF);
    }
    for (size_t i = 0; i < n; i++)
        out->grtyp[i] = (char)(w[1][i] & 0xFF);
    for (size_t i = 0; i < n; i++)
        out->npas[i] = (int32_t)(w[4][i] >> 6);
    for (size_t i = 0; i < n; i++) {
        out->ig1[i] = (int32_t)(w[6][i] >> 8);
        out->ig2[i] = (int32_t)((w[5][i] & 0xFF) << 16 | (w[6][i] & 0xFF) << 8 | (w[7][i] & 0xFF));
        out->ig3[i] = (int32_t)(w[7][i] >> 8);
        out->ig4[i] = (int32_t)(w[5][i] >> 8);
    }
    for (size_t i = 0; i < n; i++) {
        out->ip1[i] = (int32_t)(w[12][i] >> 4);
        out->ip2[i] = (int32_t)(w[13][i] >> 4);
        out->ip3[i] = (int32_t)(w[14][i] >> 4);
    }
    for (size_t i = 0; i < n; i++)
        out->dasiz[i] = (uint8_t)w[11][i];
    for (size_t i = 0; i < n; i++)
        store_text(out->nomvar[i], text4(w[11][i] >> 8));
    for (size_t i = 0; i < n; i++) {
        char text[4];
        store_text(text, text4((w[10][i] >> 8 & 0xFFF) << 12));
        memcpy(out->typvar[i], text, 2);
    }
    for (size_t i = 0; i < n; i++) {
        store_text(out->etiket[i], text4(w[8][i] >> 8));
        store_text(out->etiket[i] + 4, text4((w[8][i] >> 2 & 0x3F) << 18 | w[9][i] >> 14));
        store_text(out->etiket[i] + 8, text4((w[9][i] >> 2 & 0xFFF) << 12 | w[10][i] >> 20));
    }
    for (size_t i = 0; i < n; i++)
        out->datev[i] = f24_date_from_stored(w[15][i]);
    memcpy(out->stored_date, w[15], n * sizeof out->stored_date[0]);
}
