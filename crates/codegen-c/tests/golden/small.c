/* small: a neural network as C, from small.tflite.
 * Written by thumbwright 0.1.0 for host; do not edit.
 *
 * Define SMALL_ARENA_ATTR to place the arena, for instance by __attribute__((section(".dtcm"))), or SMALL_NO_ARENA
 * to have none; SMALL_ALIGN(bytes) for a compiler that is not known here.
 */
#include "small.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "small_data.h"

#if defined(__GNUC__) && !defined(__clang__)
/* Predictive commoning keeps loads of later iterations in stack slots. */
#pragma GCC optimize("no-predictive-commoning")
#endif

/* Kernels stay functions, so that a profile can tell them apart and the stack need is theirs. */
#if defined(__GNUC__)
#define SMALL_NOINLINE __attribute__((noinline))
#else
#define SMALL_NOINLINE
#endif

/* What C99 leaves to the compiler and this code relies on. */
typedef char small_check_shift[(-1 >> 1) == -1 ? 1 : -1];
typedef char small_check_narrowing[(int8_t)UINT32_C(0x1ff) == -1 && (int32_t)UINT64_C(0xffffffff) == -1 ? 1 : -1];

static inline int32_t min_i32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int32_t max_i32(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int32_t clamp_i32(int32_t x, int32_t lo, int32_t hi)
{
    return min_i32(max_i32(x, lo), hi);
}

/* layer "conv/relu" (small.tflite, operator 2) */
static SMALL_NOINLINE void conv_1x3(
        const int8_t *in, const int8_t *weights, const int64_t *constants, int8_t *out)
{
    for (int32_t i = 0; i < 4; i++) {
        for (int32_t j = 0; j < 8; j++) {
            int32_t acc = 0;
            for (int32_t k = 0; k < 3; k++) {
                for (int32_t l = 0; l < 4; l++) {
                    acc += in[(i + k) * 4 + l + 48] * weights[j * 12 + k * 4 + l];
                }
            }
            const int32_t t0 = clamp_i32((int32_t)((constants[j] + (int64_t)acc * 1234567890) >> 32) >> 2, 0, 255) - 128;
            out[i * 8 + j] = (int8_t)t0;
        }
    }
}

/* The layers in order. */
static void small_graph(int8_t *const arena)
{
    /* layer "conv/relu" (small.tflite, operator 2) */
    conv_1x3(arena, small_op2_weights, small_op2_constants, arena + 144);
}

int32_t small_run_in(void *arena, const struct small_inputs *in, const struct small_outputs *out)
{
    int8_t *const base = (int8_t *)arena;
    if (arena == NULL) {
        return SMALL_ERROR_NULL_ARENA;
    }
    if ((uintptr_t)arena % SMALL_ARENA_ALIGN != 0) {
        return SMALL_ERROR_ARENA_ALIGNMENT;
    }
    if (in != NULL && in->x0 != NULL && (const void *)in->x0 != (const void *)(base + SMALL_INPUT_0_OFFSET)) {
        memmove(base + SMALL_INPUT_0_OFFSET, in->x0, SMALL_INPUT_0_BYTES);
    }
    small_graph(base);
    if (out != NULL && out->y_0 != NULL && (void *)out->y_0 != (void *)(base + SMALL_OUTPUT_0_OFFSET)) {
        memmove(out->y_0, base + SMALL_OUTPUT_0_OFFSET, SMALL_OUTPUT_0_BYTES);
    }
    return SMALL_OK;
}

#ifndef SMALL_NO_ARENA
#ifndef SMALL_ARENA_ATTR
#define SMALL_ARENA_ATTR
#endif

static SMALL_ARENA_ATTR SMALL_ALIGN(SMALL_ARENA_ALIGN) int8_t small_arena[SMALL_ARENA_SIZE];

int32_t small_run(const struct small_inputs *in, const struct small_outputs *out)
{
    return small_run_in(small_arena, in, out);
}

void *small_input_0(void)
{
    return small_arena + SMALL_INPUT_0_OFFSET;
}

void *small_output_0(void)
{
    return small_arena + SMALL_OUTPUT_0_OFFSET;
}
#endif
