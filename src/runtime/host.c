/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as ramet sees it, in public terms.
 */
#include "ramet/host.h"

#include <string.h>

#include "kernels/kernels.h"
#include "os/os.h"

static ramet_cpu_level best_level(void)
{
    const rmt_kernels *best = rmt_kernels_best();
    if (best == rmt_kernels_get(RMT_LEVEL_AVX512))
        return RAMET_CPU_LEVEL_AVX512;
    return best == rmt_kernels_get(RMT_LEVEL_AVX2) ? RAMET_CPU_LEVEL_AVX2 : RAMET_CPU_LEVEL_BASE;
}

ramet_status ramet_host_get(ramet_host *host)
{
    if (host == NULL)
        return RAMET_STATUS_INVALID_ARGUMENT;
    rmt_os_cpu cpu;
    rmt_os_processors processors;
    rmt_os_cpu_get(&cpu);
    rmt_os_processors_get("", &processors);
    *host = (ramet_host){.cpu_level = best_level(),
                         .l1d_bytes = cpu.l1d_bytes,
                         .l2_bytes = cpu.l2_bytes,
                         .l3_bytes = cpu.l3_bytes,
                         .affinity_processors = processors.affinity,
                         .cpuset_processors = processors.cpuset,
                         .quota_processors = processors.quota,
                         .processors = processors.usable,
                         .engines = "native",
                         .image_formats = "jpeg png bmp pnm webp"};
    memcpy(host->cpu, cpu.name, sizeof host->cpu);
    return RAMET_STATUS_OK;
}
