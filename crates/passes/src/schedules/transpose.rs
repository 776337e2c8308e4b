//! `nn.transpose`: a walk over the input in the order of the output.

use super::walk::{Copies, Dim, Places, Walk};
use ir::OpRef;
use ir::dialects::nn::{TransposeOp, shape};
use pass::{RegistryBuilder, RegistryError};

fn walk(op: OpRef<'_>) -> Option<Walk> {
    let m = op.module;
    let input = shape(m, op.operand(0)?);
    let permutation = TransposeOp(op.id).permutation(m);
    let dim = |p: i64| {
        let p = usize::try_from(p).ok()?;
        Some(Dim {
            extent: *input.get(p)?,
            places: Places::Step(input[p + 1..].iter().product()),
        })
    };
    let dims: Vec<Dim> = permutation.into_iter().map(dim).collect::<Option<_>>()?;
    Walk::of(op, 0, dims)
}

/// Registers the schedule.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Copies {
        name: "transpose",
        op: TransposeOp::NAME,
        walk,
    })?;
    Ok(())
}
