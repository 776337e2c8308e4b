//! Placement of windows: SAME and VALID become explicit pads.

use super::context::shapes;
use crate::finding::Finding;
use crate::tflite::codes;
use crate::tflite::options::Padding;

/// Largest stride, dilation or window extent.
const MAX_STEP: i64 = 1 << 16;

/// One dimension of a windowed operator, in elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) input: i64,
    pub(super) output: i64,
    pub(super) kernel: i64,
    pub(super) stride: i64,
    pub(super) dilation: i64,
}

/// Pads before and after, so that the output has the size that the file gives it.
///
/// With `reach = (kernel − 1)·dilation + 1`: VALID has `⌊(input − reach) / stride⌋ + 1` outputs and no pads; SAME has
/// `⌈input / stride⌉` outputs and pads of `max(0, (output − 1)·stride + reach − input)`, the odd one after.
pub(super) fn pads(axis: Axis, padding: Padding) -> Result<[i64; 2], Finding> {
    let Axis {
        input,
        output,
        kernel,
        stride,
        dilation,
    } = axis;
    if stride.max(dilation).max(kernel) > MAX_STEP {
        return Err(Finding::new(
            codes::PARAMETER,
            format!(
                "a window of {kernel}, stride {stride} and dilation {dilation} is larger than {MAX_STEP}"
            ),
            "reduce the window",
        ));
    }
    let reach = (kernel - 1) * dilation + 1;
    let (expected, pads) = match padding {
        Padding::Valid if reach > input => (0, [0, 0]),
        Padding::Valid => ((input - reach) / stride + 1, [0, 0]),
        Padding::Same => {
            let expected = (input - 1) / stride + 1;
            let total = ((expected - 1) * stride + reach - input).max(0);
            (expected, [total / 2, total - total / 2])
        }
    };
    shapes(expected == output && output > 0, || {
        format!(
            "a window of {kernel} with stride {stride} and dilation {dilation} over {input} elements has {expected} \
             positions, but the output has {output}"
        )
    })?;
    Ok(pads)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outputs of a window with these pads, by placing it.
    fn positions(axis: Axis, [before, after]: [i64; 2]) -> i64 {
        let reach = (axis.kernel - 1) * axis.dilation + 1;
        let mut count = 0;
        let mut start = -before;
        while start + reach <= axis.input + after {
            count += 1;
            start += axis.stride;
        }
        count
    }

    #[test]
    fn pads_place_the_window_as_often_as_the_output_is_long() {
        for input in 1..12 {
            for kernel in 1..6 {
                for stride in 1..5 {
                    for dilation in 1..4 {
                        let reach = (kernel - 1) * dilation + 1;
                        let same = (input + stride - 1) / stride;
                        let axis = Axis {
                            input,
                            output: same,
                            kernel,
                            stride,
                            dilation,
                        };
                        let found = pads(axis, Padding::Same).expect("SAME fits always");
                        assert_eq!(positions(axis, found), same, "{axis:?} {found:?}");
                        assert!(
                            found[1] - found[0] == 0 || found[1] - found[0] == 1,
                            "{axis:?} {found:?}"
                        );

                        let valid = positions(axis, [0, 0]);
                        let axis = Axis {
                            output: valid,
                            ..axis
                        };
                        let found = pads(axis, Padding::Valid);
                        assert_eq!(found.is_ok(), reach <= input, "{axis:?}");
                        assert!(
                            pads(
                                Axis {
                                    output: valid + 1,
                                    ..axis
                                },
                                Padding::Valid
                            )
                            .is_err()
                        );
                    }
                }
            }
        }
    }
}
