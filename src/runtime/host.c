/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as ramet sees it, in public terms.
 */
#include "ramet/host.h"

#include <string.h>

#include "kernels/kernels.h"
#include "os/os.h"
#include "runtime/engine.h"
#include "runtime/plugin_load.h"

static ramet_cpu_level best_level(void)
{
    switch (rmt_kernels_best()->level) {
    case RMT_LEVEL_AVX512_BF16: return RAMET_CPU_LEVEL_AVX512_BF16;
    case RMT_LEVEL_AVX512: return RAMET_CPU_LEVEL_AVX512;
    case RMT_LEVEL_AVX2: return RAMET_CPU_LEVEL_AVX2;
    default: return RAMET_CPU_LEVEL_BASE;
    }
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
                         .engines = rmt_plugin_is_beside("openvino") ? "native openvino" : "native",
                         .image_formats = "jpeg png bmp pnm webp"};
    memcpy(host->cpu, cpu.name, sizeof host->cpu);
    return RAMET_STATUS_OK;
}

ramet_status ramet_host_check_engine(const ramet_runtime_option *given, char *version, size_t version_bytes,
                                     ramet_error *error)
{
    if (version == NULL || version_bytes == 0)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "version is NULL or has no room");
    ramet_runtime_option option;
    const rmt_engine *engine;
    ramet_status status = rmt_option_read(&option, sizeof option, given, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_engine_choose(option.backend, &engine, error);
    return status == RAMET_STATUS_OK ? engine->version(&option, version, version_bytes, error) : status;
}
