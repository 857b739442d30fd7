/* SPDX-License-Identifier: Apache-2.0 */
/* What a file may claim at most. Everything here is far above what real models and configurations hold. */
#ifndef RMT_FORMATS_LIMITS_H
#define RMT_FORMATS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define RMT_LIMIT_FILE_BYTES ((size_t)UINT32_MAX) /* program, and parameters */
#define RMT_LIMIT_TEXT_BYTES ((size_t)64 << 10)   /* one string of a program */
#define RMT_LIMIT_BLOCKS ((size_t)1 << 16)
#define RMT_LIMIT_VARS ((size_t)1 << 20)
#define RMT_LIMIT_OPS ((size_t)1 << 20)
#define RMT_LIMIT_SLOTS ((size_t)256)            /* of one operator, inputs and outputs */
#define RMT_LIMIT_ARGUMENTS ((size_t)1 << 16)    /* of one operator, all slots */
#define RMT_LIMIT_ATTRS ((size_t)256)            /* of one operator */
#define RMT_LIMIT_ATTR_ENTRIES ((size_t)1 << 20) /* of one list */
#define RMT_LIMIT_CHANNELS ((int64_t)1 << 20)    /* of a batch_norm whose scale the reader makes up */
#define RMT_LIMIT_TENSOR_DESC_BYTES ((size_t)4096)
#define RMT_LIMIT_LOD_LEVELS ((uint64_t)64)

#define RMT_LIMIT_JSON_NODES ((size_t)1 << 24) /* values and keys of a PIR program */
#define RMT_LIMIT_JSON_KEYS 64                 /* of one object */
#define RMT_LIMIT_JSON_DEPTH 192               /* eight for each block in a block */
#define RMT_LIMIT_PIR_CONSTANT ((int64_t)256)  /* elements of a constant that the program writes out as one number */

#define RMT_LIMIT_CONFIG_BYTES ((size_t)16 << 20) /* yaml file */
#define RMT_LIMIT_CONFIG_NODES ((size_t)1 << 20)
#define RMT_LIMIT_CONFIG_ARENA_BYTES ((size_t)256 << 20)
#define RMT_LIMIT_CONFIG_DEPTH 32
#define RMT_LIMIT_LINES_BYTES ((size_t)64 << 20) /* dictionary or label file */

#endif
