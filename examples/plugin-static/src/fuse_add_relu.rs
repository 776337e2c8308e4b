//! `acme-fuse-add-relu`: sums that only a ReLU reads become one op.

use crate::add_relu::AddReluOp;
use ir::dialects::nn::{AddOp, ReluOp};
use ir::rewrite::{FnPattern, PatternSet, apply_patterns};
use ir::{Builder, FloatKind, Module, OpId, OpState, TypeData};
use pass::{Failed, PassCx, PassInfo};

type Apply = fn(&mut Module, OpId) -> Option<()>;

/// The pattern, which `canonicalize` applies, too.
pub fn pattern() -> FnPattern<Apply> {
    let equation = "relu(add(x, y)) is acme.add_relu(x, y), for float32 of one shape, if nobody else reads the sum";
    ir::rewrite::pattern("acme.add-relu", ReluOp::NAME, equation, fuse as Apply)
}

fn fuse(m: &mut Module, op: OpId) -> Option<()> {
    let sum = ReluOp::cast(m, op)?.input(m);
    let add = AddOp::cast(m, m.defining_op(sum)?)?;
    let (x, y, ty) = (add.lhs(m), add.rhs(m), m.value_type(sum));
    let elem = m.type_data(m.type_data(ty).elem()?);
    let is_f32 = *elem == TypeData::Float(FloatKind::F32);
    let all = [x, y, m.result(op, 0)].map(|v| m.value_type(v));
    let fits = all == [ty; 3] && add.activation(m) == "none" && m.uses(sum).len() == 1;
    (fits && is_f32).then_some(())?;
    let fused = OpState::new(AddReluOp::NAME)
        .operands(&[x, y])
        .results(&[ty]);
    let fused = Builder::before(m, op).insert(fused);
    let result = m.result(fused, 0);
    m.replace_op(op, &[result]);
    Some(())
}

fn run(m: &mut Module, func: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    let ours = cx.registry.patterns().iter();
    let ours = PatternSet::new(ours.filter(|p| p.name() == "acme.add-relu").cloned());
    let rewrites = apply_patterns(m, func, &ours, &mut cx.fuel);
    cx.count(
        "fused",
        rewrites.applied.get("acme.add-relu").copied().unwrap_or(0),
    );
    Ok(())
}

/// The pass.
pub fn info() -> PassInfo {
    let summary = "Fuse sums with the ReLU behind them.";
    PassInfo::new("acme-fuse-add-relu", "func.func", summary, run).idempotent()
}
