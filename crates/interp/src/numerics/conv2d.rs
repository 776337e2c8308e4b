//! CONV_2D: int8 with per-channel multipliers, and float32.

use super::activation::{Activation, ClampF32, ClampI8};
use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::QuantizedMultiplier;
use super::window::{WindowShape, inside, product};

/// Resolved parameters of an int8 convolution (also depthwise).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvI8Params {
    /// Zero point of the input; padding counts as this value.
    pub input_zero_point: i32,
    /// Zero point of the weights; 0 when they are quantised per channel.
    pub weight_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// One multiplier an output channel.
    pub multipliers: Vec<QuantizedMultiplier>,
    /// Bounds of the result.
    pub clamp: ClampI8,
}

impl ConvI8Params {
    /// Derives the parameters from the scales: `input · weight / output` in double arithmetic, one weight
    /// scale for all channels or one each (`PopulateConvolutionQuantizationParams`). With one each the weight zero point
    /// is ignored, as the reference does.
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::Multiplier`], [`NumericsError::ActivationRange`];
    /// [`NumericsError::Length`] when there are neither 1 nor `channels` weight scales.
    pub fn new(
        (input_scale, input_zero_point): (f32, i32),
        (weight_scales, weight_zero_point): (&[f64], i32),
        (output_scale, output_zero_point): (f32, i32),
        channels: usize,
        activation: Activation,
    ) -> Result<Self, NumericsError> {
        if weight_scales.len() != 1 {
            check_len("weight scales", weight_scales.len(), channels)?;
        }
        check_scale("input", input_scale)?;
        let clamp = ClampI8::new(activation, output_scale, output_zero_point)?;
        let multiplier = |&scale: &f64| {
            check_scale("weight", scale as f32)?;
            QuantizedMultiplier::from_real(
                "convolution",
                f64::from(input_scale) * scale / f64::from(output_scale),
            )
        };
        let mut multipliers = weight_scales
            .iter()
            .map(multiplier)
            .collect::<Result<Vec<_>, _>>()?;
        let shared = multipliers.len() == 1;
        if let [only] = multipliers[..] {
            multipliers.resize(channels, only);
        }
        Ok(Self {
            input_zero_point,
            weight_zero_point: if shared { weight_zero_point } else { 0 },
            output_zero_point,
            multipliers,
            clamp,
        })
    }

    /// Requantises the accumulator of an output channel.
    #[inline]
    pub(crate) fn requantize(&self, channel: usize, acc: i32) -> i8 {
        let scaled = self.multipliers[channel].apply(acc);
        self.clamp
            .apply(scaled.wrapping_add(self.output_zero_point))
    }
}

/// Channels that one filter reads, from the length of the OHWI weights; fewer than the input's in a
/// grouped convolution.
fn filter_depth(shape: &WindowShape, weights: usize) -> Result<usize, NumericsError> {
    let taps = product(&[shape.out_c, shape.kernel_h, shape.kernel_w])?;
    if taps == 0 || weights % taps != 0 {
        return Err(NumericsError::Shape("weights do not divide into filters"));
    }
    let depth = weights / taps;
    if depth == 0 || shape.in_c % depth != 0 {
        return Err(NumericsError::Shape(
            "filter depth does not divide the input channels",
        ));
    }
    let groups = shape.in_c / depth;
    if groups == 0 || shape.out_c % groups != 0 {
        return Err(NumericsError::Shape(
            "groups do not divide the output channels",
        ));
    }
    Ok(depth)
}

/// Calls `row(channel, output index, input runs)` per output element, where the runs are the pairs of
/// input and weight offsets of `depth` contiguous elements inside the image, in the reference's order.
fn for_each_output(
    shape: &WindowShape,
    depth: usize,
    mut element: impl FnMut(usize, usize, &[(usize, usize)]),
) -> Result<(), NumericsError> {
    let (out_h, out_w) = shape.output_size()?;
    let groups = shape.in_c / depth;
    let per_group = shape.out_c / groups;
    let filter_len = shape.kernel_h * shape.kernel_w * depth;
    let w = &shape.window;
    let mut taps = Vec::with_capacity(shape.kernel_h * shape.kernel_w);
    let mut runs = Vec::with_capacity(shape.kernel_h * shape.kernel_w);
    let mut out = 0;
    for batch in 0..shape.batches {
        for y in 0..out_h {
            let origin_y = w.origin_y(y);
            let rows = inside(origin_y, shape.kernel_h, w.dilation_h, shape.in_h);
            for x in 0..out_w {
                let origin_x = w.origin_x(x);
                taps.clear();
                for ky in rows.clone() {
                    let in_y = (origin_y + (ky * w.dilation_h) as i64) as usize;
                    for kx in inside(origin_x, shape.kernel_w, w.dilation_w, shape.in_w) {
                        let in_x = (origin_x + (kx * w.dilation_w) as i64) as usize;
                        let pixel = (batch * shape.in_h + in_y) * shape.in_w + in_x;
                        taps.push((pixel * shape.in_c, (ky * shape.kernel_w + kx) * depth));
                    }
                }
                for channel in 0..shape.out_c {
                    let group = channel / per_group;
                    runs.clear();
                    runs.extend(taps.iter().map(|&(input, weight)| {
                        (input + group * depth, channel * filter_len + weight)
                    }));
                    element(channel, out, &runs);
                    out += 1;
                }
            }
        }
    }
    Ok(())
}

/// Int8 convolution (`ConvPerChannel`, or with a zero point of the weights `Conv` of 8 bits): NHWC input, OHWI weights,
/// int32 bias.
///
/// # Errors
/// [`NumericsError::Length`] and [`NumericsError::Shape`] when slices and shape do not agree.
pub fn conv2d_i8(
    shape: &WindowShape,
    p: &ConvI8Params,
    input: &[i8],
    weights: &[i8],
    bias: Option<&[i32]>,
    output: &mut [i8],
) -> Result<(), NumericsError> {
    check_len("input", input.len(), shape.input_len()?)?;
    check_len("output", output.len(), shape.output_len()?)?;
    check_len("multipliers", p.multipliers.len(), shape.out_c)?;
    if let Some(bias) = bias {
        check_len("bias", bias.len(), shape.out_c)?;
    }
    let depth = filter_depth(shape, weights.len())?;
    for_each_output(shape, depth, |channel, out, runs| {
        let mut acc = 0i32;
        for &(i, w) in runs {
            let pixels = &input[i..i + depth];
            for (&x, &weight) in pixels.iter().zip(&weights[w..w + depth]) {
                let x = i32::from(x).wrapping_sub(p.input_zero_point);
                let weight = i32::from(weight).wrapping_sub(p.weight_zero_point);
                acc = acc.wrapping_add(x.wrapping_mul(weight));
            }
        }
        acc = acc.wrapping_add(bias.map_or(0, |b| b[channel]));
        output[out] = p.requantize(channel, acc);
    })
}

/// Float32 convolution: products added one by one over kernel rows, columns, channels; then the bias.
///
/// # Errors
/// As [`conv2d_i8`].
pub fn conv2d_f32(
    shape: &WindowShape,
    clamp: ClampF32,
    input: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
) -> Result<(), NumericsError> {
    check_len("input", input.len(), shape.input_len()?)?;
    check_len("output", output.len(), shape.output_len()?)?;
    if let Some(bias) = bias {
        check_len("bias", bias.len(), shape.out_c)?;
    }
    let depth = filter_depth(shape, weights.len())?;
    for_each_output(shape, depth, |channel, out, runs| {
        let mut total = 0f32;
        for &(i, w) in runs {
            for (&x, &weight) in input[i..i + depth].iter().zip(&weights[w..w + depth]) {
                total += x * weight;
            }
        }
        output[out] = clamp.apply(total + bias.map_or(0.0, |b| b[channel]));
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::window::Window;
    use proptest::prelude::*;

    /// The definition: every tap tested against the image, exact rational requantisation left out
    /// (the multiplier is one half, shift 1: the identity).
    fn direct(
        shape: &WindowShape,
        depth: usize,
        (zp, wzp): (i32, i32),
        input: &[i8],
        weights: &[i8],
    ) -> Vec<i64> {
        let (out_h, out_w) = shape.output_size().unwrap();
        let per_group = shape.out_c / (shape.in_c / depth);
        let mut result = Vec::new();
        for b in 0..shape.batches {
            for y in 0..out_h {
                for x in 0..out_w {
                    for oc in 0..shape.out_c {
                        let mut sum = 0i64;
                        for ky in 0..shape.kernel_h {
                            for kx in 0..shape.kernel_w {
                                for c in 0..depth {
                                    let w = &shape.window;
                                    let iy = (y * w.stride_h + ky * w.dilation_h) as i64
                                        - w.pad_top as i64;
                                    let ix = (x * w.stride_w + kx * w.dilation_w) as i64
                                        - w.pad_left as i64;
                                    if iy < 0
                                        || ix < 0
                                        || iy >= shape.in_h as i64
                                        || ix >= shape.in_w as i64
                                    {
                                        continue;
                                    }
                                    let at = ((b * shape.in_h + iy as usize) * shape.in_w
                                        + ix as usize)
                                        * shape.in_c
                                        + oc / per_group * depth
                                        + c;
                                    let wt = ((oc * shape.kernel_h + ky) * shape.kernel_w + kx)
                                        * depth
                                        + c;
                                    sum += (i64::from(input[at]) - i64::from(zp))
                                        * (i64::from(weights[wt]) - i64::from(wzp));
                                }
                            }
                        }
                        result.push(sum);
                    }
                }
            }
        }
        result
    }

    fn shapes() -> impl Strategy<Value = (WindowShape, usize)> {
        (
            (1usize..3, 1usize..7, 1usize..7, 1usize..4),
            (1usize..4, 1usize..4, 1usize..3, 1usize..3),
            (1usize..3, 1usize..3, 1usize..3, 1usize..3),
            (0usize..3, 0usize..3, 0usize..3, 0usize..3),
        )
            .prop_filter_map("kernel exceeds input", |(i, k, s, p)| {
                let (groups, filters) = (k.2, k.3);
                let shape = WindowShape {
                    batches: i.0,
                    in_h: i.1,
                    in_w: i.2,
                    in_c: i.3 * groups,
                    kernel_h: k.0,
                    kernel_w: k.1,
                    out_c: groups * filters,
                    window: Window {
                        stride_h: s.0,
                        stride_w: s.1,
                        dilation_h: s.2,
                        dilation_w: s.3,
                        pad_top: p.0,
                        pad_left: p.1,
                        pad_bottom: p.2,
                        pad_right: p.3,
                    },
                };
                shape.output_size().is_ok().then_some((shape, i.3))
            })
    }

    fn bytes(len: usize, seed: u32) -> Vec<i8> {
        (0..len as u32)
            .map(|i| ((i.wrapping_add(seed)).wrapping_mul(2_654_435_761) >> 24) as i8)
            .collect()
    }

    proptest! {
        #[test]
        fn sums_are_the_definition(
            (shape, depth) in shapes(),
            zp in -128i32..128,
            wzp in prop_oneof![Just(0), -128i32..128],
            seed: u32,
        ) {
            let input = bytes(shape.input_len().unwrap(), seed);
            let weights = bytes(shape.out_c * shape.kernel_h * shape.kernel_w * depth, seed ^ 77);
            let bias: Vec<i32> = (0..shape.out_c as i32).map(|c| c * 1000 - 1500).collect();
            let p = ConvI8Params {
                input_zero_point: zp,
                weight_zero_point: wzp,
                output_zero_point: 3,
                multipliers: vec![QuantizedMultiplier { multiplier: 1 << 30, shift: -7 }; shape.out_c],
                clamp: ClampI8::FULL,
            };
            let mut out = vec![0; shape.output_len().unwrap()];
            conv2d_i8(&shape, &p, &input, &weights, Some(&bias), &mut out).unwrap();
            let sums = direct(&shape, depth, (zp, wzp), &input, &weights);
            for (i, sum) in sums.iter().enumerate() {
                let a = sum + i64::from(bias[i % shape.out_c]);
                // ·½ half up, then /128 half away from zero.
                let half = (a + 1).div_euclid(2);
                let scaled = (half.abs() + 64) / 128 * half.signum();
                prop_assert_eq!(i64::from(out[i]), (scaled + 3).clamp(-128, 127));
            }
            let floats: Vec<f32> = input.iter().map(|&x| (i32::from(x) - zp) as f32).collect();
            let weights_f: Vec<f32> = weights.iter().map(|&x| (i32::from(x) - wzp) as f32).collect();
            let mut out_f = vec![0.0; out.len()];
            conv2d_f32(&shape, ClampF32::new(Activation::None), &floats, &weights_f, None, &mut out_f).unwrap();
            // Integers below 2^24: float sums are exact.
            let exact: Vec<f32> = sums.iter().map(|&s| s as f32).collect();
            prop_assert_eq!(out_f, exact);
        }
    }

    #[test]
    fn wrong_lengths_are_errors() {
        let shape = WindowShape {
            batches: 1,
            in_h: 2,
            in_w: 2,
            in_c: 1,
            kernel_h: 1,
            kernel_w: 1,
            out_c: 2,
            window: Window::UNIT,
        };
        let clamp = ClampF32::new(Activation::None);
        let mut out = [0.0; 8];
        assert!(conv2d_f32(&shape, clamp, &[0.0; 4], &[1.0; 2], None, &mut out).is_ok());
        assert!(conv2d_f32(&shape, clamp, &[0.0; 3], &[1.0; 2], None, &mut out).is_err());
        assert!(conv2d_f32(&shape, clamp, &[0.0; 4], &[1.0; 3], None, &mut out).is_err());
        assert!(conv2d_f32(&shape, clamp, &[0.0; 4], &[1.0; 2], Some(&[0.0]), &mut out).is_err());
        assert!(conv2d_f32(&shape, clamp, &[0.0; 4], &[1.0; 2], None, &mut out[..7]).is_err());
    }

    #[test]
    fn multipliers_from_scales() {
        let p = ConvI8Params::new((0.5, 1), (&[0.25], 7), (0.5, 2), 3, Activation::Relu).unwrap();
        assert_eq!(
            p.multipliers,
            vec![
                QuantizedMultiplier {
                    multiplier: 1 << 30,
                    shift: -1
                };
                3
            ]
        );
        assert_eq!(p.clamp, ClampI8 { min: 2, max: 127 });
        assert_eq!(p.weight_zero_point, 7);
        let of = |scales: &[f64]| {
            ConvI8Params::new((0.5, 1), (scales, 7), (0.5, 2), 3, Activation::None)
        };
        assert_eq!(of(&[0.25; 3]).unwrap().weight_zero_point, 0);
        assert!(of(&[0.25, 0.5]).is_err());
        assert!(of(&[0.0]).is_err());
    }
}
