/* pools: a neural network as C.
 * Written by thumbwright 0.1.0 for host; do not edit.
 */
#ifndef POOLS_H
#define POOLS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POOLS_THUMBWRIGHT_VERSION "0.1.0"

/* What a run returns. */
#define POOLS_OK 0
#define POOLS_ERROR_NULL_ARENA (-1)       /* arenas or one of its members is NULL */
#define POOLS_ERROR_ARENA_ALIGNMENT (-2)  /* an arena is not aligned to its _ALIGN */
#define POOLS_ERROR_NULL_TENSOR (-3)      /* not returned: tensors live in the arena */
#define POOLS_ERROR_TENSOR_ALIGNMENT (-4) /* not returned: tensors of any alignment are copied */
#define POOLS_ERROR_NULL_STATE (-6)       /* the state is NULL */
#define POOLS_ERROR_STATE_ALIGNMENT (-7)  /* the state is not aligned to POOLS_STATE_ALIGN */

/* The memories that a run works in, one arena in each: bytes, and alignment of its start.
 * Nothing in them needs to be kept between runs.
 * The module's own in dtcm is in the linker section ".bss.dtcm", or where POOLS_SECTION_DTCM says.
 * The module's own in sram is in the linker section ".bss.sram", or where POOLS_SECTION_SRAM says.
 */
#define POOLS_ARENA_DTCM_SIZE 32
#define POOLS_ARENA_DTCM_ALIGN 16
#define POOLS_ARENA_SRAM_SIZE 48
#define POOLS_ARENA_SRAM_ALIGN 16

/* The state, what a run remembers for the next one: bytes, and alignment of its start.
 * A state is put to its first value before the first run in it, and belongs to one series of inputs. */
#define POOLS_STATE_SIZE 24
#define POOLS_STATE_ALIGN 16
#define POOLS_STATE_0_OFFSET 8 /* "sum", 4, int32_t */
#define POOLS_STATE_0_BYTES 16

/* Constants are copied into memory dtcm before the first run, as other variables with an initial value are: they are in the
 * linker section ".data.dtcm", or where POOLS_DATA_SECTION_DTCM says. */

/* Input 0: "x", 4, int8_t */
#define POOLS_INPUT_0_RANK 1
#define POOLS_INPUT_0_SHAPE { 4 }
#define POOLS_INPUT_0_ELEMENTS 4
#define POOLS_INPUT_0_BYTES 4
#define POOLS_INPUT_0_OFFSET 16 /* in the arena dtcm */

/* Output 0: "y", 4, int32_t */
#define POOLS_OUTPUT_0_RANK 1
#define POOLS_OUTPUT_0_SHAPE { 4 }
#define POOLS_OUTPUT_0_ELEMENTS 4
#define POOLS_OUTPUT_0_BYTES 16
#define POOLS_OUTPUT_0_OFFSET 0 /* in the arena sram */

/* One pointer for each input, in the model's order. */
struct pools_inputs {
    const int8_t *x; /* "x" */
};

/* One pointer for each output, in the model's order. */
struct pools_outputs {
    int32_t *y; /* "y" */
};

/* A caller's arenas, each of its size and aligned. */
struct pools_arenas {
    void *dtcm; /* planned for memory dtcm */
    void *sram; /* planned for memory sram */
};

/* Runs the network; returns POOLS_OK or an error of the list above, and then has done nothing.
 *
 * Every tensor has a place in the arena: POOLS_INPUT_0_OFFSET and so on. A pointer to that place, or NULL, means that
 * the tensor is there already, or is wanted there. Any other pointer, whatever its alignment, is copied: inputs before the
 * run, outputs after it, in the model's order, as if by memmove. in and out may be NULL: then all their pointers are.
 * A run may overwrite its inputs in the arena: fill them again before the next run.
 *
 * The one of the two that ends in _in works in the caller's arenas and goes on from the caller's state: two series may
 * run side by side, each in its own.
 * The other one uses the module's own.
 * It is left out where POOLS_NO_ARENA is defined when pools.c is compiled.
 */
int32_t pools_run_in(const struct pools_arenas *arenas, void *state, const struct pools_inputs *in, const struct pools_outputs *out);
int32_t pools_run(const struct pools_inputs *in, const struct pools_outputs *out);

/* Puts a state to its first value, that before any input; the module's own has it from the start. The one that ends in _in returns
 * POOLS_OK, or that the state is NULL or not aligned. */
int32_t pools_reset_in(void *state);
void pools_reset(void);

/* Where the tensors live in the module's own arenas. */
void *pools_input_0(void);
void *pools_output_0(void);

#ifdef __cplusplus
}
#endif

#endif
