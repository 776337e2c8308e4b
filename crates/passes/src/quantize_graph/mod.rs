//! `quantize-graph`: what stands between `nn.dequantize` and `nn.quantize` is computed in integers, where the op has a form for int8.
//!
//! A file that says dequantise, compute, quantise (QDQ) means a quantised network; frameworks evaluate it in float. This pass takes it at
//! its meaning, as TensorFlow Lite's converter does: what moves elements, picks the largest, or is a function of one element gives the
//! same bits; a sum or product is rounded once in fixed point instead of once in float, at most a step of the result apart. So it changes
//! what a network computes, and no compile runs it by itself: an import does, unless it is asked for float.
//!
//! Directed: every change leaves less in float, and it ends when none is possible. An `nn.dequantize` goes behind what it commutes with
//! ([`moves`]), an `nn.quantize` before; the op between two takes its integer form ([`islands`]), a function of one element becomes a table
//! ([`pointwise`]). Constants that are still dequantised then become floats.

mod bias;
mod islands;
mod moves;
mod pointwise;
mod sources;

use ir::dialects::nn;
use ir::rewrite::{Fuel, fold};
use ir::{Diagnostic, Diagnostics, Module, OpId, WalkOrder};
use pass::{Failed, Pass, PassCx, PassInfo};
use sources::{erase_dead, is_float};

/// Most bytes of a constant that is dequantised.
const MAX_CONSTANT_BYTES: u64 = 1 << 30;

/// What a network between dequantisation and quantisation is computed in.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Arithmetic {
    /// Integers, as far as the ops have such forms.
    #[default]
    Integer,
    /// Float, as it is written.
    Float,
}

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "quantize-graph",
        "func.func",
        "Compute in integers what stands between dequantisation and quantisation.",
        |o| {
            let arithmetic = match o.choice("arithmetic", &["integer", "float"])? {
                "float" => Arithmetic::Float,
                _ => Arithmetic::Integer,
            };
            Ok(QuantizeGraph { arithmetic })
        },
    )
    .option(
        "arithmetic",
        "integer|float",
        "integer",
        "`float` only dequantises the constants.",
    )
    .idempotent()
}

struct QuantizeGraph {
    arithmetic: Arithmetic,
}

impl Pass for QuantizeGraph {
    fn run(&self, m: &mut Module, f: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let remarks = quantize_graph(m, f, self.arithmetic, &mut cx.fuel);
        cx.diagnostics.extend(remarks);
        Ok(())
    }
}

/// Runs the pass on everything in `root`, and says what stays in float.
pub fn quantize_graph(
    m: &mut Module,
    root: OpId,
    arithmetic: Arithmetic,
    fuel: &mut Fuel,
) -> Diagnostics {
    let is_quantised = |m: &Module| {
        let all = m.walk(root, WalkOrder::Pre);
        all.into_iter()
            .any(|op| m.op_name(op) == nn::QuantizeOp::NAME)
    };
    let was_quantised = is_quantised(m);
    let mut changed = arithmetic == Arithmetic::Integer;
    while changed {
        changed = false;
        for op in m.walk(root, WalkOrder::Pre) {
            if m.contains(op) && op != root && fuel.is_left() && step(m, op) {
                fuel.take();
                changed = true;
            }
        }
    }
    let mut remarks = Diagnostics::new();
    if was_quantised && arithmetic == Arithmetic::Integer {
        in_float(m, root, &mut remarks);
    }
    constants(m, root, fuel, &mut remarks);
    remarks
}

/// Changes an op, or what it reads; whether it did.
fn step(m: &mut Module, op: OpId) -> bool {
    if m.op_name(op) != nn::QuantizeOp::NAME {
        return moves::sink(m, op) || moves::indices(m, op);
    }
    if !is_float(m, m.operand(op, 0)) {
        return false;
    }
    pointwise::table(m, op) || islands::integer(m, op) || moves::hoist(m, op)
}

/// Remarks on the layers of a quantised network that are computed in float.
fn in_float(m: &Module, root: OpId, remarks: &mut Diagnostics) {
    for op in m.walk(root, WalkOrder::Pre) {
        let computes = nn::OPERATORS.contains(&m.op_name(op))
            && !matches!(m.op_name(op), nn::QuantizeOp::NAME | nn::DequantizeOp::NAME);
        if !computes || !m.results(op).iter().any(|&v| is_float(m, v)) {
            continue;
        }
        let message = format!("`{}` is computed in float", m.op_name(op));
        let mut remark = Diagnostic::remark("remark.float-layer", message);
        remark.location = m.describe_loc(m.op_loc(op));
        remarks.push(remark);
    }
}

/// Computes what is dequantised or quantised of constants.
fn constants(m: &mut Module, root: OpId, fuel: &mut Fuel, remarks: &mut Diagnostics) {
    for op in m.walk(root, WalkOrder::Pre) {
        let dequantizes = m.op_name(op) == nn::DequantizeOp::NAME;
        if !(dequantizes || m.op_name(op) == nn::QuantizeOp::NAME) || !fuel.is_left() {
            continue;
        }
        let source = m.operand(op, 0);
        if m.constant_value(source).is_none() {
            continue;
        }
        let location = m.describe_loc(m.op_loc(op));
        if !fold::fold_by_interpretation(m, op, MAX_CONSTANT_BYTES) {
            continue;
        }
        fuel.take();
        erase_dead(m, source);
        if !dequantizes {
            continue;
        }
        let message = "a quantised constant was dequantised to float, as what reads it is float";
        let mut remark = Diagnostic::remark("remark.dequantized-weights", message);
        remark.location = location;
        remarks.push(remark);
    }
}
