/* Fields become the 16 key words of a record here and nowhere else (docs/format/containers.md, 2.5). */
#include "table/keys.h"
#include "table/table.h"

#include "convention/convention.h"

#include <string.h>

#define FIRST_CHARACTER 32 /* of the six-bit code: 32 to 95 */
#define LAST_CHARACTER 95

/* --------------------------------------------------------------------------------------- text */

static f24_status refuse_text(const char *name, const char *text, size_t width, f24_error *err)
{
    char fitting[16];
    size_t n = strnlen(text, sizeof fitting);

    if (n > width)
        return f24_fail(err, F24_EENCODING, -1, "%s '%.*s' is too long: %zu characters at most",
                        name, (int)n, text, width);
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        fitting[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        if (fitting[i] < FIRST_CHARACTER || fitting[i] > LAST_CHARACTER)
            fitting[i] = '_';
    }
    return f24_fail(err, F24_EENCODING, -1,
                    "%s '%.*s' has characters that the format does not keep (only capitals, digits "
                    "and signs of ASCII 32 to 95): '%.*s' would fit",
                    name, (int)n, text, (int)n, fitting);
}

/* The text as six-bit characters, padded with blanks. */
static f24_status take_text(const char *name, const char *text, size_t width, uint8_t *codes,
                            f24_error *err)
{
    size_t n = strnlen(text, width + 1);

    memset(codes, 0, width);
    if (n > width)
        return refuse_text(name, text, width, err);
    for (size_t i = 0; i < n; i++) {
        if (text[i] < FIRST_CHARACTER || text[i] > LAST_CHARACTER)
            return refuse_text(name, text, width, err);
        codes[i] = (uint8_t)(text[i] - FIRST_CHARACTER);
    }
    return F24_OK;
}

/* n six-bit characters, the first one highest. */
static uint32_t packed(const uint8_t *codes, size_t n)
{
    uint32_t word = 0;

    for (size_t i = 0; i < n; i++)
        word = word << 6 | codes[i];
    return word;
}

/* ------------------------------------------------------------------------------------ numbers */

static f24_status check_range(const char *name, int64_t value, int64_t least, int64_t most,
                              f24_error *err)
{
    if (value >= least && value <= most)
        return F24_OK;
    return f24_fail(err, F24_EENCODING, -1, "%s %lld does not fit: the format keeps %lld to %lld",
                    name, (long long)value, (long long)least, (long long)most);
}

static f24_status check_numbers(const f24_record *r, f24_error *err)
{
    const struct {
        const char *name;
        int64_t value, least;
        int bits;
    } fields[] = {
        {"deet", r->deet, 0, 24},  {"npas", r->npas, 0, 26}, {"ni", r->ni, 1, 31},
        {"nj", r->nj, 1, 31},      {"nk", r->nk, 1, 20},     {"ip1", r->ip1, 0, 28},
        {"ip2", r->ip2, 0, 28},    {"ip3", r->ip3, 0, 28},   {"ig1", r->ig1, 0, 24},
        {"ig2", r->ig2, 0, 24},    {"ig3", r->ig3, 0, 24},   {"ig4", r->ig4, 0, 24},
        {"datyp", r->datyp, 0, 8},
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        F24_TRY(check_range(fields[i].name, fields[i].value, fields[i].least,
                            (INT64_C(1) << fields[i].bits) - 1, err));
    return check_range("nbits", r->nbits, 1, 64, err);
}

/* -------------------------------------------------------------------------------------- dates */

static f24_status validity(const f24_record *r, int32_t *datev, f24_error *err)
{
    int64_t seconds = (int64_t)r->deet * r->npas;
    f24_error why;

    if (r->dateo == -1)
        *datev = r->datev;
    else if (seconds == 0)
        *datev = r->dateo;
    else if (f24_date_add(r->dateo, (double)seconds / 3600, F24_GREGORIAN, datev, &why) != F24_OK)
        return f24_fail(err, F24_EENCODING, -1,
                        "dateo %d and deet %d x npas %d have no validity date (%.120s)", r->dateo,
                        r->deet, r->npas, why.message);
    return F24_OK;
}

/* The "octal" coding of stamps (2.6) keeps last digits 0 to 7. */
static f24_status stored_date(int32_t datev, uint32_t *stored, f24_error *err)
{
    uint32_t stamp = (uint32_t)datev;

    *stored = 8 * (stamp / 10) + stamp % 10;
    if (f24_date_from_stored(*stored) != datev)
        return f24_fail(err, F24_EENCODING, -1,
                        "the date stamp %d ends with %u, which the format turns into another date: "
                        "give a date of the newer style (f24_date_encode)",
                        datev, (unsigned)(stamp % 10));
    return F24_OK;
}

/* --------------------------------------------------------------------------------------- both */

void f24_keys_set_type(uint32_t keys[F24_KEY_WORDS], int32_t datyp, int32_t nbits, int32_t dasiz)
{
    keys[0] = (keys[0] & ~0xFFu) | ((uint32_t)nbits & 0xFFu);
    keys[2] = (keys[2] & ~0xFFu) | ((uint32_t)datyp & 0xFFu);
    keys[11] = (keys[11] & ~0xFFu) | ((uint32_t)dasiz & 0xFFu);
}

f24_status f24_keys_encode(const f24_record *r, uint32_t keys[F24_KEY_WORDS], f24_error *err)
{
    const uint32_t ni = (uint32_t)r->ni, nj = (uint32_t)r->nj, ig2 = (uint32_t)r->ig2;
    uint8_t nomvar[4], typvar[2], etiket[12];
    uint32_t date;
    int32_t datev;

    F24_TRY(take_text("nomvar", r->nomvar, sizeof nomvar, nomvar, err));
    F24_TRY(take_text("typvar", r->typvar, sizeof typvar, typvar, err));
    F24_TRY(take_text("etiket", r->etiket, sizeof etiket, etiket, err));
    F24_TRY(check_numbers(r, err));
    F24_TRY(validity(r, &datev, err));
    F24_TRY(stored_date(datev, &date, err));
    keys[0] = (uint32_t)r->deet << 8;
    keys[1] = ni << 8 | (uint8_t)(r->grtyp[0] == '\0' ? ' ' : r->grtyp[0]);
    keys[2] = nj << 8;
    keys[3] = (uint32_t)r->nk << 12;
    keys[4] = (uint32_t)r->npas << 6;
    keys[5] = (uint32_t)r->ig4 << 8 | ig2 >> 16;
    keys[6] = (uint32_t)r->ig1 << 8 | (ig2 >> 8 & 0xFFu);
    keys[7] = (uint32_t)r->ig3 << 8 | (ig2 & 0xFFu);
    keys[8] = packed(etiket, 5) << 2;
    keys[9] = packed(etiket + 5, 5) << 2;
    keys[10] = packed(etiket + 10, 2) << 20 | packed(typvar, 2) << 8 | ni >> 24;
    keys[11] = packed(nomvar, 4) << 8;
    keys[12] = (uint32_t)r->ip1 << 4;
    keys[13] = (uint32_t)r->ip2 << 4 | (nj >> 24 & 0xFu);
    keys[14] = (uint32_t)r->ip3 << 4 | nj >> 28;
    keys[15] = date;
    f24_keys_set_type(keys, r->datyp, r->nbits, r->dasiz);
    return F24_OK;
}

/* -------------------------------------------------------------------------------- equal records */

/*
 * The bits that make two records the same (fst24.h, f24_rewrite): all but those of datyp, nbits and
 * dasiz, and the unused ones.
 */
static const uint32_t same_bits[F24_KEY_WORDS] = {
    0xFFFFFF00u,                           /* deet */
    0xFFFFFFFFu,                           /* ni, grtyp */
    0xFFFFFF00u,                           /* nj */
    0xFFFFF000u,                           /* nk */
    0xFFFFFFC0u,                           /* npas */
    0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, /* ig1 to ig4 */
    0xFFFFFFFCu, 0xFFFFFFFCu,              /* etiket 1 to 10 */
    0xFFFFFFFFu,                           /* etiket 11 and 12, typvar, ni */
    0xFFFFFF00u,                           /* nomvar */
    0xFFFFFFF0u,                           /* ip1 */
    0xFFFFFFFFu, 0xFFFFFFFFu,              /* ip2, ip3, nj */
    0xFFFFFFFFu,                           /* datev */
};

bool f24_keys_same(const uint32_t a[F24_KEY_WORDS], const uint32_t b[F24_KEY_WORDS])
{
    uint32_t different = 0;

    for (size_t k = 0; k < F24_KEY_WORDS; k++)
        different |= (a[k] ^ b[k]) & same_bits[k];
    return different == 0;
}

uint64_t f24_keys_hash(const uint32_t keys[F24_KEY_WORDS])
{
    uint64_t hash = 0;

    for (size_t k = 0; k < F24_KEY_WORDS; k += 2) {
        uint64_t pair = (uint64_t)(keys[k] & same_bits[k]) << 32 | (keys[k + 1] & same_bits[k + 1]);
        hash = (hash ^ pair) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return hash;
}
