//! The generated C file that lists the cases for the harness.

use std::fmt::Write;

use crate::case::{Arena, Case};
use crate::pools::Pool;

/// Bytes between the buffers of a run at most: alignment, the harness's guard and the tensor offset.
const SLACK: u64 = 16 + 32 + 16;

/// Bytes that the tensors of the largest case take, and its arenas of those pools for which `here` holds; guards and alignment included.
pub(crate) fn heap_needed(cases: &[Case], here: impl Fn(Option<&str>) -> bool) -> u64 {
    let of = |case: &Case| {
        let tensors = (case.inputs.len() + case.outputs.len()) as u64;
        case.input_bytes()
            + case.output_bytes()
            + (tensors + 1) * SLACK
            + arenas_needed(case, &here)
    };
    cases.iter().map(of).max().unwrap_or(0)
}

/// Bytes that the arenas in some pools take of the case that needs most of them.
pub(crate) fn pool_needed(cases: &[Case], here: impl Fn(Option<&str>) -> bool) -> u64 {
    let of = |case: &Case| arenas_needed(case, &here);
    cases.iter().map(of).max().unwrap_or(0)
}

fn arenas_needed(case: &Case, here: &impl Fn(Option<&str>) -> bool) -> u64 {
    let given = case.arenas.iter().filter(|_| !case.own_memory);
    given
        .filter(|a| here(a.pool.as_deref()))
        .map(|a| u64::from(a.size) + u64::from(a.align) + SLACK)
        .sum()
}

/// The C file. Arenas of `pools` are taken from the memory of those.
///
/// A struct of data pointers has the layout of an array of them, so the harness's arrays are passed as the
/// structs; the structs themselves stay incomplete here and the case's header is not needed.
pub(crate) fn case_table(cases: &[Case], pools: &[Pool]) -> String {
    let mut c = String::from("#include \"harness.h\"\n\n");
    let most = |count: fn(&Case) -> usize| cases.iter().map(count).max().unwrap_or(0).max(1);
    emit(
        &mut c,
        format_args!("void *tw_arenas[{}];\n", most(|c| c.arenas.len())),
    );
    emit(
        &mut c,
        format_args!("const void *tw_inputs[{}];\n", most(|c| c.inputs.len())),
    );
    emit(
        &mut c,
        format_args!("void *tw_outputs[{}];\n", most(|c| c.outputs.len())),
    );
    for (i, case) in cases.iter().enumerate() {
        calls(&mut c, i, case);
        let heap = |a: &Arena| {
            let own = a.pool.as_ref();
            let position = own.and_then(|name| pools.iter().position(|p| p.name == *name));
            position.map_or(0, |p| p + 1)
        };
        let arena = |a: &Arena| format!("{{{}u, {}u, {}u}}", a.size, a.align, heap(a));
        let arenas: Vec<String> = case.arenas.iter().map(arena).collect();
        emit(
            &mut c,
            format_args!(
                "static const struct tw_arena tw_arenas_{i}[] = {{{}}};\n",
                arenas.join(", ")
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
        let given = if case.own_memory {
            0
        } else {
            case.arenas.len()
        };
        let (state, size) = match &case.state {
            Some(s) if !case.own_memory => (format!("tw_state_{i}"), s.size),
            _ => ("0".to_owned(), 0),
        };
        let reset = match case.state {
            Some(_) => format!("tw_reset_{i}"),
            None => "0".to_owned(),
        };
        emit(
            &mut c,
            format_args!(
                "  {{\"{}\", {}u, {}u, tw_in_{i}, tw_out_{i}, {given}u, tw_arenas_{i}, {state}, {size}u, tw_run_{i}, {reset}}},\n",
                case.name,
                case.inputs.len(),
                case.outputs.len(),
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

/// The functions that run and reset a case, in one form for all of them, and the memory of its state.
fn calls(c: &mut String, i: usize, case: &Case) {
    let (name, entry) = (&case.name, &case.entry);
    emit(
        c,
        format_args!("\nstruct {name}_arenas;\nstruct {name}_inputs;\nstruct {name}_outputs;\n"),
    );
    let (mut types, mut values) = (Vec::new(), Vec::new());
    if !case.own_memory {
        if case.arenas.len() > 1 {
            types.push(format!("const struct {name}_arenas *"));
            values.push(format!("(const struct {name}_arenas *)arenas"));
        } else {
            types.push("void *".to_owned());
            values.push("arenas[0]".to_owned());
        }
        if let Some(state) = &case.state {
            types.push("void *".to_owned());
            values.push("state".to_owned());
            emit(
                c,
                format_args!(
                    "static uint8_t tw_state_{i}[{}u + TW_GUARD] __attribute__((aligned({})));\n",
                    state.size, state.align
                ),
            );
        }
    }
    types.push(format!("const struct {name}_inputs *"));
    types.push(format!("const struct {name}_outputs *"));
    values.push(format!("(const struct {name}_inputs *)in"));
    values.push(format!("(const struct {name}_outputs *)out"));
    emit(c, format_args!("int32_t {entry}({});\n", types.join(", ")));
    emit(
        c,
        format_args!(
            "static int32_t tw_run_{i}(void *const *arenas, void *state, const void *const *in, void *const *out) {{\n  \
             (void)arenas;\n  (void)state;\n  return {entry}({});\n}}\n",
            values.join(", ")
        ),
    );
    if case.state.is_some() {
        let (declared, call) = match case.own_memory {
            true => (
                format!("void {name}_reset(void)"),
                format!("{name}_reset()"),
            ),
            false => (
                format!("int32_t {name}_reset_in(void *)"),
                format!("(void){name}_reset_in(state)"),
            ),
        };
        emit(
            c,
            format_args!(
                "{declared};\nstatic void tw_reset_{i}(void *state) {{\n  (void)state;\n  {call};\n}}\n"
            ),
        );
    }
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
