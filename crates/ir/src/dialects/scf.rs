//! `scf`: loops and conditionals.

use crate::interfaces::Effects;
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, Type, TypeData, define_op};

define_op! {
    /// `scf.for`: counts from `lower` to below `upper` by `step > 0`, carrying values.
    ///
    /// The region's block takes the induction variable and the carried values; `scf.yield` hands on the next ones.
    pub struct ForOp = "scf.for" {
        operands: { lower: one IntOrIndex, upper: one IntOrIndex, step: one IntOrIndex, inits: many Any },
        results: { values: many Any },
        regions: 1,
        verify: verify_for,
    }
}

define_op! {
    /// `scf.if`: one of two regions; the second may be empty if there are no results.
    pub struct IfOp = "scf.if" {
        operands: { condition: one Bool },
        results: { values: many Any },
        regions: 2,
        verify: verify_if,
    }
}

define_op! {
    /// `scf.yield`: ends a region of `scf.for` or `scf.if`.
    pub struct YieldOp = "scf.yield" {
        traits: { terminator },
        operands: { values: many Any },
        verify: verify_yield,
    }
}

fn types(op: OpRef<'_>) -> Vec<Type> {
    op.results()
        .iter()
        .map(|&v| op.module.value_type(v))
        .collect()
}

fn verify_for(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let f = ForOp(op.id);
    let iv = m.value_type(f.lower(m));
    let bounds = [f.upper(m), f.step(m)]
        .iter()
        .all(|&v| m.value_type(v) == iv);
    cx.check(
        bounds && !matches!(m.type_data(iv), TypeData::Integer(1)),
        op,
        "V017",
        || "bounds and step must have one type".to_owned(),
    );
    let inits: Vec<Type> = f.inits(m).iter().map(|&v| m.value_type(v)).collect();
    cx.check(inits == types(op), op, "V017", || {
        "initial values and results must have the same types".to_owned()
    });
    let blocks = m.blocks(m.regions(op.id)[0]);
    let [body] = blocks else {
        cx.error(
            op,
            "V009",
            format!("has {} blocks, wants one", blocks.len()),
        );
        return;
    };
    let args: Vec<Type> = m
        .block_args(*body)
        .iter()
        .map(|&v| m.value_type(v))
        .collect();
    cx.check(
        args.first() == Some(&iv) && args[1..] == inits,
        op,
        "V020",
        || "the block must take the induction variable and the carried values".to_owned(),
    );
}

fn verify_if(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    for (i, &r) in m.regions(op.id).iter().enumerate() {
        let blocks = m.blocks(r);
        let may_be_empty = i == 1 && op.results().is_empty();
        cx.check(
            blocks.len() == 1 || (blocks.is_empty() && may_be_empty),
            op,
            "V009",
            || format!("region {i} has {} blocks", blocks.len()),
        );
        cx.check(
            blocks.iter().all(|&b| m.block_args(b).is_empty()),
            op,
            "V020",
            || "a region of `scf.if` takes no arguments".to_owned(),
        );
    }
}

fn verify_yield(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let Some(parent) = m
        .parent_op(op.id)
        .filter(|&p| matches!(m.op_name(p), ForOp::NAME | IfOp::NAME))
    else {
        cx.error(op, "V021", "must stand directly in `scf.for` or `scf.if`");
        return;
    };
    let got: Vec<Type> = m.operands(op.id).map(|v| m.value_type(v)).collect();
    cx.check(got == types(m.op(parent)), op, "V021", || {
        "yields other types than its op's results".to_owned()
    });
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(ForOp::info())?.op(IfOp::info())?.op(YieldOp::info())?;
    r.effects(ForOp::NAME, |_: OpRef<'_>| Effects::None)?;
    r.effects(IfOp::NAME, |_: OpRef<'_>| Effects::None)?;
    Ok(())
}
