//! Semantics of integer and float arithmetic on one element: what `arith` and `math` mean.
//!
//! Integers are `i64`s, sign-extended from their width; `i1` is 0 or 1. `index` has 32 bits and must not
//! wrap. A case that the dialect leaves undefined is an [`Undefined`], never a value.

use crate::numerics::math::expf;
use std::fmt;

/// A case without a defined result: a bug of whoever built the op.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undefined {
    /// Signed overflow of an op with `nsw`.
    SignedOverflow,
    /// A result of type `index` that does not fit 32 bits.
    IndexOverflow,
    /// A shift amount that is negative or not below the width.
    OversizedShift,
    /// Division by zero.
    DivisionByZero,
    /// The smallest integer divided by −1.
    DivisionOverflow,
    /// A float that does not fit the integer type.
    FloatOutOfRange,
    /// A predicate whose bits differ within a lane.
    MixedPredicate,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignedOverflow => "signed overflow under nsw",
            Self::IndexOverflow => "an index exceeds 32 bits",
            Self::OversizedShift => "a shift amount is not below the width",
            Self::DivisionByZero => "division by zero",
            Self::DivisionOverflow => "the smallest integer divided by -1",
            Self::FloatOutOfRange => "a float does not fit the integer type",
            Self::MixedPredicate => "a predicate's bits differ within a lane",
        })
    }
}

/// An integer type: its width, and whether it is `index`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntType {
    /// Bits, 1 to 64.
    pub bits: u32,
    /// `index`: 32 bits, wrapping is an error.
    pub index: bool,
}

impl IntType {
    /// The type `index`.
    pub const INDEX: Self = Self {
        bits: 32,
        index: true,
    };

    /// A signless integer of a width in bits.
    #[must_use]
    pub fn signless(bits: u32) -> Self {
        Self { bits, index: false }
    }
}

/// An integer op of two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IntOp {
    /// `arith.addi`
    Add,
    /// `arith.subi`
    Sub,
    /// `arith.muli`
    Mul,
    /// `arith.shli`
    Shl,
    /// `arith.shrsi`
    ShrS,
    /// `arith.shrui`
    ShrU,
    /// `arith.divsi`
    DivS,
    /// `arith.remsi`
    RemS,
    /// `arith.andi`
    And,
    /// `arith.ori`
    Or,
    /// `arith.xori`
    Xor,
    /// `arith.minsi`
    MinS,
    /// `arith.maxsi`
    MaxS,
}

/// Every integer op of two operands, with its name in the IR.
pub const INT_OPS: [(&str, IntOp); 13] = [
    ("arith.addi", IntOp::Add),
    ("arith.subi", IntOp::Sub),
    ("arith.muli", IntOp::Mul),
    ("arith.shli", IntOp::Shl),
    ("arith.shrsi", IntOp::ShrS),
    ("arith.shrui", IntOp::ShrU),
    ("arith.divsi", IntOp::DivS),
    ("arith.remsi", IntOp::RemS),
    ("arith.andi", IntOp::And),
    ("arith.ori", IntOp::Or),
    ("arith.xori", IntOp::Xor),
    ("arith.minsi", IntOp::MinS),
    ("arith.maxsi", IntOp::MaxS),
];

/// A float op of two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FloatOp {
    /// `arith.addf`
    Add,
    /// `arith.subf`
    Sub,
    /// `arith.mulf`
    Mul,
    /// `arith.divf`
    Div,
}

/// Every float op of two operands, with its name in the IR.
pub const FLOAT_OPS: [(&str, FloatOp); 4] = [
    ("arith.addf", FloatOp::Add),
    ("arith.subf", FloatOp::Sub),
    ("arith.mulf", FloatOp::Mul),
    ("arith.divf", FloatOp::Div),
];

/// The low `bits` of `x`, sign-extended; of one bit, 0 or 1.
#[inline]
#[must_use]
pub fn wrap(x: i64, bits: u32) -> i64 {
    match bits {
        1 => x & 1,
        64.. => x,
        _ => x << (64 - bits) >> (64 - bits),
    }
}

/// The low `bits` of `x`, zero-extended.
#[inline]
#[must_use]
pub fn zero_extend(x: i64, bits: u32) -> i64 {
    if bits >= 64 { x } else { x & ((1 << bits) - 1) }
}

/// `x` sign-extended also when it is one bit: 1 becomes −1.
#[inline]
#[must_use]
pub fn sign_extend(x: i64, bits: u32) -> i64 {
    if bits == 1 { -(x & 1) } else { x }
}

/// An integer op; `nsw` makes signed overflow undefined.
///
/// # Errors
/// [`Undefined`], never [`Undefined::FloatOutOfRange`].
pub fn int_binary(op: IntOp, ty: IntType, nsw: bool, a: i64, b: i64) -> Result<i64, Undefined> {
    let bits = ty.bits;
    let (x, y) = (
        i128::from(sign_extend(a, bits)),
        i128::from(sign_extend(b, bits)),
    );
    let shift = || {
        let amount = zero_extend(b, bits);
        let inside = (0..i64::from(bits)).contains(&amount);
        inside
            .then_some(amount as u32)
            .ok_or(Undefined::OversizedShift)
    };
    let divisor = || {
        if y == 0 {
            Err(Undefined::DivisionByZero)
        } else if y == -1 && x == -(1i128 << (bits - 1)) {
            Err(Undefined::DivisionOverflow)
        } else {
            Ok(y)
        }
    };
    let exact = match op {
        IntOp::Add => x + y,
        IntOp::Sub => x - y,
        IntOp::Mul => x * y,
        IntOp::Shl => x << shift()?,
        IntOp::ShrS => x >> shift()?,
        IntOp::ShrU => i128::from(zero_extend(a, bits) as u64 >> shift()?),
        IntOp::DivS => x / divisor()?,
        IntOp::RemS => x % divisor()?,
        IntOp::And => x & y,
        IntOp::Or => x | y,
        IntOp::Xor => x ^ y,
        IntOp::MinS => x.min(y),
        IntOp::MaxS => x.max(y),
    };
    let wrapped = wrap(exact as i64, bits);
    let fits = exact == i128::from(sign_extend(wrapped, bits));
    if !fits && ty.index {
        return Err(Undefined::IndexOverflow);
    }
    // A logical shift by 0 of a negative number is not an overflow.
    if !fits && nsw && op != IntOp::ShrU {
        return Err(Undefined::SignedOverflow);
    }
    Ok(wrapped)
}

/// Integer comparison by MLIR's predicate number, 0 (`eq`) to 9 (`uge`).
///
/// Unsigned predicates compare the sign-extended numbers as `u64`, which keeps the order of any width.
#[inline]
#[must_use]
pub fn compare_int(predicate: u8, bits: u32, a: i64, b: i64) -> bool {
    let (a, b) = (sign_extend(a, bits), sign_extend(b, bits));
    let (ua, ub) = (a as u64, b as u64);
    match predicate {
        0 => a == b,
        1 => a != b,
        2 => a < b,
        3 => a <= b,
        4 => a > b,
        5 => a >= b,
        6 => ua < ub,
        7 => ua <= ub,
        8 => ua > ub,
        _ => ua >= ub,
    }
}

/// Float comparison by MLIR's predicate number, 0 (`false`) to 15 (`true`).
#[inline]
#[must_use]
pub fn compare_float(predicate: u8, a: f64, b: f64) -> bool {
    let unordered = a.is_nan() || b.is_nan();
    match predicate {
        0 => false,
        1 => a == b,
        2 => a > b,
        3 => a >= b,
        4 => a < b,
        5 => a <= b,
        6 => !unordered && a != b,
        7 => !unordered,
        8 => unordered || a == b,
        9 => unordered || a > b,
        10 => unordered || a >= b,
        11 => unordered || a < b,
        12 => unordered || a <= b,
        13 => a != b,
        14 => unordered,
        _ => true,
    }
}

/// A float op in single precision.
#[inline]
#[must_use]
pub fn f32_binary(op: FloatOp, a: f32, b: f32) -> f32 {
    match op {
        FloatOp::Add => a + b,
        FloatOp::Sub => a - b,
        FloatOp::Mul => a * b,
        FloatOp::Div => a / b,
    }
}

/// A float op in double precision.
#[inline]
#[must_use]
pub fn f64_binary(op: FloatOp, a: f64, b: f64) -> f64 {
    match op {
        FloatOp::Add => a + b,
        FloatOp::Sub => a - b,
        FloatOp::Mul => a * b,
        FloatOp::Div => a / b,
    }
}

/// `math.exp` in single precision.
#[inline]
#[must_use]
pub fn exp_f32(a: f32) -> f32 {
    expf(a)
}

/// Float to signed integer, toward zero.
///
/// # Errors
/// [`Undefined::FloatOutOfRange`], for NaN too.
#[inline]
pub fn float_to_int(x: f64, bits: u32) -> Result<i64, Undefined> {
    let limit = f64::from(bits - 1).exp2();
    let whole = x.trunc();
    if whole >= -limit && whole < limit {
        Ok(wrap(whole as i64, bits))
    } else {
        Err(Undefined::FloatOutOfRange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const I8: IntType = IntType {
        bits: 8,
        index: false,
    };

    proptest! {
        /// Rust's own 8-bit arithmetic as the independent source.
        #[test]
        fn eight_bits(a: i8, b: i8) {
            let run = |op, nsw| int_binary(op, I8, nsw, a.into(), b.into());
            prop_assert_eq!(run(IntOp::Add, false), Ok(a.wrapping_add(b).into()));
            prop_assert_eq!(run(IntOp::Sub, false), Ok(a.wrapping_sub(b).into()));
            prop_assert_eq!(run(IntOp::Mul, false), Ok(a.wrapping_mul(b).into()));
            prop_assert_eq!(run(IntOp::Add, true).ok(), a.checked_add(b).map(i64::from));
            prop_assert_eq!(run(IntOp::Sub, true).ok(), a.checked_sub(b).map(i64::from));
            prop_assert_eq!(run(IntOp::Mul, true).ok(), a.checked_mul(b).map(i64::from));
            prop_assert_eq!(run(IntOp::DivS, false).ok(), a.checked_div(b).map(i64::from));
            prop_assert_eq!(run(IntOp::RemS, false).ok(), a.checked_rem(b).map(i64::from));
            prop_assert_eq!(run(IntOp::And, false), Ok((a & b).into()));
            prop_assert_eq!(run(IntOp::Or, false), Ok((a | b).into()));
            prop_assert_eq!(run(IntOp::Xor, false), Ok((a ^ b).into()));
            prop_assert_eq!(run(IntOp::MinS, false), Ok(a.min(b).into()));
            prop_assert_eq!(run(IntOp::MaxS, false), Ok(a.max(b).into()));
            let amount = u32::from(b as u8);
            let shifted = |x: Option<i8>| x.map(i64::from);
            prop_assert_eq!(run(IntOp::Shl, false).ok(), shifted(a.checked_shl(amount)));
            prop_assert_eq!(run(IntOp::ShrS, false).ok(), shifted(a.checked_shr(amount)));
            prop_assert_eq!(run(IntOp::ShrU, false).ok(), shifted((a as u8).checked_shr(amount).map(|x| x as i8)));
            let compare = |p| compare_int(p, 8, a.into(), b.into());
            let (ua, ub) = (a as u8, b as u8);
            let expected = [a == b, a != b, a < b, a <= b, a > b, a >= b, ua < ub, ua <= ub, ua > ub, ua >= ub];
            for (p, e) in (0..).zip(expected) {
                prop_assert_eq!(compare(p), e);
            }
        }

        #[test]
        fn thirty_two_and_sixty_four_bits(a: i64, b: i64) {
            let i64_type = IntType::signless(64);
            prop_assert_eq!(int_binary(IntOp::Mul, i64_type, false, a, b), Ok(a.wrapping_mul(b)));
            prop_assert_eq!(int_binary(IntOp::Add, i64_type, true, a, b).ok(), a.checked_add(b));
            let (x, y) = (a as i32, b as i32);
            prop_assert_eq!(int_binary(IntOp::Mul, IntType::signless(32), false, x.into(), y.into()), Ok(x.wrapping_mul(y).into()));
            prop_assert_eq!(int_binary(IntOp::Mul, IntType::INDEX, false, x.into(), y.into()).ok(), x.checked_mul(y).map(i64::from));
            prop_assert_eq!(float_to_int(a as f64, 32).ok(), i32::try_from(a).ok().map(i64::from));
        }
    }

    #[test]
    fn one_bit() {
        let i1 = IntType::signless(1);
        assert_eq!(int_binary(IntOp::Xor, i1, false, 1, 1), Ok(0));
        assert_eq!(int_binary(IntOp::Or, i1, false, 1, 0), Ok(1));
        // As signed numbers true is −1.
        assert_eq!(int_binary(IntOp::MinS, i1, false, 1, 0), Ok(1));
        assert!(compare_int(2, 1, 1, 0));
        assert!(compare_int(8, 1, 1, 0));
    }

    #[test]
    fn float_comparisons() {
        let nan = f64::NAN;
        let ordered = |p| compare_float(p, 1.0, 2.0);
        let unordered = |p| compare_float(p, 1.0, nan);
        let expected = [
            (false, false),
            (false, false),
            (false, false),
            (false, false),
            (true, false),
            (true, false),
            (true, false),
            (true, false),
            (false, true),
            (false, true),
            (false, true),
            (true, true),
            (true, true),
            (true, true),
            (false, true),
            (true, true),
        ];
        for (p, (o, u)) in (0..).zip(expected) {
            assert_eq!((ordered(p), unordered(p)), (o, u), "predicate {p}");
        }
    }

    #[test]
    fn float_to_integer() {
        assert_eq!(float_to_int(-128.9, 8), Ok(-128));
        assert_eq!(float_to_int(127.9, 8), Ok(127));
        assert!(float_to_int(128.0, 8).is_err());
        assert!(float_to_int(-129.0, 8).is_err());
        assert!(float_to_int(f64::NAN, 32).is_err());
        assert!(float_to_int(9.3e18, 64).is_err());
    }
}
