/* Runs the cases that the input file asks for and writes what they return.
 *
 * Input file, 32-bit little-endian words: magic, number of runs, byte offset of every tensor from its
 * 16-byte boundary; then for each run the index of the case, 1 if it goes on from the state that its last
 * run left, and the bytes of its inputs.
 * Output file: for each run the returned status, flags, stack bytes and the bytes of its outputs;
 * at the end the magic. */
#include "harness.h"

#include <string.h>

enum {
  TW_MAGIC = 0x31495754,      /* "TWI1" */
  TW_ARENA_OVERRUN = 1,       /* flags: a run wrote past its arena, */
  TW_OUTPUT_OVERRUN = 2,      /* past an output, */
  TW_INPUT_OVERRUN = 4,       /* past an input, */
  TW_STACK_OVERRUN = 8,       /* used the stack to its end and perhaps past it, */
  TW_STATE_OVERRUN = 16,      /* or wrote past its state */
  TW_ARENA_POISON = 0xA5,
  TW_OUTPUT_POISON = 0x5A,
  TW_GUARD_FILL = 0xC3
};

const char *volatile tw_current;

__attribute__((noinline)) void prof_begin(void) { __asm__ volatile(""); }
__attribute__((noinline)) void prof_end(void) { __asm__ volatile(""); }

static uint32_t read_word(void) {
  uint32_t word;
  tw_read(&word, sizeof word);
  return word;
}

static void fill_guarded(uint8_t *bytes, uint32_t size, int fill) {
  memset(bytes, fill, size);
  memset(bytes + size, TW_GUARD_FILL, TW_GUARD);
}

static uint8_t *guarded(uint32_t heap, uint32_t size, uint32_t align, uint32_t offset, int fill) {
  uint8_t *bytes = (uint8_t *)tw_take(heap, size + offset + TW_GUARD, align) + offset;
  fill_guarded(bytes, size, fill);
  return bytes;
}

static int guard_intact(const void *buffer, uint32_t size) {
  const uint8_t *guard = (const uint8_t *)buffer + size;
  for (uint32_t i = 0; i < TW_GUARD; i++)
    if (guard[i] != TW_GUARD_FILL) return 0;
  return 1;
}

static void run_case(const struct tw_case *c, uint32_t io_offset, int resume) {
  uint32_t words[3] = {0, 0, 0};
  for (uint32_t i = 0; i < c->n_arenas; i++) {
    const struct tw_arena *a = &c->arenas[i];
    tw_arenas[i] = guarded(a->heap, a->size, a->align, 0, TW_ARENA_POISON);
  }
  if (!resume) {
    if (c->state) fill_guarded(c->state, c->state_size, TW_ARENA_POISON);
    if (c->reset) c->reset(c->state);
  }
  for (uint32_t i = 0; i < c->n_inputs; i++) {
    uint8_t *bytes = guarded(0, c->input_bytes[i], 16, io_offset, 0);
    tw_read(bytes, c->input_bytes[i]);
    tw_inputs[i] = bytes;
  }
  for (uint32_t i = 0; i < c->n_outputs; i++)
    tw_outputs[i] = guarded(0, c->output_bytes[i], 16, io_offset, TW_OUTPUT_POISON);

  tw_current = c->name;
  tw_stack_paint();
  prof_begin();
  int32_t status = c->run(tw_arenas, c->state, tw_inputs, tw_outputs);
  prof_end();
  words[2] = tw_stack_used();
  if (tw_stack_exhausted()) words[1] |= TW_STACK_OVERRUN;
  tw_current = NULL;

  for (uint32_t i = 0; i < c->n_arenas; i++)
    if (!guard_intact(tw_arenas[i], c->arenas[i].size)) words[1] |= TW_ARENA_OVERRUN;
  if (c->state && !guard_intact(c->state, c->state_size)) words[1] |= TW_STATE_OVERRUN;
  for (uint32_t i = 0; i < c->n_inputs; i++)
    if (!guard_intact(tw_inputs[i], c->input_bytes[i])) words[1] |= TW_INPUT_OVERRUN;
  for (uint32_t i = 0; i < c->n_outputs; i++)
    if (!guard_intact(tw_outputs[i], c->output_bytes[i])) words[1] |= TW_OUTPUT_OVERRUN;
  memcpy(&words[0], &status, sizeof status);
  tw_write(words, sizeof words);
  for (uint32_t i = 0; i < c->n_outputs; i++) tw_write(tw_outputs[i], c->output_bytes[i]);
  tw_release();
}

int main(void) {
  tw_open_files();
  if (read_word() != TW_MAGIC) tw_fail("the input file has another format");
  uint32_t runs = read_word();
  uint32_t io_offset = read_word();
  for (uint32_t r = 0; r < runs; r++) {
    uint32_t index = read_word();
    if (index >= tw_case_count) tw_fail("the input file names a case that does not exist");
    uint32_t resume = read_word();
    run_case(&tw_cases[index], io_offset, resume == 1);
  }
  uint32_t magic = TW_MAGIC;
  tw_write(&magic, sizeof magic);
  tw_close_files();
  tw_exit(TW_EXIT_OK);
}
