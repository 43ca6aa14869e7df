/* Which of the compiled copies of a kernel this processor can run. */
#ifndef F24_BASE_CPU_H
#define F24_BASE_CPU_H

/* Micro-architecture levels of the x86-64 psABI; elsewhere only the portable copy exists. */
typedef enum f24_cpu { F24_CPU_PORTABLE = 0, F24_CPU_V3 = 3, F24_CPU_V4 = 4 } f24_cpu;

#if defined(__x86_64__) && defined(__GNUC__)
#define F24_HAVE_V3 1
#define F24_HAVE_V4 1
/* avx512vbmi (byte shuffles) is asked for apart: level v4 has only f, bw, cd, dq, vl. */
#define F24_TARGET_V3 __attribute__((target("avx,avx2,bmi,bmi2,f16c,lzcnt,movbe")))
#define F24_TARGET_V4                                                                              \
    __attribute__((                                                                                \
        target("avx,avx2,bmi,bmi2,f16c,lzcnt,movbe,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")))
#endif

/*
 * The best level that this processor has and that f24_cpu_limit allows. (Without fma: the codecs'
 * results are defined by separately rounded products and sums.)
 */
f24_cpu f24_cpu_level(void);

/* For tests: use no level above `limit` from now on. Kernels ask at each call. */
void f24_cpu_limit(f24_cpu limit);

#endif
