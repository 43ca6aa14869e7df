#include "codec/kernels.h"

#include "base/bytes.h"
#include "base/cpu.h"

#include "codec/tokens_kernel.h"

#define TABLE(level, tokens_of_level)                                                              \
    {swap32_##level,   swap32_in_place_##level, swap64_##level,     swap_halves_##level,           \
     tokens_of_level,  tokens16_##level,        linear16_##level,   linear31_##level,              \
     linear32_##level, block16_##level,         store8_##level,     store16_##level,               \
     store64_##level,  subtract_##level,        shift_left_##level, narrow16_##level,              \
     widen16_##level}

#define TARGET
#define NAME(x) x##_portable
#include "codec/loops_kernel.h"
#undef TARGET
#undef NAME

static const f24_kernels portable = TABLE(portable, tokens_portable);

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) x##_v3
#include "codec/loops_kernel.h"
#undef TARGET
#undef NAME

static const f24_kernels v3 = TABLE(v3, tokens_v3);
#endif

#ifdef F24_HAVE_V4
#define TARGET F24_TARGET_V4
#define NAME(x) x##_v4
#include "codec/loops_kernel.h"
#undef TARGET
#undef NAME

static const f24_kernels v4 = TABLE(v4, tokens_v3);
#endif

const f24_kernels *f24_kernels_now(void)
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
