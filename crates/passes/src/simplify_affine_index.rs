//! `simplify-affine-index`: decides divisions, remainders, bounds and comparisons by the ranges of loop counters, and gathers constant
//! offsets of index arithmetic.
//!
//! * By [`IntegerRanges`]: a value that can only be one number is that constant; `x % n` is x and `x / n` is 0 for `0 <= x < n`;
//!   `min`, `max` and `x & (2ⁿ − 1)` that change nothing are x; comparisons that always or never hold are constants.
//! * `(x + a) · b + c` is `x · b + (a · b + c)`, where the ranges prove that `x · b` does
//!   not wrap and nothing else uses what goes. Everything else about constants is [`canonicalize`](crate::canonicalize)'s.
//!
//! Where the module wraps an index, it is undefined before and after; nothing here makes one wrap that did not.

use crate::integer_ranges::{IntegerRanges, Range};
use crate::known::{defined_by, fits, int, int_attr, is_index, width};
use ir::rewrite::fold;
use ir::{Builder, Module, OpId, ValueId, WalkOrder};
use pass::{ANY, Failed, Pass, PassCx, PassInfo};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "simplify-affine-index",
        ANY,
        "Simplify index arithmetic by the ranges of loop counters.",
        SimplifyAffineIndex,
    )
}

#[derive(Clone)]
struct SimplifyAffineIndex;

impl Pass for SimplifyAffineIndex {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        // Only values that are equal take each other's place: the ranges stay true while we work.
        let ranges = cx.analysis::<IntegerRanges>(m, root);
        for op in m.walk(root, WalkOrder::Pre) {
            if op == root || !m.contains(op) || !cx.fuel.is_left() {
                continue;
            }
            let what = if decide(m, &ranges, op).is_some() {
                "decided"
            } else if distribute(m, &ranges, op).is_some() {
                "distributed"
            } else {
                continue;
            };
            cx.fuel.take();
            cx.count(what, 1);
        }
        Ok(())
    }
}

/// What the ranges of the operands decide.
fn decide(m: &mut Module, ranges: &IntegerRanges, op: OpId) -> Option<()> {
    let [result] = *m.results(op) else {
        return None;
    };
    let pure = m.op_info(op)?.traits;
    (pure.pure && !pure.constant && m.operands(op).len() > 0).then_some(())?;
    let ty = m.value_type(result);
    width(m, ty)?;
    let at = |i: usize| m.operands(op).nth(i).and_then(|v| ranges.of(m, v));
    let name = m.op_name(op);
    if name == "arith.cmpi" {
        let predicate = m.attr_int(m.prop(op, "predicate")?)?;
        let holds = compare(predicate, at(0)?, at(1)?)?;
        return constant(m, op, i128::from(holds));
    }
    let arith = name.starts_with("arith.");
    if let Some(c) = ranges
        .of(m, result)
        .filter(|_| arith)
        .and_then(Range::single)
    {
        return constant(m, op, c);
    }
    let keep = match name {
        "arith.remsi" => {
            let (x, d) = (at(0)?, at(1)?);
            (x.low >= 0 && x.high < d.low).then_some(0)
        }
        "arith.minsi" => pick(at(0)?, at(1)?, |a, b| a.high <= b.low),
        "arith.maxsi" => pick(at(0)?, at(1)?, |a, b| a.low >= b.high),
        "arith.andi" => {
            let (x, mask) = (at(0)?, at(1)?.single()?);
            let ones = mask >= 0 && (mask & (mask + 1)) == 0;
            (ones && x.low >= 0 && x.high <= mask).then_some(0)
        }
        _ => None,
    }?;
    let value = m.operand(op, keep);
    m.replace_op(op, &[value]);
    Some(())
}

fn pick(a: Range, b: Range, first: impl Fn(Range, Range) -> bool) -> Option<usize> {
    if first(a, b) {
        return Some(0);
    }
    first(b, a).then_some(1)
}

/// Whether a comparison always or never holds.
fn compare(predicate: i64, a: Range, b: Range) -> Option<bool> {
    let decided = |always: bool, never: bool| match (always, never) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let apart = a.high < b.low || b.high < a.low;
    let same = a.single().is_some() && a.single() == b.single();
    // Numbers that are not negative compare the same without sign.
    let unsigned = a.low >= 0 && b.low >= 0;
    match predicate {
        0 => decided(same, apart),
        1 => decided(apart, same),
        2 => decided(a.high < b.low, a.low >= b.high),
        3 => decided(a.high <= b.low, a.low > b.high),
        4 => decided(a.low > b.high, a.high <= b.low),
        5 => decided(a.low >= b.high, a.high < b.low),
        6..=9 if unsigned => compare(predicate - 4, a, b),
        _ => None,
    }
}

fn constant(m: &mut Module, op: OpId, x: i128) -> Option<()> {
    let ty = m.value_type(m.result(op, 0));
    let attr = int_attr(m, x, ty)?;
    let c = fold::constant_before(m, op, attr, ty)?;
    m.replace_op(op, &[c]);
    Some(())
}

/// A sum with a constant: the other operand and the constant.
fn offset(m: &Module, op: OpId) -> Option<(ValueId, i128)> {
    let c = i128::from(int(m, m.operands(op).nth(1)?)?);
    match m.op_name(op) {
        "arith.addi" => Some((m.operand(op, 0), c)),
        "arith.subi" => Some((m.operand(op, 0), -c)),
        _ => None,
    }
}

/// `(x + a) · b + c` as `x · b + (a · b + c)`.
fn distribute(m: &mut Module, ranges: &IntegerRanges, op: OpId) -> Option<()> {
    let (product, c) = offset(m, op)?;
    let ty = m.value_type(product);
    is_index(m, ty).then_some(())?;
    let only_use = |m: &Module, v: ValueId| m.uses(v).len() == 1;
    let mul = defined_by(m, product, "arith.muli").filter(|_| only_use(m, product))?;
    let (sum, b) = (m.operand(mul, 0), i128::from(int(m, m.operand(mul, 1))?));
    let add = m.defining_op(sum).filter(|_| only_use(m, sum))?;
    let (x, a) = offset(m, add)?;
    let r = ranges.of(m, x)?;
    let exact = [r.low * b, r.high * b, a * b + c];
    exact.iter().all(|&n| fits(m, n, ty)).then_some(())?;
    let mut builder = Builder::before(m, op);
    let factor = builder.const_index(b as i64);
    let scaled = builder.muli(x, factor);
    let rest = builder.const_index((a * b + c) as i64);
    let value = builder.addi(scaled, rest);
    m.replace_op(op, &[value]);
    m.erase(mul);
    m.erase(add);
    Some(())
}
