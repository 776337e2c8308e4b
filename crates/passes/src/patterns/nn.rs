//! `nn`.

use super::add;
use crate::known::defined_by;
use ir::rewrite::{FnPattern, pattern};
use ir::{Module, OpId};
use pass::{RegistryBuilder, RegistryError};

type Rewrite = fn(&mut Module, OpId) -> Option<()>;

fn reshape_of_reshape(m: &mut Module, op: OpId) -> Option<()> {
    let x = m.operand(defined_by(m, m.operand(op, 0), "nn.reshape")?, 0);
    m.set_operand(op, 0, x);
    Some(())
}

fn relu6_of_relu(m: &mut Module, op: OpId) -> Option<()> {
    let relu = m.operand(op, 0);
    let x = m.operand(defined_by(m, relu, "nn.relu")?, 0);
    // Otherwise relu requantises.
    (m.value_type(x) == m.value_type(relu)).then_some(())?;
    m.set_operand(op, 0, x);
    Some(())
}

pub(super) fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    let patterns: [FnPattern<Rewrite>; 2] = [
        pattern(
            "nn.reshape-of-reshape",
            "nn.reshape",
            "reshape(reshape(x)) = reshape(x)",
            reshape_of_reshape,
        ),
        pattern(
            "nn.relu6-of-relu",
            "nn.relu6",
            "relu6(relu(x)) = relu6(x), if relu does not change the type",
            relu6_of_relu,
        ),
    ];
    add(r, patterns)
}
