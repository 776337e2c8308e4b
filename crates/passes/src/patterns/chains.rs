//! `arith`: ops on the result of another op, both with a constant, become one.

use super::add;
use crate::known::{defined_by, fits, int, int_attr, is_index, signed, width};
use ir::dialects::arith::is_nsw;
use ir::rewrite::{fold, pattern};
use ir::{AttrData, Builder, Module, OpId, OpState, Type, ValueId};
use pass::{RegistryBuilder, RegistryError};

/// An op with a constant on the right: the other operand, and the constant as a signed number.
fn right_constant(m: &Module, op: OpId) -> Option<(ValueId, i128)> {
    let (x, c) = (m.operands(op).next()?, m.operands(op).nth(1)?);
    let w = width(m, m.value_type(x))?;
    Some((x, signed(int(m, c)?, w)))
}

/// Replaces an op by `name(x, c)`; `c` wraps to the type.
fn replace(
    m: &mut Module,
    op: OpId,
    name: &str,
    x: ValueId,
    c: i128,
    nsw: Option<bool>,
) -> Option<()> {
    let ty = m.value_type(x);
    let c = int_attr(m, c, ty)?;
    let c = fold::constant_before(m, op, c, ty)?;
    let mut state = OpState::new(name).operands(&[x, c]).results(&[ty]);
    if let Some(nsw) = nsw {
        let flags = if nsw { "nsw" } else { "none" };
        let flags = m.attr(AttrData::Opaque(format!("#arith.overflow<{flags}>")));
        state = state.prop("overflowFlags", flags);
    }
    let new = Builder::before(m, op).insert(state);
    let new = m.result(new, 0);
    m.replace_op(op, &[new]);
    Some(())
}

/// A sum with a constant, or a difference from one: the other operand and what is added.
fn offset(m: &Module, op: OpId) -> Option<(ValueId, i128)> {
    let (x, c) = right_constant(m, op)?;
    match m.op_name(op) {
        "arith.addi" => Some((x, c)),
        "arith.subi" => Some((x, -c)),
        _ => None,
    }
}

/// (x + a) + b is x + (a + b): the same number wherever neither sum wraps, and for wrapping integers the same bits. `nsw` stays if both
/// have it and a + b fits.
fn offsets(m: &mut Module, op: OpId) -> Option<()> {
    let (inner, b) = offset(m, op)?;
    let inner = m.defining_op(inner)?;
    let (x, a) = offset(m, inner)?;
    let ty = m.value_type(x);
    let exact = fits(m, a + b, ty);
    // A constant that does not fit cannot be an index.
    (exact || !is_index(m, ty)).then_some(())?;
    let nsw = exact && is_nsw(m, op) && is_nsw(m, inner);
    replace(m, op, "arith.addi", x, a + b, Some(nsw))
}

/// (x · a) · b is x · (a · b), as above.
fn factors(m: &mut Module, op: OpId) -> Option<()> {
    let (inner, b) = right_constant(m, op)?;
    let inner = defined_by(m, inner, "arith.muli")?;
    let (x, a) = right_constant(m, inner)?;
    let ty = m.value_type(x);
    let exact = fits(m, a * b, ty);
    (exact || !is_index(m, ty)).then_some(())?;
    let nsw = exact && is_nsw(m, op) && is_nsw(m, inner);
    replace(m, op, "arith.muli", x, a * b, Some(nsw))
}

/// f(f(x, a), b) is f(x, f(a, b)), for ops that are associative on all integers.
fn associative(
    name: &'static str,
    f: fn(i128, i128) -> i128,
) -> impl Fn(&mut Module, OpId) -> Option<()> {
    move |m, op| {
        let (inner, b) = right_constant(m, op)?;
        let (x, a) = right_constant(m, defined_by(m, inner, name)?)?;
        replace(m, op, name, x, f(a, b), None)
    }
}

/// Shifts of a shift of the same kind: the sum of the amounts, at most `width − 1` for an arithmetic one. `None` where the sum shifts
/// everything out.
fn shifts(name: &'static str) -> impl Fn(&mut Module, OpId) -> Option<()> {
    move |m, op| {
        let (inner, b) = right_constant(m, op)?;
        let inner = defined_by(m, inner, name)?;
        let (x, a) = right_constant(m, inner)?;
        let ty = m.value_type(x);
        let w = i128::from(width(m, ty)?);
        ((0..w).contains(&a) && (0..w).contains(&b)).then_some(())?;
        match name {
            "arith.shrsi" => replace(m, op, name, x, (a + b).min(w - 1), None),
            _ if a + b >= w => zero(m, op, ty),
            "arith.shli" => {
                let nsw = is_nsw(m, op) && is_nsw(m, inner);
                replace(m, op, name, x, a + b, Some(nsw))
            }
            _ => replace(m, op, name, x, a + b, None),
        }
    }
}

fn zero(m: &mut Module, op: OpId, ty: Type) -> Option<()> {
    let c = int_attr(m, 0, ty)?;
    let c = fold::constant_before(m, op, c, ty)?;
    m.replace_op(op, &[c]);
    Some(())
}

/// A value clamped from the other side first: the outer bound alone, if it is the tighter one.
fn clamp_decided(
    outer: &'static str,
    inner: &'static str,
) -> impl Fn(&mut Module, OpId) -> Option<()> {
    move |m, op| {
        let (x, b) = right_constant(m, op)?;
        let (_, a) = right_constant(m, defined_by(m, x, inner)?)?;
        let decided = match outer {
            "arith.minsi" => b <= a,
            _ => b >= a,
        };
        decided.then_some(())?;
        let bound = m.operand(op, 1);
        m.replace_op(op, &[bound]);
        Some(())
    }
}

pub(super) fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    for op in ["addi", "subi"] {
        let equation = "(x + a) + b = x + (a + b), with differences from a constant as sums; of index only if a + b fits";
        r.pattern(pattern(
            &format!("arith.{op}-of-offset"),
            &format!("arith.{op}"),
            equation,
            offsets,
        ))?;
    }
    let equation = "(x * a) * b = x * (a * b); of index only if a * b fits";
    r.pattern(pattern(
        "arith.muli-of-muli",
        "arith.muli",
        equation,
        factors,
    ))?;
    add(
        r,
        [
            ("arith.andi", (|a, b| a & b) as fn(i128, i128) -> i128),
            ("arith.ori", |a, b| a | b),
            ("arith.xori", |a, b| a ^ b),
            ("arith.minsi", i128::min),
            ("arith.maxsi", i128::max),
        ]
        .map(|(op, f)| {
            let short = op.trim_start_matches("arith.");
            let equation = format!("{short}({short}(x, a), b) = {short}(x, {short}(a, b))");
            pattern(
                &format!("{op}-of-{short}"),
                op,
                &equation,
                associative(op, f),
            )
        }),
    )?;
    add(
        r,
        ["arith.shli", "arith.shrsi", "arith.shrui"].map(|op| {
            let short = op.trim_start_matches("arith.");
            let equation = format!("{short}({short}(x, a), b) = {short}(x, a + b), an arithmetic shift by at most all bits but the sign, others of all bits = 0");
            pattern(&format!("{op}-of-{short}"), op, &equation, shifts(op))
        }),
    )?;
    add(
        r,
        [
            (
                "arith.minsi",
                "arith.maxsi",
                "min(max(x, a), b) = b, if b <= a",
            ),
            (
                "arith.maxsi",
                "arith.minsi",
                "max(min(x, a), b) = b, if b >= a",
            ),
        ]
        .map(|(outer, inner, equation)| {
            let short = inner.trim_start_matches("arith.");
            pattern(
                &format!("{outer}-of-{short}"),
                outer,
                equation,
                clamp_decided(outer, inner),
            )
        }),
    )
}
