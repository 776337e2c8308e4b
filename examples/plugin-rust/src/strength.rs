//! A pattern: multiplications by powers of two are shifts.

use plugin::sdk::{Cx, Op, Registrar, Result};

pub fn register(r: &Registrar<'_>) -> Result<()> {
    let equation = "x * 2^k is x << k, for constants and 0 < k < width";
    r.pattern("acme.multiply-is-shift", "arith.muli", equation, shift)
}

fn shift(cx: &Cx<'_>, op: Op) -> Result<bool> {
    let (x, factor) = (cx.operand(op, 0)?, cx.operand(op, 1)?);
    let ty = cx.type_of(x)?;
    let Some(factor) = cx.constant(factor)? else {
        return Ok(false);
    };
    // Constants of vectors are no integers, and `index` has no width.
    let (Ok(factor), Ok(_)) = (cx.int(factor), cx.width(ty)) else {
        return Ok(false);
    };
    if factor < 2 || factor & (factor - 1) != 0 {
        return Ok(false);
    }
    let by = cx.int_attr(factor.trailing_zeros().into(), ty)?;
    let by = cx.constant_before(op, by, ty)?;
    let shifted = cx
        .op("arith.shli")
        .operands(&[x, by])
        .results(&[ty])
        .prop("overflowFlags", cx.parse_attr("#arith.overflow<none>")?)
        .value_before(op)?;
    cx.replace(op, &[shifted])?;
    Ok(true)
}
