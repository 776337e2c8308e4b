//! `nn.transpose`: a walk over the input in the order of the output.

use super::walk::{Dim, Places, Walk};
use ir::dialects::nn::{TransposeOp, shape};
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers `nn.transpose`.
struct Transpose;

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

impl Schedule for Transpose {
    fn name(&self) -> &str {
        "transpose"
    }

    fn op(&self) -> &str {
        TransposeOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        Walk::applies(walk(op), op)
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        walk(op).map_or_else(Cost::default, |w| w.cost(target))
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let r = k.module().op(op);
        let walk = walk(r).expect("invariant: the schedule applies");
        walk.lower(self.name(), op, target, k);
        Ok(())
    }
}

/// Registers the schedule.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Transpose)?;
    Ok(())
}
