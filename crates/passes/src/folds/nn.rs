//! `nn`.

use super::{One, value};
use crate::known::defined_by;
use ir::dialects::nn::{Element, element};
use ir::{DialectRegistryBuilder, Module, OpId, RegistryError, Type, ValueId};

fn types(m: &Module, op: OpId) -> (ValueId, Type, Type) {
    let x = m.operand(op, 0);
    (x, m.value_type(x), m.value_type(m.result(op, 0)))
}

/// reshape(x) = x, if it is of the type; reshape(reshape(x)) = x, if the types agree.
fn reshape(m: &mut Module, op: OpId) -> One {
    let (x, from, to) = types(m, op);
    if from == to {
        return value(x);
    }
    let inner = defined_by(m, x, "nn.reshape")?;
    let x = m.operand(inner, 0);
    (m.value_type(x) == to).then(|| value(x)).flatten()
}

/// relu(relu(x)) = relu(x), if the outer one does not change the type: then it requantises nothing. f(relu6(x)) = relu6(x), if neither
/// does: relu6 clamps in units of its input.
fn relu(m: &mut Module, op: OpId) -> One {
    let (x, from, to) = types(m, op);
    let inner = m.defining_op(x)?;
    let clamped = match m.op_name(inner) {
        "nn.relu" => m.op_name(op) == "nn.relu",
        "nn.relu6" => m.value_type(m.operand(inner, 0)) == from,
        _ => false,
    };
    (clamped && from == to).then(|| value(x)).flatten()
}

/// quantize(x) = x, if it is of the type; quantize(dequantize(x)) = x, if the types agree: one rounding to float and back loses less than
/// half a step, as long as the products are neither subnormal nor infinite.
fn quantize(m: &mut Module, op: OpId) -> One {
    let (x, from, to) = types(m, op);
    if from == to {
        return value(x);
    }
    let inner = defined_by(m, x, "nn.dequantize")?;
    let x = m.operand(inner, 0);
    let q = m.quant_of(to)?;
    let exact = q.axis.is_none()
        && q.scales()
            .all(|s| (f64::from(1e-30f32)..=f64::from(1e30f32)).contains(&s));
    (exact && m.value_type(x) == to && element(m, to) == Element::QuantI8)
        .then(|| value(x))
        .flatten()
}

/// concatenation(x) = x; split(x) = x, into one part.
fn one_part(m: &mut Module, op: OpId) -> One {
    let alone = m.operands(op).len() == 1 && m.results(op).len() == 1;
    let x = m.operand(op, 0);
    let same = alone && m.value_type(x) == m.value_type(m.result(op, 0));
    same.then(|| value(x)).flatten()
}

pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.fold("nn.reshape", reshape)?
        .fold("nn.relu", relu)?
        .fold("nn.relu6", relu)?
        .fold("nn.quantize", quantize)?
        .fold("nn.concatenation", one_part)?
        .fold("nn.split", one_part)?;
    Ok(())
}
