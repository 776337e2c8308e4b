//! `arith`.

use super::{One, value};
use crate::known::{self, defined_by, float, int, signed, signed_range, width};
use ir::interfaces::Folded;
use ir::{DialectRegistryBuilder, Module, OpId, RegistryError, ValueId};
use smallvec::smallvec;

/// The operands of an op that has two.
fn operands(m: &Module, op: OpId) -> Option<(ValueId, ValueId)> {
    (m.operands(op).len() == 2).then(|| (m.operand(op, 0), m.operand(op, 1)))
}

/// An integer constant of the result's type.
fn constant(m: &mut Module, op: OpId, x: i128) -> One {
    let ty = m.value_type(m.result(op, 0));
    Some(smallvec![Folded::Constant(known::int_attr(m, x, ty)?)])
}

fn truth(m: &mut Module, holds: bool) -> One {
    Some(smallvec![Folded::Constant(m.bool_attr(holds))])
}

/// The constant operand, as a signed number, and the other one, whichever side it is on.
fn with_constant(m: &Module, a: ValueId, b: ValueId) -> Option<(ValueId, i128)> {
    let w = width(m, m.value_type(a))?;
    match (int(m, a), int(m, b)) {
        (_, Some(c)) => Some((a, signed(c, w))),
        (Some(c), None) => Some((b, signed(c, w))),
        (None, None) => None,
    }
}

/// x + 0 = x; (x − y) + y = x.
fn addi(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    for (x, y) in [(a, b), (b, a)] {
        if int(m, y) == Some(0) {
            return value(x);
        }
        if let Some(difference) = defined_by(m, x, "arith.subi")
            && m.operand(difference, 1) == y
        {
            return value(m.operand(difference, 0));
        }
    }
    None
}

/// x − 0 = x; x − x = 0; (x + y) − y = x; (x + y) − x = y.
fn subi(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    if int(m, b) == Some(0) {
        return value(a);
    }
    if a == b {
        return constant(m, op, 0);
    }
    let sum = defined_by(m, a, "arith.addi")?;
    match (m.operand(sum, 0), m.operand(sum, 1)) {
        (x, y) if y == b => value(x),
        (x, y) if x == b => value(y),
        _ => None,
    }
}

/// x · 1 = x; x · 0 = 0.
fn muli(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    let (x, _) = with_constant(m, a, b)?;
    let c = int(m, if x == a { b } else { a });
    match c {
        Some(0) => constant(m, op, 0),
        Some(1) => value(x),
        _ => None,
    }
}

/// x & 0 = 0; x & −1 = x; x & x = x.
fn andi(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    if a == b {
        return value(a);
    }
    match with_constant(m, a, b)? {
        (_, 0) => constant(m, op, 0),
        (x, -1) => value(x),
        _ => None,
    }
}

/// x | 0 = x; x | −1 = −1; x | x = x.
fn ori(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    if a == b {
        return value(a);
    }
    match with_constant(m, a, b)? {
        (x, 0) => value(x),
        (_, -1) => constant(m, op, -1),
        _ => None,
    }
}

/// x ^ 0 = x; x ^ x = 0; (x ^ y) ^ y = x.
fn xori(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    if a == b {
        return constant(m, op, 0);
    }
    if let Some((x, 0)) = with_constant(m, a, b) {
        return value(x);
    }
    for (x, y) in [(a, b), (b, a)] {
        let Some(inner) = defined_by(m, x, "arith.xori") else {
            continue;
        };
        match (m.operand(inner, 0), m.operand(inner, 1)) {
            (p, q) if q == y => return value(p),
            (p, q) if p == y => return value(q),
            _ => {}
        }
    }
    None
}

/// x shifted by 0 = x; 0 shifted = 0.
fn shift(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    if int(m, b) == Some(0) || int(m, a) == Some(0) {
        return value(a);
    }
    None
}

/// x / 1 = x; 0 / x = 0; x / x = 1.
fn divsi(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    let w = width(m, m.value_type(a))?;
    if int(m, b).map(|c| signed(c, w)) == Some(1) || int(m, a) == Some(0) {
        return value(a);
    }
    (a == b).then(|| constant(m, op, 1)).flatten()
}

/// x % ±1 = 0; 0 % x = 0; x % x = 0.
fn remsi(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    let w = width(m, m.value_type(a))?;
    let by_one = int(m, b).is_some_and(|c| signed(c, w).abs() == 1);
    (by_one || a == b || int(m, a) == Some(0))
        .then(|| constant(m, op, 0))
        .flatten()
}

/// min(x, x) = x; min(x, MIN) = MIN; min(x, MAX) = x; for max the other way.
fn extremum(is_min: bool) -> impl Fn(&mut Module, OpId) -> One {
    move |m, op| {
        let (a, b) = operands(m, op)?;
        if a == b {
            return value(a);
        }
        let (x, c) = with_constant(m, a, b)?;
        let (low, high) = signed_range(width(m, m.value_type(a))?);
        let (absorbing, neutral) = if is_min { (low, high) } else { (high, low) };
        if c == absorbing {
            return constant(m, op, c);
        }
        (c == neutral).then(|| value(x)).flatten()
    }
}

/// A comparison of a value with itself, or with an extreme of its type that decides it.
fn cmpi(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    let predicate = m.attr_int(m.prop(op, "predicate")?)?;
    if a == b {
        return truth(m, matches!(predicate, 0 | 3 | 5 | 7 | 9));
    }
    let w = width(m, m.value_type(a))?;
    let c = signed(int(m, b)?, w);
    let (low, high) = signed_range(w);
    match predicate {
        2 if c == low => truth(m, false),
        5 if c == low => truth(m, true),
        4 if c == high => truth(m, false),
        3 if c == high => truth(m, true),
        6 if c == 0 => truth(m, false),
        9 if c == 0 => truth(m, true),
        8 if c == -1 => truth(m, false),
        7 if c == -1 => truth(m, true),
        _ => None,
    }
}

/// select(true, x, y) = x; select(false, x, y) = y; select(c, x, x) = x; select(c, true, false) = c.
fn select(m: &mut Module, op: OpId) -> One {
    let (c, a, b) = (m.operand(op, 0), m.operand(op, 1), m.operand(op, 2));
    if a == b {
        return value(a);
    }
    if let Some(c) = int(m, c) {
        return value(if c != 0 { a } else { b });
    }
    let same_type = m.value_type(a) == m.value_type(c);
    let is_condition = same_type && int(m, a) == Some(1) && int(m, b) == Some(0);
    is_condition.then(|| value(c)).flatten()
}

/// trunci(extsi(x)) = x and trunci(extui(x)) = x, if the types agree.
fn trunci(m: &mut Module, op: OpId) -> One {
    let inner = m.defining_op(m.operand(op, 0))?;
    matches!(m.op_name(inner), "arith.extsi" | "arith.extui").then_some(())?;
    back(m, op, inner)
}

/// index_cast(index_cast(x)) = x, if the types agree and what is between holds every value: `index` does, or the cast is an error; an
/// integer does if it has 32 bits.
fn index_cast(m: &mut Module, op: OpId) -> One {
    let inner = defined_by(m, m.operand(op, 0), "arith.index_cast")?;
    let between = m.value_type(m.result(inner, 0));
    (width(m, between)? >= 32).then_some(())?;
    back(m, op, inner)
}

/// bitcast(bitcast(x)) = x, if the types agree; bitcast(x) = x, if it is of the type.
fn bitcast(m: &mut Module, op: OpId) -> One {
    let x = m.operand(op, 0);
    if m.value_type(x) == m.value_type(m.result(op, 0)) {
        return value(x);
    }
    let inner = defined_by(m, x, "arith.bitcast")?;
    back(m, op, inner)
}

/// −(−x) = x.
fn negf(m: &mut Module, op: OpId) -> One {
    let inner = defined_by(m, m.operand(op, 0), "arith.negf")?;
    back(m, op, inner)
}

/// The inner op's operand, if it is of the outer op's type.
fn back(m: &Module, op: OpId, inner: OpId) -> One {
    let x = m.operand(inner, 0);
    (m.value_type(x) == m.value_type(m.result(op, 0)))
        .then(|| value(x))
        .flatten()
}

/// Whether a value is this float constant, bit for bit.
fn is_float(m: &Module, v: ValueId, x: f64) -> bool {
    float(m, v).is_some_and(|c| c.to_bits() == x.to_bits())
}

/// x + −0.0 = x; not so for +0.0, since −0.0 + 0.0 is 0.0.
fn addf(m: &mut Module, op: OpId) -> One {
    commutative_neutral(m, op, -0.0)
}

/// x · 1.0 = x.
fn mulf(m: &mut Module, op: OpId) -> One {
    commutative_neutral(m, op, 1.0)
}

fn commutative_neutral(m: &Module, op: OpId, neutral: f64) -> One {
    let (a, b) = operands(m, op)?;
    if is_float(m, b, neutral) {
        return value(a);
    }
    is_float(m, a, neutral).then(|| value(b)).flatten()
}

/// x − 0.0 = x.
fn subf(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    is_float(m, b, 0.0).then(|| value(a)).flatten()
}

/// x / 1.0 = x.
fn divf(m: &mut Module, op: OpId) -> One {
    let (a, b) = operands(m, op)?;
    is_float(m, b, 1.0).then(|| value(a)).flatten()
}

pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.fold("arith.addi", addi)?
        .fold("arith.subi", subi)?
        .fold("arith.muli", muli)?
        .fold("arith.andi", andi)?
        .fold("arith.ori", ori)?
        .fold("arith.xori", xori)?
        .fold("arith.shli", shift)?
        .fold("arith.shrsi", shift)?
        .fold("arith.shrui", shift)?
        .fold("arith.divsi", divsi)?
        .fold("arith.remsi", remsi)?
        .fold("arith.minsi", extremum(true))?
        .fold("arith.maxsi", extremum(false))?
        .fold("arith.cmpi", cmpi)?
        .fold("arith.select", select)?
        .fold("arith.trunci", trunci)?
        .fold("arith.index_cast", index_cast)?
        .fold("arith.bitcast", bitcast)?
        .fold("arith.negf", negf)?
        .fold("arith.addf", addf)?
        .fold("arith.subf", subf)?
        .fold("arith.mulf", mulf)?
        .fold("arith.divf", divf)?;
    Ok(())
}
