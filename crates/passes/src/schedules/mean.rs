//! `nn.mean`, int8 and float32, over any dimensions.
//!
//! Dimensions that follow one another and are both reduced, or both not, are one loop. Where the innermost one stays, as the channels of a
//! global average, registers hold the sums of several of its elements; each sum is over its elements in their order, as the interpreter's.
//! The zero points of an int8 sum are where it starts.

use super::affine::{blocks, offset, plus, times};
use super::clamp::BoundsI8;
use super::factor::Factor;
use super::parameters::{elements, kernel_name, refused, require};
use interp::nn::mean_params;
use interp::numerics::ClampI8;
use interp::numerics::mean::MOST_TERMS;
use ir::dialects::nn::{Element, MeanOp, shape};
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Sums that are in registers at once.
const BLOCK: i64 = 4;

/// Lowers every `nn.mean`.
struct Mean;

/// Dimensions that are one loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Dimension {
    extent: i64,
    /// Elements of the input from one index to the next.
    step: i64,
    reduced: bool,
}

/// The loops, outermost first, of which neighbours differ in kind.
fn dimensions(shape: &[i64], axes: &[i64]) -> Vec<Dimension> {
    let mut dims: Vec<Dimension> = Vec::new();
    for (d, &extent) in shape.iter().enumerate() {
        let reduced = axes.contains(&(d as i64));
        let step = shape[d + 1..].iter().product();
        match dims.last_mut() {
            _ if extent == 1 => {}
            Some(outer) if outer.reduced == reduced => {
                outer.extent *= extent;
                outer.step = step;
            }
            _ => dims.push(Dimension {
                extent,
                step,
                reduced,
            }),
        }
    }
    dims
}

fn dimensions_of(op: OpRef<'_>) -> Vec<Dimension> {
    let input = op.operand(0).map(|v| shape(op.module, v)).unwrap_or(&[]);
    dimensions(input, &MeanOp(op.id).axes(op.module))
}

/// The product of the extents of one kind.
fn count(dims: &[Dimension], reduced: bool) -> i64 {
    let of_kind = dims.iter().filter(|d| d.reduced == reduced);
    of_kind.map(|d| d.extent).product()
}

/// How many sums there are at once.
fn block(dims: &[Dimension]) -> i64 {
    match dims.last() {
        Some(d) if !d.reduced => BLOCK.min(d.extent),
        _ => 1,
    }
}

/// How a sum becomes a mean.
enum Finish {
    Float {
        count: ValueId,
    },
    Rescale {
        start: ValueId,
        factor: Factor,
        zero_point: ValueId,
        bounds: BoundsI8,
    },
}

struct Nest {
    kept: Vec<Dimension>,
    reduced: Vec<Dimension>,
    /// Whether the last of those that stay is the innermost one of all.
    in_blocks: bool,
    input: ValueId,
    output: ValueId,
    finish: Finish,
}

impl Schedule for Mean {
    fn name(&self) -> &str {
        "mean"
    }

    fn op(&self) -> &str {
        MeanOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        if elements(op).0 == Element::F32 {
            require(op, Element::F32, Element::F32)?;
        } else {
            require(op, Element::QuantI8, Element::QuantI8)?;
            let p = mean_params(op).map_err(|e| e.to_string())?;
            let of_bytes = p.offset.unsigned_abs() as usize <= 128 * MOST_TERMS;
            if !of_bytes || i8::try_from(p.output_zero_point).is_err() {
                return Err("a zero point is not an int8 number".to_owned());
            }
            if bits_of_sum(count(&dimensions_of(op), true)) > 30 {
                return Err("a sum may exceed 30 bits".to_owned());
            }
        }
        if dimensions_of(op).iter().any(|d| d.extent == 0) {
            return Err("is empty".to_owned());
        }
        Ok(())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let dims = dimensions_of(op);
        let block = block(&dims) as u64;
        let (add, finish) = match elements(op).0 {
            Element::F32 => (c.float_add, c.float_div),
            _ => (c.alu, Factor::cycles(c) + 4 * c.alu),
        };
        let (outputs, terms) = (count(&dims, false) as u64, count(&dims, true) as u64);
        let overhead = u64::from(2 * c.alu + c.branch_taken) / block;
        Cost {
            cycles: outputs
                * (terms * (u64::from(c.load_after_load + add) + overhead)
                    + u64::from(finish + c.store)),
            flash: 120 + 40 * block,
            ram: 0,
        }
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let float = elements(m.op(op)).0 == Element::F32;
        let params = match float {
            true => None,
            false => Some(mean_params(m.op(op)).map_err(|e| refused(m, op, &e))?),
        };
        let dims = dimensions_of(m.op(op));
        let (outputs, terms) = (count(&dims, false), count(&dims, true));
        let numbers = if float { "f32" } else { "i8" };
        let each = dims
            .iter()
            .map(|d| format!("_{}{}", if d.reduced { "r" } else { "" }, d.extent));
        let name = each.fold(format!("mean_{numbers}"), |name, d| name + &d);
        k.set_name(&kernel_name(name));
        let input = k.input(op, 0, &[outputs * terms]);
        let output = k.output(op, 0, &[outputs]);
        let finish = match params {
            None => Finish::Float {
                count: k.scalar_f32(terms as f32),
            },
            Some(p) => Finish::Rescale {
                start: k.scalar_i32(-i64::from(p.offset)),
                factor: Factor::declare(p.multiplier, bits_of_sum(terms), k),
                zero_point: k.scalar_i32(p.output_zero_point.into()),
                bounds: BoundsI8::declare(ClampI8::FULL, k),
            },
        };
        let in_blocks = dims.last().is_some_and(|d| !d.reduced);
        let (reduced, kept) = dims.into_iter().partition(|d| d.reduced);
        let nest = Nest {
            kept,
            reduced,
            in_blocks,
            input,
            output,
            finish,
        };
        let mut b = k.body();
        let zero = b.const_index(0);
        nest.outputs(&mut b, &nest.kept, zero, zero);
        Ok(())
    }
}

/// Bits of the sum of so many distances of bytes, without the sign.
fn bits_of_sum(terms: i64) -> u32 {
    (256 * terms.max(1) - 1).ilog2() + 1
}

impl Nest {
    /// Every output of these dimensions; `from` is where they begin in the input.
    fn outputs(&self, b: &mut Builder<'_>, dims: &[Dimension], from: ValueId, to: ValueId) {
        match dims {
            [] => self.mean(b, from, to, 1),
            [d] if self.in_blocks => blocks(b, d.extent, BLOCK, |b, i, size| {
                let (from, to) = (plus(b, from, i), plus(b, to, i));
                self.mean(b, from, to, size);
            }),
            [d, inner @ ..] => {
                let behind: i64 = inner.iter().map(|d| d.extent).product();
                b.for_range(0, d.extent, 1, &[], |b, i, _| {
                    let (down, out) = (times(b, i, d.step), times(b, i, behind));
                    let (from, to) = (plus(b, from, down), plus(b, to, out));
                    self.outputs(b, inner, from, to);
                    vec![]
                });
            }
        }
    }

    /// `size` neighbours.
    fn mean(&self, b: &mut Builder<'_>, from: ValueId, to: ValueId, size: i64) {
        let start = match &self.finish {
            Finish::Float { .. } => b.const_f32(0.0),
            Finish::Rescale { start, .. } => *start,
        };
        let starts = vec![start; size as usize];
        let sums = self.sums(b, &self.reduced, from, &starts);
        for (i, sum) in (0..).zip(sums) {
            let mean = self.finished(b, sum);
            let at = offset(b, to, i);
            b.store(mean, self.output, &[at]);
        }
    }

    fn sums(
        &self,
        b: &mut Builder<'_>,
        dims: &[Dimension],
        from: ValueId,
        sums: &[ValueId],
    ) -> Vec<ValueId> {
        let Some((d, inner)) = dims.split_first() else {
            let mut next = Vec::with_capacity(sums.len());
            for (i, &sum) in (0..).zip(sums) {
                let at = offset(b, from, i);
                let x = b.load(self.input, &[at]);
                next.push(match self.finish {
                    Finish::Float { .. } => b.addf(sum, x),
                    _ => {
                        let i32 = b.m.i32();
                        let x = b.extsi(x, i32);
                        // At most 2^23 terms of at most 2^8 with the zero point.
                        b.addi_nsw(sum, x)
                    }
                });
            }
            return next;
        };
        b.for_range(0, d.extent, 1, sums, |b, i, sums| {
            let down = times(b, i, d.step);
            let from = plus(b, from, down);
            self.sums(b, inner, from, sums)
        })
    }

    fn finished(&self, b: &mut Builder<'_>, sum: ValueId) -> ValueId {
        match &self.finish {
            Finish::Float { count } => b.divf(sum, *count),
            Finish::Rescale {
                factor,
                zero_point,
                bounds,
                ..
            } => {
                let mean = factor.times_plus(b, sum, *zero_point);
                bounds.clamp(b, mean)
            }
        }
    }
}

/// Registers the schedule.
///
/// # Errors
/// If its name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Mean)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_kind_are_one_loop() {
        let d = |extent, step, reduced| Dimension {
            extent,
            step,
            reduced,
        };
        assert_eq!(
            dimensions(&[1, 7, 5, 8], &[1, 2]),
            [d(35, 8, true), d(8, 1, false)]
        );
        assert_eq!(
            dimensions(&[2, 7, 5, 8], &[1, 3]),
            [
                d(2, 280, false),
                d(7, 40, true),
                d(5, 8, false),
                d(8, 1, true)
            ]
        );
        assert_eq!(dimensions(&[3, 4], &[]), [d(12, 1, false)]);
        assert_eq!(dimensions(&[1, 1], &[0]), []);
        assert_eq!([1, 2, 49].map(bits_of_sum), [8, 9, 14]);
    }
}
