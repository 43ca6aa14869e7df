#include "codec/write_kernels.h"

#include "base/bytes.h"
#include "base/cpu.h"

typedef int16_t f24_i16 __attribute__((aligned(1), may_alias));
typedef int32_t f24_i32 __attribute__((aligned(1), may_alias));
typedef int64_t f24_i64 __attribute__((aligned(1), may_alias));

#define TABLE(level)                                                                               \
    {range32_##level,    range64_##level,    largest32_##level,  to_float_##level,                 \
     quantise16_##level, quantise32_##level, quantise64_##level, block_tokens_##level,             \
     tops_##level,       from_u8_##level,    from_i8_##level,    from_u16_##level,                 \
     from_i16_##level,   bias_##level,       narrow_##level,     plug32_##level,                   \
     plug64_##level,     pack_##level,       pack16_##level,     count_##level}

#define TARGET
#define NAME(x) x##_portable
#include "codec/write_kernel.h"
#undef TARGET
#undef NAME

static const f24_write_kernels portable = TABLE(portable);

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) x##_v3
#include "codec/write_kernel.h"
#undef TARGET
#undef NAME

static const f24_write_kernels v3 = TABLE(v3);
#endif

#ifdef F24_HAVE_V4
#define TARGET F24_TARGET_V4
#define NAME(x) x##_v4
#include "codec/write_kernel.h"
#undef TARGET
#undef NAME

static const f24_write_kernels v4 = TABLE(v4);
#endif

const f24_write_kernels *f24_write_kernels_now(void)
{
    switch (f24_cpu_level()) {
#ifdef F24_HAVE_V4
    case F24_CPU_V4:
        return &v4;
#endif
#ifdef F24_HAVE_V3
    case F24_CPU_V3:
        return &v3;
#endif
    default:
        return &portable;
    }
}
