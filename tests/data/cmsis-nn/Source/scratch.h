/* Working memory that a function wants: it has to be there, and it holds nothing, so it is overwritten. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "arm_nn_types.h"
#include <stddef.h>
#include <string.h>

/* Whether a context has as many bytes as are wanted. */
static inline int has_scratch(const cmsis_nn_context *ctx, int32_t wanted)
{
    if (wanted > 0 && (ctx->buf == NULL || ctx->size < wanted || (uintptr_t)ctx->buf % 4 != 0)) {
        return 0;
    }
    if (ctx->buf != NULL && ctx->size > 0) {
        memset(ctx->buf, 0x5A, (size_t)ctx->size);
    }
    return 1;
}

#endif
