/* What the harness, the list of cases and the two ways of doing I/O share. */
#ifndef TW_HARNESS_H
#define TW_HARNESS_H

#include <stddef.h>
#include <stdint.h>

/* Guard bytes behind every buffer. The sanitizers watch the bounds themselves and need them exact. */
#ifndef TW_GUARD
#define TW_GUARD 32
#endif

/* An arena that a run gets; heap 0 is RAM, heap i + 1 the memory of pool i. */
struct tw_arena {
  uint32_t size, align, heap;
};

/* One compiled model. A model with arenas and state of its own gets none of either. */
struct tw_case {
  const char *name;
  uint32_t n_inputs, n_outputs;
  const uint32_t *input_bytes, *output_bytes;
  uint32_t n_arenas;
  const struct tw_arena *arenas;
  uint8_t *state; /* kept between runs, with a guard behind it */
  uint32_t state_size;
  int32_t (*run)(void *const *arenas, void *state, const void *const *in, void *const *out);
  void (*reset)(void *state); /* NULL when there is nothing to reset */
};

/* A memory of the board: sections that start-up code fills from flash and poisons, and what is left of it
 * for arenas, nothing if its sections lie in RAM. */
struct tw_pool {
  const uint32_t *load;
  uint32_t *data_start, *data_end, *start, *end;
  uint8_t *heap_start, *heap_end;
};

/* Generated with the firmware: the cases, and room for the pointers of the largest one. */
extern const struct tw_case tw_cases[];
extern const uint32_t tw_case_count;
extern void *tw_arenas[];
extern const void *tw_inputs[];
extern void *tw_outputs[];
extern const struct tw_pool tw_pools[];
extern const uint32_t tw_pool_count;

/* Exit codes that the host side knows. */
enum { TW_EXIT_OK = 0, TW_EXIT_FAULT = 3, TW_EXIT_PROTOCOL = 4 };

/* Files: the input is read and the output written from front to back. */
void tw_open_files(void);
void tw_read(void *bytes, uint32_t count);
void tw_write(const void *bytes, uint32_t count);
void tw_close_files(void);

/* Prints a line for the host side and leaves. */
_Noreturn void tw_fail(const char *what);
_Noreturn void tw_exit(int code);

/* Memory of one run: the arenas, then the tensors; all of it is given back by tw_release. */
void *tw_take(uint32_t heap, uint32_t size, uint32_t align);
void tw_release(void);

/* Stack depth of one run, zero where it is not measured; and whether the stack was used to its end. */
void tw_stack_paint(void);
uint32_t tw_stack_used(void);
int tw_stack_exhausted(void);

/* The case that runs, for the fault handler; NULL outside of a run. */
extern const char *volatile tw_current;

/* A profile counts from the entry of the first to the entry of the second. */
void prof_begin(void);
void prof_end(void);

#endif
