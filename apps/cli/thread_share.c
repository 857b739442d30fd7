/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many threads a run gets where nobody said it: the processors that this process may use, shared among the workers;
 * how many runs an engine of streams is ready for; and where weights come from: a spawned worker has been given those of
 * the command that started it.
 */
#include "cli.h"

enum { MOST_STREAMS = 256, MOST_DEFAULT_THREADS = 8 }; /* more seldom shorten the answer for one image */

static void settle_threads(ramet_runtime_option *option, const cli_image_settings *images)
{
    ramet_host host;
    if (option->cpu_thread_num != 0 || ramet_host_get(&host))
        return;
    int32_t share = host.processors / (images->use_multi_process ? images->process_num : images->thread_num);
    option->cpu_thread_num = share < 1 ? 1 : share > MOST_DEFAULT_THREADS ? MOST_DEFAULT_THREADS : share;
}

void cli_engine_settle(ramet_runtime_option *option, cli_image_settings *images)
{
    static const int32_t given[CLI_MOST_RUNTIMES] = {5, 6, 7}; /* where the fleet puts them */
    int32_t threads = images->use_multi_process ? 1 : images->thread_num;
    if (option->num_streams == 0)
        option->num_streams = threads > MOST_STREAMS ? MOST_STREAMS : threads;
    images->opens_apart = option->backend == RAMET_BACKEND_OPENVINO;
    settle_threads(option, images);
    option->weights_fds = given;
    option->weights_fd_count = (size_t)images->worker_weights;
    if (!images->share)
        option->cache_dir = NULL;
}
