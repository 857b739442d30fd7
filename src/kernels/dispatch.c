/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that this build and this processor have. Nothing is cached: models ask once, at load, and images for each
 * walk over their pixels, which costs nanoseconds.
 */
#include "kernels/kernels.h"

#include "os/os.h"

extern const rmt_kernels rmt_kernels_base;
#if defined(__x86_64__)
extern const rmt_kernels rmt_kernels_avx2, rmt_kernels_avx512, rmt_kernels_avx512_bf16;
#endif

const rmt_kernels *rmt_kernels_get(rmt_level level)
{
    const rmt_os_features cpu = rmt_os_cpu_features();
    switch (level) {
    case RMT_LEVEL_BASE: return &rmt_kernels_base;
#if defined(__x86_64__)
    case RMT_LEVEL_AVX2: return cpu.avx2_fma ? &rmt_kernels_avx2 : NULL;
    case RMT_LEVEL_AVX512: return cpu.avx512 ? &rmt_kernels_avx512 : NULL;
    case RMT_LEVEL_AVX512_BF16: return cpu.avx512_bf16 ? &rmt_kernels_avx512_bf16 : NULL;
#endif
    default: return NULL;
    }
}

const rmt_kernels *rmt_kernels_best(void)
{
    for (int level = RMT_LEVEL_COUNT - 1; level > RMT_LEVEL_BASE; level--) {
        const rmt_kernels *kernels = rmt_kernels_get((rmt_level)level);
        if (kernels != NULL)
            return kernels;
    }
    return &rmt_kernels_base;
}
