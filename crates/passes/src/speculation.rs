//! Whether an op may be computed where its result may not be needed.

use crate::known::{int, is_index, signed, width};
use ir::dialects::arith::is_nsw;
use ir::{Module, OpId, TypeData};

/// Ops that have a value for all operands, whatever the types.
const TOTAL: [&str; 22] = [
    "arith.constant",
    "arith.andi",
    "arith.ori",
    "arith.xori",
    "arith.minsi",
    "arith.maxsi",
    "arith.cmpi",
    "arith.cmpf",
    "arith.select",
    "arith.extsi",
    "arith.extui",
    "arith.trunci",
    "arith.sitofp",
    "arith.bitcast",
    "arith.addf",
    "arith.subf",
    "arith.mulf",
    "arith.divf",
    "arith.negf",
    "math.exp",
    "vector.bitcast",
    "vector.extract",
];

/// Whether a pure op has a value for all values of those operands that are not constant: no overflow that `nsw` or `index` forbids, no
/// oversized shift, no division by zero or of MIN by −1, no float out of range. What we do not know may not.
///
/// The interpreter reports an undefined result when it is computed, needed or not; so only such an op may be moved to where it is
/// computed more often than before.
pub fn is_speculatable(m: &Module, op: OpId) -> bool {
    let name = m.op_name(op);
    if TOTAL.contains(&name) {
        return true;
    }
    let ty = |v| m.value_type(v);
    let right = || {
        let v = m.operands(op).nth(1)?;
        Some(signed(int(m, v)?, width(m, ty(v))?))
    };
    match name {
        "arith.addi" | "arith.subi" | "arith.muli" => {
            !is_nsw(m, op) && !is_index(m, ty(m.result(op, 0)))
        }
        "arith.shli" => {
            in_range(m, op, right()) && !is_nsw(m, op) && !is_index(m, ty(m.result(op, 0)))
        }
        "arith.shrsi" => in_range(m, op, right()),
        "arith.shrui" => in_range(m, op, right()) && !is_index(m, ty(m.result(op, 0))),
        "arith.divsi" | "arith.remsi" => right().is_some_and(|c| c != 0 && c != -1),
        // Into an index of 32 bits.
        "arith.index_cast" => width(m, ty(m.operand(op, 0))).is_some_and(|w| w <= 32),
        "memref.get_global" | "memref.reinterpret_cast" => true,
        "memref.view" => {
            let size = m.size_bytes(ty(m.result(op, 0)));
            let room = m.size_bytes(ty(m.operand(op, 0)));
            let fits = |at: i128| Some(at >= 0 && at + i128::from(size?) <= i128::from(room?));
            right().and_then(fits).unwrap_or(false)
        }
        "nn.constant" => true,
        _ => false,
    }
}

/// Whether a shift by a constant amount is below the width.
fn in_range(m: &Module, op: OpId, amount: Option<i128>) -> bool {
    let width = match m.type_data(m.value_type(m.result(op, 0))) {
        TypeData::Index => 32,
        TypeData::Integer(w) => i128::from(*w),
        _ => 0,
    };
    amount.is_some_and(|a| (0..width).contains(&a))
}
