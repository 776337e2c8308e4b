//! A hand-written "model" with the interface of generated C, its expected outputs, and what the tests need to run.

#![allow(dead_code, reason = "each test file uses a part of it")]

use emulate::{Arena, Case, SourceFile, Tool};
use target::{Target, Targets};

/// Elements of the model's tensors.
pub const N: usize = 64;

/// The cores that QEMU emulates, with a machine each.
pub const CORES: [&str; 6] = [
    "cortex-m0",
    "cortex-m3",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "cortex-m55",
];

/// Whether all of `tools` are there.
pub fn present(test: &str, tools: &[Tool]) -> bool {
    let programs: Vec<&str> = tools.iter().map(|t| t.program).collect();
    prerequisites::programs(test, &programs)
}

pub fn target(name: &str) -> Target {
    Targets::builtin()
        .get(name)
        .expect("a built-in target")
        .clone()
}

/// Two inputs, two outputs: `wide[i] = sum over j of a[j] * b[(i + j) % N]` (as i32), scaled by a 64-bit
/// multiplication with `scale`, then clamped to `narrow`; the wide values pass through the arena. The last step runs twice.
pub fn case(name: &str, scale: i32) -> Case {
    let upper = name.to_uppercase();
    let header = format!(
        "#ifndef {upper}_H\n#define {upper}_H\n#include <stdint.h>\n\
         struct {name}_inputs {{ const int8_t *a; const int8_t *b; }};\n\
         struct {name}_outputs {{ int32_t *wide; int8_t *narrow; }};\n\
         int32_t {name}_run_in(void *arena, const struct {name}_inputs *in, const struct {name}_outputs *out);\n\
         #endif\n"
    );
    let source = format!(
        r#"#include "{name}.h"
#include <stddef.h>
#include <string.h>
#define KERNEL static __attribute__((noinline))
KERNEL void k_correlate(const int8_t *a, const int8_t *b, int32_t *sums) {{
  for (uint32_t i = 0; i < {N}; i++) {{
    int32_t sum = 0;
    for (uint32_t j = 0; j < {N}; j++) sum += a[j] * b[(i + j) % {N}];
    sums[i] = sum;
  }}
}}
KERNEL void k_scale(int32_t *sums, int32_t scale) {{
  for (uint32_t i = 0; i < {N}; i++) sums[i] = (int32_t)(((int64_t)sums[i] * scale) >> 16);
}}
KERNEL void k_clamp(const int32_t *sums, int8_t *narrow) {{
  for (uint32_t i = 0; i < {N}; i++) {{
    int32_t v = sums[i] / 3;
    narrow[i] = (int8_t)(v < -128 ? -128 : v > 127 ? 127 : v);
  }}
}}
int32_t {name}_run_in(void *arena, const struct {name}_inputs *in, const struct {name}_outputs *out) {{
  int32_t *sums = (int32_t *)arena;
  if (arena == NULL || in == NULL || out == NULL) return 1;
  k_correlate(in->a, in->b, sums);
  k_scale(sums, {scale});
  memcpy(out->wide, sums, {bytes});
  k_clamp(sums, out->narrow);
  k_clamp(sums, out->narrow);
  return 0;
}}
"#,
        bytes = N * 4
    );
    Case {
        sources: vec![SourceFile::new(format!("src/{name}.c"), source)],
        headers: vec![SourceFile::new(format!("include/{name}.h"), header)],
        inputs: vec![N as u32, N as u32],
        outputs: vec![4 * N as u32, N as u32],
        arenas: vec![Arena::new(4 * N as u32)],
        kernels: ["k_correlate", "k_scale", "k_clamp"]
            .map(str::to_owned)
            .to_vec(),
        ..Case::new(name)
    }
}

/// Deterministic bytes.
pub fn bytes(seed: u32, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}

/// The inputs of sample `seed`.
pub fn inputs(seed: u32) -> Vec<Vec<u8>> {
    vec![bytes(seed, N), bytes(seed + 1000, N)]
}

/// What the model returns, by its equations.
pub fn expected(inputs: &[Vec<u8>], scale: i32) -> Vec<Vec<u8>> {
    let at = |t: usize, i: usize| i64::from(inputs[t][i % N] as i8);
    let wide: Vec<i32> = (0..N)
        .map(|i| {
            (((0..N).map(|j| at(0, j) * at(1, i + j)).sum::<i64>() * i64::from(scale)) >> 16) as i32
        })
        .collect();
    let narrow = wide
        .iter()
        .map(|&w| (w / 3).clamp(-128, 127) as i8 as u8)
        .collect();
    vec![wide.iter().flat_map(|w| w.to_le_bytes()).collect(), narrow]
}
