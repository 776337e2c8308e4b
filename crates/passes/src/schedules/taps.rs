//! The taps of a sliding window that lie inside of the input, so that no padding is ever tested in a channel loop.

use super::affine::{Extent, offset, plus, times};
use interp::numerics::WindowShape;
use ir::{Builder, ValueId};

/// A sliding window along one dimension, in elements of the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Axis {
    pub input: i64,
    pub output: i64,
    pub kernel: i64,
    pub stride: i64,
    pub dilation: i64,
    pub before: i64,
}

/// The taps inside of the input at one output position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    /// The first such tap's position in the kernel.
    pub kernel: ValueId,
    /// Its position in the input.
    pub input: ValueId,
    /// How many follow one another from there.
    pub count: Extent,
}

impl Axis {
    /// The vertical and the horizontal axis of a window; `None` if an extent exceeds 31 bits.
    pub(super) fn of(shape: &WindowShape) -> Option<[Axis; 2]> {
        let (height, width) = shape.output_size().ok()?;
        let w = &shape.window;
        let axis = |input, output, kernel, stride, dilation, before| {
            let n = |x: usize| i32::try_from(x).ok().map(i64::from);
            Some(Axis {
                input: n(input)?,
                output: n(output)?,
                kernel: n(kernel)?,
                stride: n(stride)?,
                dilation: n(dilation)?,
                before: n(before)?,
            })
        };
        Some([
            axis(
                shape.in_h,
                height,
                shape.kernel_h,
                w.stride_h,
                w.dilation_h,
                w.pad_top,
            )?,
            axis(
                shape.in_w,
                width,
                shape.kernel_w,
                w.stride_w,
                w.dilation_w,
                w.pad_left,
            )?,
        ])
    }

    /// Whether no window begins before the input.
    fn starts_inside(&self) -> bool {
        self.before == 0
    }

    /// Whether no window ends behind the input.
    fn ends_inside(&self) -> bool {
        let last = (self.output - 1) * self.stride - self.before;
        last + (self.kernel - 1) * self.dilation < self.input
    }

    /// Whether every window is all inside.
    pub(super) fn is_inside(&self) -> bool {
        self.starts_inside() && self.ends_inside()
    }

    /// Whether the only window is the whole input, tap by tap.
    pub(super) fn is_whole(&self) -> bool {
        self.is_inside() && self.output == 1 && self.kernel == self.input && self.dilation == 1
    }

    /// The numbers of taps inside at each output position.
    pub(super) fn counts(&self) -> impl Iterator<Item = i64> + '_ {
        (0..self.output).map(|at| {
            let origin = at * self.stride - self.before;
            let inside = |k: &i64| (0..self.input).contains(&(origin + k * self.dilation));
            (0..self.kernel).filter(inside).count() as i64
        })
    }

    /// The taps inside at output position `at`.
    pub(super) fn taps(&self, b: &mut Builder<'_>, at: ValueId) -> Taps {
        let origin = times(b, at, self.stride);
        let origin = offset(b, origin, -self.before);
        let zero = b.const_index(0);
        let first = if self.starts_inside() {
            zero
        } else {
            let start = b.const_index(self.dilation - 1);
            let distance = b.subi_nsw(start, origin);
            let steps = self.divide(b, distance);
            b.maxsi(steps, zero)
        };
        let count = if self.ends_inside() {
            if self.starts_inside() {
                Extent::Known(self.kernel)
            } else {
                let kernel = b.const_index(self.kernel);
                Extent::Value(b.subi_nsw(kernel, first))
            }
        } else {
            let room = b.const_index(self.input + self.dilation - 1);
            let room = b.subi_nsw(room, origin);
            let steps = self.divide(b, room);
            let kernel = b.const_index(self.kernel);
            let end = b.minsi(steps, kernel);
            Extent::Value(if self.starts_inside() {
                end
            } else {
                b.subi_nsw(end, first)
            })
        };
        let skipped = times(b, first, self.dilation);
        let input = plus(b, origin, skipped);
        Taps {
            kernel: first,
            input,
            count,
        }
    }

    /// A distance in steps of the dilation, toward zero: where that differs from rounding down, the bounds at zero cut it off.
    fn divide(&self, b: &mut Builder<'_>, distance: ValueId) -> ValueId {
        if self.dilation == 1 {
            return distance;
        }
        let dilation = b.const_index(self.dilation);
        b.divsi(distance, dilation)
    }
}
