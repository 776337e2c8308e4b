//! `arith` on integers: where constants stand, conditions, casts.

use super::add;
use crate::known::{defined_by, fits, int, signed, width};
use ir::rewrite::{FnPattern, pattern};
use ir::{Builder, Module, OpId, OpState, Type, ValueId};
use pass::{RegistryBuilder, RegistryError};

type Rewrite = fn(&mut Module, OpId) -> Option<()>;

/// Ops whose operands may change places.
const COMMUTATIVE: [&str; 7] = ["addi", "muli", "andi", "ori", "xori", "minsi", "maxsi"];

/// The predicate of the comparison with its operands exchanged, by `arith.cmpi`'s numbers.
const EXCHANGED: [i64; 10] = [0, 1, 4, 5, 2, 3, 8, 9, 6, 7];
/// The predicate that holds exactly where the other does not.
const INVERSE: [i64; 10] = [1, 0, 5, 4, 3, 2, 9, 8, 7, 6];

fn is_constant(m: &Module, v: ValueId) -> bool {
    m.constant_value(v).is_some()
}

/// Puts the operands of an op the other way round.
fn exchange(m: &mut Module, op: OpId) {
    let (a, b) = (m.operand(op, 0), m.operand(op, 1));
    m.set_operands(op, &[b, a]);
}

fn constant_right(m: &mut Module, op: OpId) -> Option<()> {
    let (a, b) = (m.operand(op, 0), m.operand(op, 1));
    (is_constant(m, a) && !is_constant(m, b)).then(|| exchange(m, op))
}

fn predicate(m: &Module, op: OpId) -> Option<usize> {
    let p = m.attr_int(m.prop(op, "predicate")?)?;
    usize::try_from(p).ok().filter(|&p| p < EXCHANGED.len())
}

fn cmpi_constant_right(m: &mut Module, op: OpId) -> Option<()> {
    let p = EXCHANGED[predicate(m, op)?];
    constant_right(m, op)?;
    let p = m.i64_attr(p);
    m.set_prop(op, "predicate", p);
    Some(())
}

/// The condition that a value is the negation of.
fn negated(m: &Module, v: ValueId) -> Option<ValueId> {
    let not = defined_by(m, v, "arith.xori")?;
    let is_bool = width(m, m.value_type(v)) == Some(1);
    (is_bool && int(m, m.operand(not, 1)) == Some(1)).then(|| m.operand(not, 0))
}

fn select_of_not(m: &mut Module, op: OpId) -> Option<()> {
    let c = negated(m, m.operand(op, 0))?;
    let (a, b) = (m.operand(op, 1), m.operand(op, 2));
    m.set_operands(op, &[c, b, a]);
    Some(())
}

fn select_to_not(m: &mut Module, op: OpId) -> Option<()> {
    let (c, a, b) = (m.operand(op, 0), m.operand(op, 1), m.operand(op, 2));
    let is_bool = m.value_type(a) == m.value_type(c);
    (is_bool && int(m, a) == Some(0) && int(m, b) == Some(1)).then_some(())?;
    // The constant true is there.
    let not = Builder::before(m, op).xori(c, b);
    m.replace_op(op, &[not]);
    Some(())
}

fn not_of_cmpi(m: &mut Module, op: OpId) -> Option<()> {
    let inner = defined_by(m, negated(m, m.result(op, 0))?, "arith.cmpi")?;
    let p = INVERSE[predicate(m, inner)?];
    let (p, ty) = (m.i64_attr(p), m.i1());
    let operands: Vec<ValueId> = m.operands(inner).collect();
    let state = OpState::new("arith.cmpi").operands(&operands);
    let new = Builder::before(m, op).insert(state.results(&[ty]).prop("predicate", p));
    let new = m.result(new, 0);
    m.replace_op(op, &[new]);
    Some(())
}

fn cmpi_of_extsi(m: &mut Module, op: OpId) -> Option<()> {
    let signed_or_equal = predicate(m, op)? <= 5;
    let wide = m.operand(op, 0);
    let x = m.operand(defined_by(m, wide, "arith.extsi")?, 0);
    let (narrow, other) = (m.value_type(x), m.operand(op, 1));
    // One bit as a signed number is 0 or −1: not how anyone compares it.
    (signed_or_equal && width(m, narrow)? > 1).then_some(())?;
    if let Some(ext) = defined_by(m, other, "arith.extsi")
        && m.value_type(m.operand(ext, 0)) == narrow
    {
        let y = m.operand(ext, 0);
        m.set_operands(op, &[x, y]);
        return Some(());
    }
    let c = signed(int(m, other)?, width(m, m.value_type(wide))?);
    fits(m, c, narrow).then_some(())?;
    let c = Builder::before(m, op).const_int(c as i64, narrow);
    m.set_operands(op, &[x, c]);
    Some(())
}

/// Replaces an op by a cast of a value to the op's type.
fn cast(m: &mut Module, op: OpId, name: &str, x: ValueId) -> Option<()> {
    let ty = m.value_type(m.result(op, 0));
    let new = Builder::before(m, op).cast(name, x, ty);
    m.replace_op(op, &[new]);
    Some(())
}

/// The op that defines the operand of a cast, if it is a cast of a name, and that one's operand.
fn inner(m: &Module, op: OpId, name: &str) -> Option<(ValueId, Type)> {
    let x = m.operand(defined_by(m, m.operand(op, 0), name)?, 0);
    Some((x, m.value_type(x)))
}

fn extsi_of_extsi(m: &mut Module, op: OpId) -> Option<()> {
    let (x, _) = inner(m, op, "arith.extsi")?;
    cast(m, op, "arith.extsi", x)
}

fn extui_of_extui(m: &mut Module, op: OpId) -> Option<()> {
    let (x, _) = inner(m, op, "arith.extui")?;
    cast(m, op, "arith.extui", x)
}

fn extsi_of_extui(m: &mut Module, op: OpId) -> Option<()> {
    let (x, _) = inner(m, op, "arith.extui")?;
    cast(m, op, "arith.extui", x)
}

fn trunci_of_trunci(m: &mut Module, op: OpId) -> Option<()> {
    let (x, _) = inner(m, op, "arith.trunci")?;
    cast(m, op, "arith.trunci", x)
}

fn trunci_of_extension(m: &mut Module, op: OpId) -> Option<()> {
    let to = width(m, m.value_type(m.result(op, 0)))?;
    for name in ["arith.extsi", "arith.extui"] {
        let Some((x, from)) = inner(m, op, name) else {
            continue;
        };
        let from = width(m, from)?;
        return match to.cmp(&from) {
            std::cmp::Ordering::Less => cast(m, op, "arith.trunci", x),
            std::cmp::Ordering::Greater => cast(m, op, name, x),
            // A fold.
            std::cmp::Ordering::Equal => None,
        };
    }
    None
}

fn cast_by_index(m: &mut Module, op: OpId) -> Option<()> {
    let (x, from) = inner(m, op, "arith.index_cast")?;
    let (from, to) = (width(m, from)?, width(m, m.value_type(m.result(op, 0)))?);
    match to.cmp(&from) {
        std::cmp::Ordering::Less => cast(m, op, "arith.trunci", x),
        std::cmp::Ordering::Greater => cast(m, op, "arith.extsi", x),
        std::cmp::Ordering::Equal => None,
    }
}

pub(super) fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    let right = COMMUTATIVE.map(|op| {
        let equation = format!("{op}(c, x) = {op}(x, c), if only c is constant");
        pattern(
            &format!("arith.{op}-constant-right"),
            &format!("arith.{op}"),
            &equation,
            constant_right as Rewrite,
        )
    });
    add(r, right)?;
    let patterns: [FnPattern<Rewrite>; 11] = [
        pattern(
            "arith.cmpi-constant-right",
            "arith.cmpi",
            "c < x is x > c, and so on, if only c is constant",
            cmpi_constant_right,
        ),
        pattern(
            "arith.cmpi-of-extsi",
            "arith.cmpi",
            "extsi(x) < extsi(y) is x < y, and extsi(x) < c is x < c, if c fits the type of x; signed predicates, eq and ne",
            cmpi_of_extsi,
        ),
        pattern(
            "arith.not-of-cmpi",
            "arith.xori",
            "!(x < y) is x >= y, and so on",
            not_of_cmpi,
        ),
        pattern(
            "arith.select-of-not",
            "arith.select",
            "select(!c, x, y) = select(c, y, x)",
            select_of_not,
        ),
        pattern(
            "arith.select-to-not",
            "arith.select",
            "select(c, false, true) = !c",
            select_to_not,
        ),
        pattern(
            "arith.extsi-of-extsi",
            "arith.extsi",
            "extsi(extsi(x)) = extsi(x)",
            extsi_of_extsi,
        ),
        pattern(
            "arith.extui-of-extui",
            "arith.extui",
            "extui(extui(x)) = extui(x)",
            extui_of_extui,
        ),
        pattern(
            "arith.extsi-of-extui",
            "arith.extsi",
            "extsi(extui(x)) = extui(x): the sign of what was zero-extended is 0",
            extsi_of_extui,
        ),
        pattern(
            "arith.trunci-of-trunci",
            "arith.trunci",
            "trunci(trunci(x)) = trunci(x)",
            trunci_of_trunci,
        ),
        pattern(
            "arith.trunci-of-extension",
            "arith.trunci",
            "trunci(ext(x)) = trunci(x) if the result is narrower than x, ext(x) if it is wider",
            trunci_of_extension,
        ),
        pattern(
            "arith.cast-by-index",
            "arith.index_cast",
            "index_cast(index_cast(x)) of integers = extsi(x) or trunci(x): index holds every value, or the cast is an error",
            cast_by_index,
        ),
    ];
    add(r, patterns)
}
