#include "container/xdf_page.h"

void f24_xdf_image_clear(f24_xdf_image *page, uint64_t offset)
{
    memset(page->bytes, 0, sizeof page->bytes);
    page->offset = offset;
    put_be32(page->bytes, F24_XDF_PAGE / F24_XDF_UNIT);
    put_be32(page->bytes + 4, f24_xdf_address(offset));
}

/* The XOR of all words from byte 16 on is 0: the checksum takes up whatever another word changes by. */
void f24_xdf_image_set(f24_xdf_image *page, size_t at, uint32_t word)
{
    uint8_t *sum = page->bytes + F24_XDF_PAGE_SUM;

    put_be32(sum, be32(sum) ^ be32(page->bytes + at) ^ word);
    put_be32(page->bytes + at, word);
}

void f24_xdf_image_put(f24_xdf_image *page, size_t n, const uint8_t *entry)
{
    for (size_t i = 0; i < F24_XDF_ENTRY; i += 4)
        f24_xdf_image_set(page, f24_xdf_entry_at(n) + i, be32(entry + i));
}

f24_status f24_xdf_image_write(const f24_xdf_image *page, f24_output *output, f24_error *err)
{
    return f24_output_write(output, page->offset, page->bytes, sizeof page->bytes, err);
}

f24_status f24_xdf_image_write_head(const f24_xdf_image *page, f24_output *output, f24_error *err)
{
    return f24_output_write(output, page->offset + F24_XDF_PAGE_NEXT,
                            page->bytes + F24_XDF_PAGE_NEXT, F24_XDF_PAGE_HEAD - F24_XDF_PAGE_NEXT,
                            err);
}

f24_status f24_xdf_image_write_entry(const f24_xdf_image *page, size_t n, f24_output *output,
                                     f24_error *err)
{
    size_t at = f24_xdf_entry_at(n);

    F24_TRY(f24_output_write(output, page->offset + at, page->bytes + at, F24_XDF_ENTRY, err));
    return f24_xdf_image_write_head(page, output, err);
}
