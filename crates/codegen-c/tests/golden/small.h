/* small: a neural network as C, from small.tflite.
 * Written by thumbwright 0.1.0 for host; do not edit.
 */
#ifndef SMALL_H
#define SMALL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SMALL_THUMBWRIGHT_VERSION "0.1.0"
#define SMALL_MODEL "small.tflite"

/* What a run returns. */
#define SMALL_OK 0
#define SMALL_ERROR_NULL_ARENA (-1)       /* the arena is NULL */
#define SMALL_ERROR_ARENA_ALIGNMENT (-2)  /* the arena is not aligned to SMALL_ARENA_ALIGN */
#define SMALL_ERROR_NULL_TENSOR (-3)      /* not returned: tensors live in the arena */
#define SMALL_ERROR_TENSOR_ALIGNMENT (-4) /* not returned: tensors of any alignment are copied */

/* The memory that a run works in: bytes, and alignment of its start.
 * Nothing in it needs to be kept between runs. */
#define SMALL_ARENA_SIZE 176
#define SMALL_ARENA_ALIGN 16

/* Input 0: "x0", 6x6x4, int8_t */
#define SMALL_INPUT_0_RANK 3
#define SMALL_INPUT_0_SHAPE { 6, 6, 4 }
#define SMALL_INPUT_0_ELEMENTS 144
#define SMALL_INPUT_0_BYTES 144
#define SMALL_INPUT_0_OFFSET 0 /* in the arena */

/* Output 0: "y:0", 4x8, int8_t */
#define SMALL_OUTPUT_0_RANK 2
#define SMALL_OUTPUT_0_SHAPE { 4, 8 }
#define SMALL_OUTPUT_0_ELEMENTS 32
#define SMALL_OUTPUT_0_BYTES 32
#define SMALL_OUTPUT_0_OFFSET 144 /* in the arena */

/* One pointer for each input, in the model's order. */
struct small_inputs {
    const int8_t *x0; /* "x0" */
};

/* One pointer for each output, in the model's order. */
struct small_outputs {
    int8_t *y_0; /* "y:0" */
};

/* Runs the network; returns SMALL_OK or an error of the list above, and then has done nothing.
 *
 * Every tensor has a place in the arena: SMALL_INPUT_0_OFFSET and so on. A pointer to that place, or NULL, means that
 * the tensor is there already, or is wanted there. Any other pointer, whatever its alignment, is copied: inputs before the
 * run, outputs after it, in the model's order, as if by memmove. in and out may be NULL: then all their pointers are.
 * A run may overwrite its inputs in the arena: fill them again before the next run.
 *
 * The one of the two that ends in _in works in the caller's arena: two arenas may be in use at a time. The other one uses the
 * module's own arena, and is left out where SMALL_NO_ARENA is defined when small.c is compiled.
 */
int32_t small_run_in(void *arena, const struct small_inputs *in, const struct small_outputs *out);
int32_t small_run(const struct small_inputs *in, const struct small_outputs *out);

/* Where the tensors live in the module's own arena. */
void *small_input_0(void);
void *small_output_0(void);

#ifdef __cplusplus
}
#endif

#endif
