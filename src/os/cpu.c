/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processor can do and how large its caches are.
 *
 * An instruction level counts only when the system saves its registers too
 * (the compiler's feature test reads XCR0). Sizes that the system does not
 * tell are replaced by those of a small desktop core.
 */
#include "os/os.h"

#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* Not every compiler's feature test knows this name. It uses the registers of AVX, which that test vouches for. */
static bool has_f16c(void)
{
#if defined(__clang__)
    unsigned int eax, ebx, ecx = 0, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C);
#else
    return __builtin_cpu_supports("f16c");
#endif
}

rmt_os_features rmt_os_cpu_features(void)
{
    rmt_os_features has;
    __builtin_cpu_init();
    has.avx2_fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    has.avx512 = has.avx2_fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    has.avx512_bf16 = has.avx512 && __builtin_cpu_supports("avx512bf16");
    return has;
}

static void get_name(char name[64])
{
    unsigned int words[12] = {0};
    for (unsigned int i = 0; i < 3; i++) {
        unsigned int *w = words + 4 * i;
        if (!__get_cpuid(0x80000002u + i, &w[0], &w[1], &w[2], &w[3]))
            return;
    }
    const char *text = (const char *)words;
    size_t length = strnlen(text, sizeof words);
    while (length && *text == ' ')
        text++, length--;
    while (length && text[length - 1] == ' ')
        length--;
    memcpy(name, text, length);
    name[length] = 0;
}
#else
rmt_os_features rmt_os_cpu_features(void) { return (rmt_os_features){false}; }
static void get_name(char name[64]) { (void)name; }
#endif

static size_t cache_bytes(int name, size_t otherwise)
{
    long bytes = sysconf(name);
    return bytes > 0 ? (size_t)bytes : otherwise;
}

void rmt_os_cpu_get(rmt_os_cpu *cpu)
{
    *cpu = (rmt_os_cpu){.name = "unknown"};
    cpu->features = rmt_os_cpu_features();
    get_name(cpu->name);
    cpu->l1d_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32u << 10);
    cpu->l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, 512u << 10);
    cpu->l3_bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE, 4u << 20);
}
