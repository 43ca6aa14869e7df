/*
 * A directory page of XDF in memory, as it is on disk (docs/format/containers.md, 2.3). Its checksum is
 * right after every change.
 */
#ifndef F24_CONTAINER_XDF_PAGE_H
#define F24_CONTAINER_XDF_PAGE_H

#include "container/store_parts.h"

#define F24_XDF_PAGE_NEXT 16u /* bytes into the page: address of the next one */
#define F24_XDF_PAGE_COUNT 20u
#define F24_XDF_PAGE_SUM 24u

typedef struct f24_xdf_image {
    uint64_t offset; /* of the page in the file */
    uint8_t bytes[F24_XDF_PAGE];
} f24_xdf_image;

/* The address of a byte offset. */
static inline uint32_t f24_xdf_address(uint64_t offset)
{
    return (uint32_t)(offset / F24_XDF_UNIT + 1);
}

/* Byte of entry n in its page. */
static inline size_t f24_xdf_entry_at(size_t n)
{
    return F24_XDF_PAGE_HEAD + n * F24_XDF_ENTRY;
}

static inline uint32_t f24_xdf_image_entries(const f24_xdf_image *page)
{
    return be32(page->bytes + F24_XDF_PAGE_COUNT);
}

/* An empty page at `offset`. */
void f24_xdf_image_clear(f24_xdf_image *page, uint64_t offset);

/* Change the word at byte `at`, from F24_XDF_PAGE_NEXT on, or the 72 bytes of entry n. */
void f24_xdf_image_set(f24_xdf_image *page, size_t at, uint32_t word);
void f24_xdf_image_put(f24_xdf_image *page, size_t n, const uint8_t *entry);

/*
 * Write the page; its head (link, count, checksum); or entry n and then the head, without which the
 * entry does not count.
 */
f24_status f24_xdf_image_write(const f24_xdf_image *page, f24_output *output, f24_error *err);
f24_status f24_xdf_image_write_head(const f24_xdf_image *page, f24_output *output, f24_error *err);
f24_status f24_xdf_image_write_entry(const f24_xdf_image *page, size_t n, f24_output *output,
                                     f24_error *err);

#endif
