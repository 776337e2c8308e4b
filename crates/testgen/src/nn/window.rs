//! Kernels, strides, dilations and pads that fit an input.

use super::Window;
use crate::choices::Choices;

/// What a window may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Dilated, padded by any amount.
    Convolution,
    /// Not dilated, padded by less than the kernel.
    Pool,
}

/// Along one dimension.
struct Axis {
    kernel: i64,
    stride: i64,
    dilation: i64,
    before: i64,
    after: i64,
    output: i64,
}

/// How pads are chosen.
#[derive(Clone, Copy)]
enum Padding {
    Valid,
    Same,
    Any,
}

fn axis(c: &mut Choices, input: i64, purpose: Purpose, padding: Padding) -> Axis {
    let kernel = c.of(&[1, 3, 2, 3, 4, 5, 7]);
    let stride = c.of(&[1, 1, 2, 2, 3, 4]);
    let dilation = match purpose {
        Purpose::Convolution => c.of(&[1, 1, 1, 2, 3]),
        Purpose::Pool => 1,
    };
    let reach = (kernel - 1) * dilation + 1;
    let (before, after) = match padding {
        Padding::Valid if reach <= input => (0, 0),
        Padding::Valid | Padding::Same => {
            // TensorFlow's rule: as many outputs as strides begin inside of the input.
            let output = (input + stride - 1) / stride;
            let total = ((output - 1) * stride + reach - input).max(0);
            (total / 2, total - total / 2)
        }
        Padding::Any => {
            let most = match purpose {
                Purpose::Convolution => reach,
                Purpose::Pool => reach - 1,
            };
            let (before, after) = (c.between(0, most), c.between(0, most));
            (
                before,
                after.max(reach - input - before).min(most.max(reach - 1)),
            )
        }
    };
    let output = (input + before + after - reach) / stride + 1;
    Axis {
        kernel,
        stride,
        dilation,
        before,
        after,
        output,
    }
}

/// A kernel and a window over rows and columns, and the output's rows and columns.
pub fn draw(
    c: &mut Choices,
    rows: i64,
    columns: i64,
    purpose: Purpose,
) -> ([i64; 2], Window, [i64; 2]) {
    let padding = c.of(&[Padding::Valid, Padding::Same, Padding::Same, Padding::Any]);
    let y = axis(c, rows, purpose, padding);
    let x = axis(c, columns, purpose, padding);
    let window = Window {
        strides: [y.stride, x.stride],
        dilations: [y.dilation, x.dilation],
        pads: [y.before, y.after, x.before, x.after],
    };
    ([y.kernel, x.kernel], window, [y.output, x.output])
}
