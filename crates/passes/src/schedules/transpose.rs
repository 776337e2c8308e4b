//! `nn.transpose`: a loop for each group of dimensions that stay together, in the order of the output; runs that stay whole are copied, four
//! bytes at a time where they start and end at words.

use super::affine::{plus, times};
use super::elementwise::unroll;
use super::parameters::{elements, kernel_name};
use super::runs::{copy, group};
use ir::dialects::nn::{Element, TransposeOp, shape};
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers `nn.transpose`.
struct Transpose;

/// A dimension of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Dim {
    extent: i64,
    /// Elements of the input from one index to the next.
    step: i64,
}

/// What is moved.
#[derive(Debug)]
struct Move {
    /// The loops, outermost first.
    dims: Vec<Dim>,
    /// Elements that stay together behind them.
    run: i64,
    /// Elements in all.
    elements: i64,
    /// Bytes of an element.
    bytes: i64,
}

impl Move {
    fn of(op: OpRef<'_>) -> Option<Move> {
        let m = op.module;
        let input = shape(m, op.operand(0)?);
        let permutation = TransposeOp(op.id).permutation(m);
        let elem = m.type_data(op.operand_type(0)?).elem()?;
        let elements = input
            .iter()
            .try_fold(1i64, |n, &d| n.checked_mul(d.max(1)))?;
        let mut dims: Vec<Dim> = Vec::new();
        for p in permutation {
            let p = usize::try_from(p).ok()?;
            let dim = Dim {
                extent: *input.get(p)?,
                step: input[p + 1..].iter().product(),
            };
            match dims.last_mut() {
                _ if dim.extent == 1 => {}
                Some(outer) if outer.step == dim.extent * dim.step => {
                    outer.extent *= dim.extent;
                    outer.step = dim.step;
                }
                _ => dims.push(dim),
            }
        }
        let run = match dims.last() {
            Some(dim) if dim.step == 1 => dims.pop().map_or(1, |d| d.extent),
            _ => 1,
        };
        Some(Move {
            dims,
            run,
            elements,
            bytes: i64::try_from(m.elem_bytes(elem)?).ok()?,
        })
    }

    /// Elements that one access moves.
    fn group(&self) -> i64 {
        let steps = self.dims.iter().map(|d| d.step);
        group(self.bytes, steps.chain([self.run]))
    }
}

impl Schedule for Transpose {
    fn name(&self) -> &str {
        "transpose"
    }

    fn op(&self) -> &str {
        "nn.transpose"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        if elements(op).0 == Element::Other {
            return Err("is made for float32, int32 and int8 elements".to_owned());
        }
        let moved = Move::of(op).ok_or("its shapes are not static")?;
        match moved.elements.checked_mul(moved.bytes) {
            Some(n) if i32::try_from(n).is_ok() => Ok(()),
            _ => Err("a tensor has more than 2^31 - 1 bytes".to_owned()),
        }
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let Some(moved) = Move::of(op) else {
            return Cost::default();
        };
        let accesses = (moved.elements / moved.group()).max(1) as u64;
        Cost {
            cycles: accesses * u64::from(c.load + c.store + 2 * c.alu + c.branch_taken),
            flash: 24 + 16 * moved.dims.len() as u64,
            ram: 0,
        }
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let r = k.module().op(op);
        let moved = Move::of(r).expect("invariant: the schedule applies");
        let total: i64 = moved.dims.iter().map(|d| d.extent).product::<i64>() * moved.run;
        let name: Vec<String> = moved.dims.iter().map(|d| d.extent.to_string()).collect();
        k.set_name(&kernel_name(format!("transpose_{}", name.join("x"))));
        let from = k.input(op, 0, &[total]);
        let to = k.output(op, 0, &[total]);
        let mut b = k.body();
        let zero = b.const_index(0);
        moved.emit(&mut b, 0, (from, zero), (to, zero), target);
        Ok(())
    }
}

impl Move {
    fn emit(
        &self,
        b: &mut Builder<'_>,
        level: usize,
        from: (ValueId, ValueId),
        to: (ValueId, ValueId),
        target: &Target,
    ) {
        let Some(dim) = self.dims.get(level) else {
            copy(b, self.run, self.group(), from, to);
            return;
        };
        let behind: i64 = self.dims[level + 1..].iter().map(|d| d.extent).product();
        let last = level + 1 == self.dims.len() && self.run == 1;
        let step = if last { unroll(dim.extent, target) } else { 1 };
        b.for_range(0, dim.extent, step, &[], |b, i, _| {
            for u in 0..step {
                let i = super::affine::offset(b, i, u);
                let (source, place) = (times(b, i, dim.step), times(b, i, behind * self.run));
                let source = plus(b, from.1, source);
                let place = plus(b, to.1, place);
                self.emit(b, level + 1, (from.0, source), (to.0, place), target);
            }
            vec![]
        });
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
