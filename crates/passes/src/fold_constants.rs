//! `fold-constants`: computes pure ops on constants at compile time, also those on tensors.
//!
//! The interpreter computes them, so the constant is what the op would have computed on the target. A tensor is folded only if the
//! constants that it makes superfluous take at least as many bytes of flash, or with `allow-growth=true`.

use ir::rewrite::fold;
use ir::{Module, OpId, TypeData, ValueId, WalkOrder};
use pass::{ANY, Failed, Pass, PassCx, PassInfo};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "fold-constants",
        ANY,
        "Compute pure ops on constants at compile time.",
        |o| {
            Ok(FoldConstants {
                max_bytes: o.parse("max-bytes", "a number of bytes")?,
                allow_growth: o.flag("allow-growth")?,
            })
        },
    )
    .option(
        "max-bytes",
        "N",
        "1048576",
        "The size of the largest constant that it makes.",
    )
    .option(
        "allow-growth",
        "true|false",
        "false",
        "Whether a constant may be larger than those that it replaces.",
    )
    .idempotent()
}

struct FoldConstants {
    max_bytes: u64,
    allow_growth: bool,
}

impl Pass for FoldConstants {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        // What an op is computed from comes before it.
        for op in m.walk(root, WalkOrder::Pre) {
            let is_candidate = op != root
                && m.operands(op).len() > 0
                && m.operands(op).all(|v| m.constant_value(v).is_some())
                && (self.allow_growth || !grows(m, op));
            if !is_candidate || !cx.fuel.is_left() {
                continue;
            }
            let mut operands: Vec<ValueId> = m.operands(op).collect();
            operands.sort_unstable();
            operands.dedup();
            if !fold::fold_by_interpretation(m, op, self.max_bytes) {
                continue;
            }
            cx.fuel.take();
            cx.count("folded", 1);
            for v in operands {
                if let Some(constant) = m.defining_op(v).filter(|_| m.uses(v).is_empty()) {
                    m.erase(constant);
                }
            }
        }
        Ok(())
    }
}

/// Whether the results take more bytes of data than the constants that only this op uses. Scalars are in the code, and count nothing.
fn grows(m: &Module, op: OpId) -> bool {
    let bytes = |v: ValueId| match m.type_data(m.value_type(v)) {
        TypeData::Tensor { .. } | TypeData::Vector { .. } => {
            m.size_bytes(m.value_type(v)).unwrap_or(u64::MAX)
        }
        _ => 0,
    };
    let made = m
        .results(op)
        .iter()
        .fold(0u64, |n, &v| n.saturating_add(bytes(v)));
    let mut operands: Vec<ValueId> = m.operands(op).collect();
    operands.sort_unstable();
    operands.dedup();
    let only_here = |&v: &ValueId| m.uses(v).iter().all(|&(user, _)| user == op);
    let saved = operands
        .into_iter()
        .filter(only_here)
        .fold(0u64, |n, v| n.saturating_add(bytes(v)));
    made > saved
}
