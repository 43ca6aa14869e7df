/* The marks that are written around records and segments. Facts: docs/format/containers.md, 3.1. */
#include "container/rsf_parts.h"

static void put_mark_word(uint8_t *at, f24_rsf_mark mark, uint32_t tag)
{
    put_le32(at, tag << 24 | (uint32_t)mark.words << 8 | mark.type);
}

void f24_rsf_put_start(uint8_t *at, f24_rsf_mark mark, uint8_t element_bytes)
{
    put_mark_word(at, mark, 0xFE);
    put_word_pair(at + 4, mark.n_bytes);
    put_le32(at + 12, (uint32_t)element_bytes << 24 | mark.dir_words);
}

void f24_rsf_put_end(uint8_t *at, f24_rsf_mark mark)
{
    put_word_pair(at, mark.n_bytes);
    put_mark_word(at + 8, mark, 0xFF);
}

static void put_sizes(uint8_t *at, const f24_rsf_sizes *sizes)
{
    put_word_pair(at, sizes->seg);
    put_word_pair(at + 8, sizes->sseg);
    put_word_pair(at + 16, sizes->vdir);
    put_word_pair(at + 24, sizes->vdirs);
}

void f24_rsf_put_sos(uint8_t *at, uint16_t words, bool spare, const f24_rsf_sizes *sizes)
{
    f24_rsf_mark mark = {
        .type = F24_RSF_SEGMENT_START,
        .words = words,
        .n_bytes = F24_RSF_SOS,
        .dir_words = spare ? 0 : F24_RSF_SEARCH_WORDS,
    };

    f24_rsf_put_start(at, mark, 0);
    put_le32(at + 16, 0x30465352u);                       /* "RSF0" */
    put_le32(at + 20, spare ? 0x3E2D2D3Cu : 0x46445453u); /* "<-->", "STDF" */
    put_le32(at + 24, 0xDEADBEEFu);
    put_sizes(at + 28, sizes);
    mark.words = 0;
    f24_rsf_put_end(at + F24_RSF_SOS - F24_RSF_END, mark);
}

static f24_rsf_mark end_of_segment(uint64_t n_bytes, uint16_t words)
{
    return (f24_rsf_mark){
        .type = F24_RSF_SEGMENT_END, .words = words, .n_bytes = n_bytes, .dir_words = words};
}

void f24_rsf_put_eos_low(uint8_t *at, uint64_t n_bytes, uint16_t words)
{
    f24_rsf_put_start(at, end_of_segment(n_bytes, words), 0);
    put_le32(at + F24_RSF_START, 0xBEBEFADAu);
}

void f24_rsf_put_eos_high(uint8_t *at, uint64_t n_bytes, uint16_t words, const f24_rsf_sizes *sizes)
{
    put_le32(at, 0xCAFEFADEu);
    put_sizes(at + 4, sizes);
    f24_rsf_put_end(at + F24_RSF_EOS_HIGH - F24_RSF_END, end_of_segment(n_bytes, words));
}

void f24_rsf_put_eos(uint8_t *at, uint16_t words, const f24_rsf_sizes *sizes)
{
    f24_rsf_put_eos_low(at, F24_RSF_EOS, words);
    f24_rsf_put_eos_high(at + F24_RSF_EOS_LOW, F24_RSF_EOS, words, sizes);
}

void f24_rsf_put_first_segment(uint8_t *at, uint16_t writers)
{
    const f24_rsf_sizes sizes = {.seg = F24_RSF_SOS, .sseg = F24_RSF_SEGMENT_MIN};

    f24_rsf_put_sos(at, writers, false, &sizes);
    f24_rsf_put_eos(at + F24_RSF_SOS, 0, &sizes);
}

bool f24_rsf_is_eos_high(const uint8_t *bytes)
{
    f24_rsf_mark end = f24_rsf_end_at(bytes + F24_RSF_EOS_HIGH - F24_RSF_END);

    return le32(bytes) == 0xCAFEFADEu && end.type == F24_RSF_SEGMENT_END && end.tag == 0xFF;
}
