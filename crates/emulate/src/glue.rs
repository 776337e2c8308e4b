//! The generated C file that lists the cases for the harness.

use std::fmt::Write;

use crate::case::Case;

/// Bytes between the buffers of a run at most: alignment, the harness's guard and the tensor offset.
const SLACK: u64 = 16 + 32 + 16;

/// Bytes that the arena and the tensors of the largest case take, guards and alignment included.
pub(crate) fn heap_needed(cases: &[Case]) -> u64 {
    let of = |case: &Case| {
        let tensors = (case.inputs.len() + case.outputs.len()) as u64;
        u64::from(case.arena_size)
            + u64::from(case.arena_align)
            + case.input_bytes()
            + case.output_bytes()
            + (tensors + 1) * SLACK
    };
    cases.iter().map(of).max().unwrap_or(0)
}

/// The C file.
///
/// A struct of data pointers has the layout of an array of them, so the harness's array is passed as the
/// struct; the struct itself stays incomplete here and the case's header is not needed.
pub(crate) fn case_table(cases: &[Case]) -> String {
    let mut c = String::from("#include \"harness.h\"\n\n");
    let most = |tensors: fn(&Case) -> usize| cases.iter().map(tensors).max().unwrap_or(0).max(1);
    emit(
        &mut c,
        format_args!("const void *tw_inputs[{}];\n", most(|c| c.inputs.len())),
    );
    emit(
        &mut c,
        format_args!("void *tw_outputs[{}];\n", most(|c| c.outputs.len())),
    );
    for (i, case) in cases.iter().enumerate() {
        let (name, entry) = (&case.name, &case.entry);
        emit(
            &mut c,
            format_args!("\nstruct {name}_inputs;\nstruct {name}_outputs;\n"),
        );
        emit(
            &mut c,
            format_args!(
                "int32_t {entry}(void *, const struct {name}_inputs *, const struct {name}_outputs *);\n"
            ),
        );
        emit(
            &mut c,
            format_args!(
                "static int32_t tw_run_{i}(void *arena, const void *const *in, void *const *out) {{\n  \
                 return {entry}(arena, (const struct {name}_inputs *)in, (const struct {name}_outputs *)out);\n}}\n"
            ),
        );
        emit(
            &mut c,
            format_args!(
                "static const uint32_t tw_in_{i}[] = {{{}}};\n",
                list(&case.inputs)
            ),
        );
        emit(
            &mut c,
            format_args!(
                "static const uint32_t tw_out_{i}[] = {{{}}};\n",
                list(&case.outputs)
            ),
        );
    }
    c.push_str("\nconst struct tw_case tw_cases[] = {\n");
    for (i, case) in cases.iter().enumerate() {
        emit(
            &mut c,
            format_args!(
                "  {{\"{}\", {}u, {}u, tw_in_{i}, tw_out_{i}, {}u, {}u, tw_run_{i}}},\n",
                case.name,
                case.inputs.len(),
                case.outputs.len(),
                case.arena_size,
                case.arena_align
            ),
        );
    }
    if cases.is_empty() {
        c.push_str("  {0}\n");
    }
    emit(
        &mut c,
        format_args!("}};\nconst uint32_t tw_case_count = {}u;\n", cases.len()),
    );
    c
}

fn emit(to: &mut String, text: std::fmt::Arguments<'_>) {
    to.write_fmt(text)
        .expect("invariant: writing to a String succeeds");
}

/// An initialiser list; C99 has no empty arrays, so nothing becomes one zero.
fn list(values: &[u32]) -> String {
    if values.is_empty() {
        return "0".to_owned();
    }
    values
        .iter()
        .map(|v| format!("{v}u"))
        .collect::<Vec<_>>()
        .join(", ")
}
