//! Element by element over two operands whose shapes broadcast.
//!
//! Dimensions over which both operands move alike are one loop; an operand that stands still in the innermost loop is loaded before it.

use super::affine::{offset, plus, times};
use super::elementwise::unroll;
use super::parameters::{kernel_name, output_len};
use ir::dialects::nn::shape;
use ir::{Builder, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder};
use target::Target;

/// What is done to the elements.
pub(super) trait Sum {
    /// What can be computed of the left element alone: once where it stands still.
    fn left(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId;
    /// As [`left`](Self::left), of the right one.
    fn right(&self, b: &mut Builder<'_>, y: ValueId) -> ValueId;
    /// The element to be stored.
    fn sum(&self, b: &mut Builder<'_>, left: ValueId, right: ValueId) -> ValueId;
}

/// One loop: how often, and how far each operand moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Dimension {
    extent: i64,
    lhs: i64,
    rhs: i64,
}

/// The loops over an output of shape `out`, as few as there can be; the output itself is walked in order.
fn dimensions(lhs: &[i64], rhs: &[i64], out: &[i64]) -> Vec<Dimension> {
    let strides = |shape: &[i64]| {
        let mut strides = vec![0; out.len()];
        let mut stride = 1;
        for (i, &extent) in shape.iter().enumerate().rev() {
            if extent != 1 {
                strides[out.len() - shape.len() + i] = stride;
            }
            stride *= extent;
        }
        strides
    };
    let mut all: Vec<Dimension> = Vec::new();
    for ((&extent, lhs), rhs) in out.iter().zip(strides(lhs)).zip(strides(rhs)) {
        if extent == 1 {
            continue;
        }
        match all.last_mut() {
            Some(d) if d.lhs == lhs * extent && d.rhs == rhs * extent => {
                let extent = d.extent * extent;
                *d = Dimension { extent, lhs, rhs };
            }
            _ => all.push(Dimension { extent, lhs, rhs }),
        }
    }
    all
}

fn dimensions_of(op: OpRef<'_>) -> Vec<Dimension> {
    let of = |v: Option<ValueId>| v.map(|v| shape(op.module, v)).unwrap_or_default();
    let out = op.results().first().copied();
    dimensions(of(op.operand(0)), of(op.operand(1)), of(out))
}

/// Positions in the operands and in the output.
type Place = [ValueId; 3];

/// The loops and the buffers of a kernel.
pub(super) struct Broadcast {
    dims: Vec<Dimension>,
    /// Elements that one step of the innermost loop handles.
    step: i64,
    lhs: ValueId,
    rhs: ValueId,
    output: ValueId,
}

impl Broadcast {
    /// The cost of an operation that takes `element` cycles beside loads and stores, and `flash` bytes, an element.
    pub(super) fn cost(op: OpRef<'_>, target: &Target, element: u32, flash: u64) -> Cost {
        let c = &target.cost;
        let inner = dimensions_of(op).last().map_or(1, |d| d.extent);
        let unroll = unroll(inner, target) as u32;
        let step = 2 * c.load + c.store + element + (2 * c.alu + c.branch_taken) / unroll;
        Cost {
            cycles: output_len(op) as u64 * u64::from(step),
            flash: 60 + flash * u64::from(unroll),
            ram: 0,
        }
    }

    /// Asks for operands 0 and 1 and the result as flat buffers.
    pub(super) fn new(op: OpId, target: &Target, k: &mut KernelBuilder<'_>) -> Broadcast {
        let m = k.module();
        let dims = dimensions_of(m.op(op));
        let len = |v: ValueId| m.num_elements(m.value_type(v)).map_or(0, |n| n as i64);
        let (lhs, rhs, out) = (
            len(m.operand(op, 0)),
            len(m.operand(op, 1)),
            len(m.result(op, 0)),
        );
        Broadcast {
            step: dims.last().map_or(1, |d| unroll(d.extent, target)),
            dims,
            lhs: k.input(op, 0, &[lhs]),
            rhs: k.input(op, 1, &[rhs]),
            output: k.output(op, 0, &[out]),
        }
    }

    /// Whether the right operand is one element throughout the innermost loop.
    pub(super) fn right_stands_still(&self) -> bool {
        self.dims.last().is_some_and(|d| d.rhs == 0)
    }

    /// Builds the loops at the end of the kernel, and names it.
    pub(super) fn build(&self, name: &str, k: &mut KernelBuilder<'_>, sum: &dyn Sum) {
        let mut name = name.to_owned();
        for (i, d) in self.dims.iter().enumerate() {
            let still = match (d.lhs, d.rhs) {
                (0, _) => "l",
                (_, 0) => "r",
                _ => "",
            };
            name.push_str(&format!(
                "{}{}{still}",
                if i == 0 { '_' } else { 'x' },
                d.extent
            ));
        }
        k.set_name(&kernel_name(name));
        let mut b = k.body();
        let zero = b.const_index(0);
        self.nest(&mut b, &self.dims, [zero; 3], sum);
    }

    fn nest(&self, b: &mut Builder<'_>, dims: &[Dimension], at: Place, sum: &dyn Sum) {
        let out: i64 = dims.iter().skip(1).map(|d| d.extent).product();
        match dims {
            [] => {
                let x = b.load(self.lhs, &[at[0]]);
                let y = b.load(self.rhs, &[at[1]]);
                let (x, y) = (sum.left(b, x), sum.right(b, y));
                let z = sum.sum(b, x, y);
                b.store(z, self.output, &[at[2]]);
            }
            [d] => self.innermost(b, *d, at, sum),
            [d, inner @ ..] => {
                b.for_range(0, d.extent, 1, &[], |b, i, _| {
                    let moved = [(at[0], d.lhs), (at[1], d.rhs), (at[2], out)];
                    let moved = moved.map(|(at, stride)| {
                        let step = times(b, i, stride);
                        plus(b, at, step)
                    });
                    self.nest(b, inner, moved, sum);
                    vec![]
                });
            }
        }
    }

    fn innermost(&self, b: &mut Builder<'_>, d: Dimension, at: Place, sum: &dyn Sum) {
        let still = |b: &mut Builder<'_>, stride: i64, buffer, at| {
            (stride == 0).then(|| b.load(buffer, &[at]))
        };
        let left = still(b, d.lhs, self.lhs, at[0]).map(|x| sum.left(b, x));
        let right = still(b, d.rhs, self.rhs, at[1]).map(|y| sum.right(b, y));
        b.for_range(0, d.extent, self.step, &[], |b, i, _| {
            let [x, y, z] = at.map(|at| plus(b, at, i));
            let load = |b: &mut Builder<'_>, still: Option<ValueId>, buffer, first| {
                let element = |u| {
                    still.unwrap_or_else(|| {
                        let at = offset(b, first, u);
                        b.load(buffer, &[at])
                    })
                };
                (0..self.step).map(element).collect::<Vec<ValueId>>()
            };
            let xs = load(b, left, self.lhs, x);
            let ys = load(b, right, self.rhs, y);
            for (u, (x, y)) in (0..).zip(xs.into_iter().zip(ys)) {
                let x = if left.is_some() { x } else { sum.left(b, x) };
                let y = if right.is_some() { y } else { sum.right(b, y) };
                let sum = sum.sum(b, x, y);
                let at = offset(b, z, u);
                b.store(sum, self.output, &[at]);
            }
            vec![]
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_merged() {
        let d = |extent, lhs, rhs| Dimension { extent, lhs, rhs };
        let all = [2, 3, 4];
        assert_eq!(dimensions(&all, &all, &all), [d(24, 1, 1)]);
        assert_eq!(dimensions(&all, &[4], &all), [d(6, 4, 0), d(4, 1, 1)]);
        assert_eq!(dimensions(&all, &[], &all), [d(24, 1, 0)]);
        assert_eq!(dimensions(&[1, 1], &[1], &[1, 1]), []);
        assert_eq!(
            dimensions(&[2, 1, 4], &[3, 1], &all),
            [d(2, 4, 0), d(3, 0, 1), d(4, 1, 0)]
        );
        assert_eq!(
            dimensions(&[5, 1, 6, 7], &[5, 8, 1, 1], &[5, 8, 6, 7]),
            [d(5, 42, 8), d(8, 0, 1), d(42, 1, 0)]
        );
    }
}
