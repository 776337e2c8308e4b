/* pools: a neural network as C.
 * Written by thumbwright 0.1.0 for host; do not edit.
 *
 * Define POOLS_SECTION_DTCM to place the arena dtcm otherwise than in the section ".bss.dtcm".
 * Define POOLS_SECTION_SRAM to place the arena sram otherwise than in the section ".bss.sram".
 * Define POOLS_NO_ARENA to have none; POOLS_ALIGN(bytes) for a compiler that is not known here; POOLS_STATE_ATTR
 * to place the state.
 */
#include "pools.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pools_data.h"

#if defined(__GNUC__) && !defined(__clang__)
/* Predictive commoning keeps loads of later iterations in stack slots. */
#pragma GCC optimize("no-predictive-commoning")
#endif

/* Kernels stay functions, so that a profile can tell them apart and the stack need is theirs. */
#if defined(__GNUC__)
#define POOLS_NOINLINE __attribute__((noinline))
#else
#define POOLS_NOINLINE
#endif

/* What C99 leaves to the compiler and this code relies on. */
typedef char pools_check_shift[(-1 >> 1) == -1 ? 1 : -1];
typedef char pools_check_narrowing[(int8_t)UINT32_C(0x1ff) == -1 && (int32_t)UINT64_C(0xffffffff) == -1 ? 1 : -1];

/* net.mlir:47:3 */
static POOLS_NOINLINE void multiply_kernel(const int8_t *in, const int8_t *weights, int32_t *out)
{
    for (int32_t i = 0; i < 4; i++) {
        out[i] = in[i] * weights[i];
    }
}

/* net.mlir:48:3 */
static POOLS_NOINLINE void add_up(const int32_t *in, int32_t *out, int32_t *out1)
{
    for (int32_t i = 0; i < 4; i++) {
        const int32_t t0 = (int32_t)((uint32_t)in[i] + (uint32_t)out[i]);
        out[i] = t0;
        out1[i] = t0;
    }
}

/* The layers in order. */
static void pools_graph(int8_t *const arena_dtcm, int8_t *const arena_sram, int8_t *const state)
{
    /* net.mlir:47:3 */
    multiply_kernel(arena_dtcm + 16, pools_op0_weights, (int32_t *)(void *)(arena_sram + 32));
    /* net.mlir:48:3 */
    add_up(
            (int32_t *)(void *)(arena_sram + 32), (int32_t *)(void *)(state + 8),
            (int32_t *)(void *)arena_sram);
}

int32_t pools_run_in(const struct pools_arenas *arenas, void *state, const struct pools_inputs *in, const struct pools_outputs *out)
{
    int8_t *base_dtcm;
    int8_t *base_sram;
    int8_t *const kept = (int8_t *)state;
    if (arenas == NULL || arenas->dtcm == NULL || arenas->sram == NULL) {
        return POOLS_ERROR_NULL_ARENA;
    }
    if ((uintptr_t)arenas->dtcm % POOLS_ARENA_DTCM_ALIGN != 0) {
        return POOLS_ERROR_ARENA_ALIGNMENT;
    }
    if ((uintptr_t)arenas->sram % POOLS_ARENA_SRAM_ALIGN != 0) {
        return POOLS_ERROR_ARENA_ALIGNMENT;
    }
    base_dtcm = (int8_t *)arenas->dtcm;
    base_sram = (int8_t *)arenas->sram;
    if (state == NULL) {
        return POOLS_ERROR_NULL_STATE;
    }
    if ((uintptr_t)state % POOLS_STATE_ALIGN != 0) {
        return POOLS_ERROR_STATE_ALIGNMENT;
    }
    if (in != NULL && in->x != NULL && (const void *)in->x != (const void *)(base_dtcm + POOLS_INPUT_0_OFFSET)) {
        memmove(base_dtcm + POOLS_INPUT_0_OFFSET, in->x, POOLS_INPUT_0_BYTES);
    }
    pools_graph(base_dtcm, base_sram, kept);
    if (out != NULL && out->y != NULL && (void *)out->y != (void *)(base_sram + POOLS_OUTPUT_0_OFFSET)) {
        memmove(out->y, base_sram + POOLS_OUTPUT_0_OFFSET, POOLS_OUTPUT_0_BYTES);
    }
    return POOLS_OK;
}

int32_t pools_reset_in(void *state)
{
    if (state == NULL) {
        return POOLS_ERROR_NULL_STATE;
    }
    if ((uintptr_t)state % POOLS_STATE_ALIGN != 0) {
        return POOLS_ERROR_STATE_ALIGNMENT;
    }
    memcpy(state, pools_initial_state, POOLS_STATE_SIZE);
    return POOLS_OK;
}

#ifndef POOLS_NO_ARENA
#ifndef POOLS_SECTION_DTCM
#if defined(__GNUC__) && defined(__ELF__)
#define POOLS_SECTION_DTCM __attribute__((section(".bss.dtcm")))
#else
#define POOLS_SECTION_DTCM
#endif
#endif

static POOLS_SECTION_DTCM POOLS_ALIGN(POOLS_ARENA_DTCM_ALIGN) int8_t pools_arena_dtcm[POOLS_ARENA_DTCM_SIZE];

#ifndef POOLS_SECTION_SRAM
#if defined(__GNUC__) && defined(__ELF__)
#define POOLS_SECTION_SRAM __attribute__((section(".bss.sram")))
#else
#define POOLS_SECTION_SRAM
#endif
#endif

static POOLS_SECTION_SRAM POOLS_ALIGN(POOLS_ARENA_SRAM_ALIGN) int8_t pools_arena_sram[POOLS_ARENA_SRAM_SIZE];

#ifndef POOLS_STATE_ATTR
#define POOLS_STATE_ATTR
#endif

static POOLS_STATE_ATTR POOLS_ALIGN(POOLS_STATE_ALIGN) int8_t pools_state[POOLS_STATE_SIZE] = {
       0,    0,    0,    0,    0,    0,    0,    0,  100,    0,    0,    0,   56,   -1,   -1,   -1,
      44,    1,    0,    0,  112,   17,    1,    0,
};

void pools_reset(void)
{
    (void)pools_reset_in(pools_state);
}

int32_t pools_run(const struct pools_inputs *in, const struct pools_outputs *out)
{
    struct pools_arenas arenas;
    arenas.dtcm = pools_arena_dtcm;
    arenas.sram = pools_arena_sram;
    return pools_run_in(&arenas, pools_state, in, out);
}

void *pools_input_0(void)
{
    return pools_arena_dtcm + POOLS_INPUT_0_OFFSET;
}

void *pools_output_0(void)
{
    return pools_arena_sram + POOLS_OUTPUT_0_OFFSET;
}
#endif
