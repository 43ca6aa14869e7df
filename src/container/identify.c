/* What a file is, from its first bytes. Facts: docs/format/containers.md, 1. */
#include "container/parts.h"

#include "base/bytes.h"

#include <ctype.h>

static bool has(const uint8_t *bytes, size_t n_bytes, size_t at, const char *text, size_t n)
{
    return at + n <= n_bytes && memcmp(bytes + at, text, n) == 0;
}

/* Other kinds of files that people give by mistake. */
static const struct {
    uint8_t at, n;
    char bytes[9];
    const char *what;
} others[] = {
    {9, 8, "CMCARCHS", "a CMCARC archive of files: extract its members first (cmcarc -x)"},
    {17, 8, "CMCARCH5", "a CMCARC archive of files: extract its members first (cmcarc -x)"},
    {0, 4, "GRIB", "GRIB, not a standard file"},
    {0, 4, "BUFR", "BUFR (observations), not a standard file"},
    {0, 4, "CDF\1", "netCDF (classic), not a standard file"},
    {0, 4, "CDF\2", "netCDF (64-bit offset), not a standard file"},
    {0, 4, "CDF\5", "netCDF (64-bit data), not a standard file"},
    {0, 4, "\x89HDF", "HDF5 (or netCDF-4), not a standard file"},
    {0, 4, "\x0e\x03\x13\x01", "HDF4, not a standard file"},
    {0, 2, "\x1f\x8b", "gzip data: decompress the file first (gunzip)"},
    {0, 3, "BZh", "bzip2 data: decompress the file first (bunzip2)"},
    {0, 6,
     "\xfd"
     "7zXZ",
     "xz data: decompress the file first (unxz)"},
    {0, 4, "\x28\xb5\x2f\xfd", "zstd data: decompress the file first (unzstd)"},
    {0, 4, "PK\3\4", "a zip archive, not a standard file"},
    {0, 4, "\x89PNG", "a PNG image, not a standard file"},
    {0, 3, "\xff\xd8\xff", "a JPEG image, not a standard file"},
    {0, 4, "GIF8", "a GIF image, not a standard file"},
    {0, 4, "II*\0", "a TIFF image, not a standard file"},
    {0, 4, "MM\0*", "a TIFF image, not a standard file"},
    {0, 4, "%PDF", "a PDF document, not a standard file"},
    {0, 4,
     "\x7f"
     "ELF",
     "a program, not a standard file"},
    {0, 6, "\x93NUMPY", "a NumPy array, not a standard file"},
    {0, 4, "PAR1", "Parquet, not a standard file"},
    {0, 6, "ARROW1", "Arrow, not a standard file"},
};

static bool is_zeros(const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static bool is_text(const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] < 0x80 && !isprint(bytes[i]) && !isspace(bytes[i]))
            return false;
    }
    return true;
}

/* A word that both files of 1989 repeat (2.12). */
static bool has_word_twice(const uint8_t *bytes, size_t n_bytes, size_t at, uint32_t word)
{
    return at + 8 <= n_bytes && be32(bytes + at) == word && be32(bytes + at + 4) == word;
}

static f24_status fail_foreign(const uint8_t *bytes, size_t n_bytes, uint64_t size, f24_error *err)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (has(bytes, n_bytes, others[i].at, others[i].bytes, others[i].n))
            return f24_fail(err, F24_ENOTFST, 0, "%s", others[i].what);
    }
    if (has_word_twice(bytes, n_bytes, 0, 0x55555555u) ||
        has_word_twice(bytes, n_bytes, 112, 0xAAAAAAAAu) ||
        has_word_twice(bytes, n_bytes, 116, 0xAAAAAAAAu))
        return f24_fail(err, F24_ENOTFST, 0,
                        "a standard file in the old format of 1989: convert it with librmn "
                        "(editfst) first");
    if (is_zeros(bytes, n_bytes))
        return f24_fail(err, F24_ENOTFST, 0,
                        "not a standard file: it starts with %zu zero bytes (was it only reserved, "
                        "never written?)",
                        n_bytes);
    if (is_text(bytes, n_bytes))
        return f24_fail(err, F24_ENOTFST, 0, "text, not a standard file");
    return f24_fail(err, F24_ENOTFST, 0,
                    "not a standard file: neither XDF0 at byte 8 nor RSF0 at byte 16; the file has "
                    "%llu bytes and begins %02x %02x %02x %02x",
                    (unsigned long long)size, bytes[0], n_bytes > 1 ? bytes[1] : 0u,
                    n_bytes > 2 ? bytes[2] : 0u, n_bytes > 3 ? bytes[3] : 0u);
}

/* A code of four letters as people can read it. */
static void readable(const uint8_t *code, char text[5])
{
    for (size_t i = 0; i < 4; i++)
        text[i] = isprint(code[i]) ? (char)code[i] : '?';
    text[4] = '\0';
}

static f24_status identify_xdf(const uint8_t *bytes, f24_layout *layout, f24_error *err)
{
    char code[5];

    if (memcmp(bytes + 12, "STDR", 4) == 0) {
        *layout = F24_LAYOUT_XDF;
        return F24_OK;
    }
    if (memcmp(bytes + 12, "STDS", 4) == 0) {
        *layout = F24_LAYOUT_XDF_SEQ;
        return F24_OK;
    }
    readable(bytes + 12, code);
    return f24_fail(err, F24_ENOTFST, 12,
                    "an XDF file of another application (\"%s\", not STDR or STDS), not a standard "
                    "file",
                    code);
}

static f24_status identify_rsf(const uint8_t *bytes, f24_layout *layout, f24_error *err)
{
    char code[5];

    if (be32(bytes + 24) == 0xDEADBEEFu)
        return f24_fail(err, F24_EUNSUPPORTED, 24,
                        "an RSF file written on a big-endian machine: convert it there to XDF");
    if (le32(bytes + 24) != 0xDEADBEEFu)
        return f24_fail(err, F24_ECORRUPT, 24,
                        "an RSF file with a damaged start: %08x where deadbeef should be",
                        (unsigned)le32(bytes + 24));
    if (memcmp(bytes + 20, "STDF", 4) == 0) {
        *layout = F24_LAYOUT_RSF_LITTLE;
        return F24_OK;
    }
    readable(bytes + 20, code);
    return f24_fail(err, F24_ENOTFST, 20,
                    "an RSF file of another application (\"%s\", not STDF), not a standard file",
                    code);
}

f24_status f24_identify(const uint8_t *bytes, size_t n_bytes, uint64_t size, f24_layout *layout,
                        f24_error *err)
{
    if (n_bytes == 0)
        return f24_fail(err, F24_ENOTFST, 0, "the file is empty");
    if (has(bytes, n_bytes, 12, "BRP0", 4) || has(bytes, n_bytes, 12, "bRp0", 4))
        return f24_fail(err, F24_ENOTFST, 12, "BURP (observations), not a standard file");
    if (has(bytes, n_bytes, 8, "XDF0", 4) && n_bytes >= 16)
        return identify_xdf(bytes, layout, err);
    if (has(bytes, n_bytes, 16, "RSF0", 4) && n_bytes >= 28)
        return identify_rsf(bytes, layout, err);
    if (has(bytes, n_bytes, 8, "XDF0", 4) || has(bytes, n_bytes, 16, "RSF0", 4))
        return f24_fail(err, F24_ETRUNCATED, (int64_t)size,
                        "the file is cut in its header: it has only %llu bytes",
                        (unsigned long long)size);
    return fail_foreign(bytes, n_bytes, size, err);
}
