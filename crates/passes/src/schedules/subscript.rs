//! Subscripts as sums of loop counters times constants.

use ir::dialects::arith::const_int_of;
use ir::{Builder, ValueId};

/// `Σ value·factor + constant`, all of index type; constant values and zero factors cost no op.
pub fn sum_of(b: &mut Builder<'_>, terms: &[(ValueId, i64)], constant: i64) -> ValueId {
    let mut constant = constant;
    let mut sum: Option<ValueId> = None;
    for &(v, factor) in terms {
        if let Some(c) = const_int_of(b.m, v) {
            constant += c * factor;
            continue;
        }
        let product = match factor {
            0 => continue,
            1 => v,
            _ => {
                let f = b.const_index(factor);
                b.muli_nsw(v, f)
            }
        };
        sum = Some(match sum {
            None => product,
            Some(s) => b.addi_nsw(s, product),
        });
    }
    match sum {
        None => b.const_index(constant),
        Some(s) if constant == 0 => s,
        Some(s) => {
            let c = b.const_index(constant);
            b.addi_nsw(s, c)
        }
    }
}

/// The smaller of an index and a constant.
pub fn at_most(b: &mut Builder<'_>, v: ValueId, limit: i64) -> ValueId {
    match const_int_of(b.m, v) {
        Some(c) => b.const_index(c.min(limit)),
        None => {
            let l = b.const_index(limit);
            b.minsi(v, l)
        }
    }
}

/// The larger of an index and a constant.
pub fn at_least(b: &mut Builder<'_>, v: ValueId, limit: i64) -> ValueId {
    match const_int_of(b.m, v) {
        Some(c) => b.const_index(c.max(limit)),
        None => {
            let l = b.const_index(limit);
            b.maxsi(v, l)
        }
    }
}
