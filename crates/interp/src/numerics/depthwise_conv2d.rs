//! DEPTHWISE_CONV_2D with any depth multiplier: int8 with per-channel multipliers, and float32.

use super::activation::ClampF32;
use super::conv2d::ConvI8Params;
use super::error::{NumericsError, check_len};
use super::window::{WindowShape, inside, product};

/// The depth multiplier, `out_c / in_c`.
fn depth_multiplier(shape: &WindowShape, weights: usize) -> Result<usize, NumericsError> {
    check_len(
        "weights",
        weights,
        product(&[shape.kernel_h, shape.kernel_w, shape.out_c])?,
    )?;
    if shape.in_c == 0 || shape.out_c % shape.in_c != 0 {
        return Err(NumericsError::Shape(
            "output channels are not a multiple of input channels",
        ));
    }
    Ok(shape.out_c / shape.in_c)
}

/// For each output pixel: resets `acc`, adds every tap inside the image by `tap(acc, input, weight
/// offsets)` in the reference's order, then hands `acc` and the output offset to `finish`.
fn for_each_pixel<A: Clone>(
    shape: &WindowShape,
    zero: A,
    mut tap: impl FnMut(&mut [A], usize, usize),
    mut finish: impl FnMut(&[A], usize),
) -> Result<(), NumericsError> {
    let (out_h, out_w) = shape.output_size()?;
    let w = &shape.window;
    let mut acc = vec![zero.clone(); shape.out_c];
    let mut out = 0;
    for batch in 0..shape.batches {
        for y in 0..out_h {
            let origin_y = w.origin_y(y);
            let rows = inside(origin_y, shape.kernel_h, w.dilation_h, shape.in_h);
            for x in 0..out_w {
                let origin_x = w.origin_x(x);
                acc.fill(zero.clone());
                for ky in rows.clone() {
                    let in_y = (origin_y + (ky * w.dilation_h) as i64) as usize;
                    for kx in inside(origin_x, shape.kernel_w, w.dilation_w, shape.in_w) {
                        let in_x = (origin_x + (kx * w.dilation_w) as i64) as usize;
                        let pixel = (batch * shape.in_h + in_y) * shape.in_w + in_x;
                        let weight = (ky * shape.kernel_w + kx) * shape.out_c;
                        tap(&mut acc, pixel * shape.in_c, weight);
                    }
                }
                finish(&acc, out);
                out += shape.out_c;
            }
        }
    }
    Ok(())
}

/// Int8 depthwise convolution (`DepthwiseConvPerChannel`, or with a zero point of the weights `DepthwiseConv` of 8 bits): NHWC
/// input, 1HWO weights.
///
/// Output channel `c·m + j` reads input channel `c`, `m` being the depth multiplier.
///
/// # Errors
/// [`NumericsError::Length`] and [`NumericsError::Shape`] when slices and shape do not agree.
pub fn depthwise_conv2d_i8(
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
    let m = depth_multiplier(shape, weights.len())?;
    for_each_pixel(
        shape,
        0i32,
        |acc, i, w| {
            let pixels = &input[i..i + shape.in_c];
            let taps = &weights[w..w + shape.out_c];
            for ((acc, taps), &x) in acc
                .chunks_exact_mut(m)
                .zip(taps.chunks_exact(m))
                .zip(pixels)
            {
                let x = i32::from(x).wrapping_sub(p.input_zero_point);
                for (acc, &weight) in acc.iter_mut().zip(taps) {
                    let weight = i32::from(weight).wrapping_sub(p.weight_zero_point);
                    *acc = acc.wrapping_add(x.wrapping_mul(weight));
                }
            }
        },
        |acc, out| {
            for (channel, &acc) in acc.iter().enumerate() {
                let acc = acc.wrapping_add(bias.map_or(0, |b| b[channel]));
                output[out + channel] = p.requantize(channel, acc);
            }
        },
    )
}

/// Float32 depthwise convolution: products added over kernel rows, then columns; then the bias.
///
/// # Errors
/// As [`depthwise_conv2d_i8`].
pub fn depthwise_conv2d_f32(
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
    let m = depth_multiplier(shape, weights.len())?;
    for_each_pixel(
        shape,
        0f32,
        |acc, i, w| {
            let pixels = &input[i..i + shape.in_c];
            let taps = &weights[w..w + shape.out_c];
            for ((acc, taps), &x) in acc
                .chunks_exact_mut(m)
                .zip(taps.chunks_exact(m))
                .zip(pixels)
            {
                for (acc, &weight) in acc.iter_mut().zip(taps) {
                    *acc += x * weight;
                }
            }
        },
        |acc, out| {
            for (channel, &total) in acc.iter().enumerate() {
                output[out + channel] = clamp.apply(total + bias.map_or(0.0, |b| b[channel]));
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::activation::{Activation, ClampI8};
    use crate::numerics::conv2d::conv2d_i8;
    use crate::numerics::fixed_point::QuantizedMultiplier;
    use crate::numerics::window::Window;
    use proptest::prelude::*;

    fn bytes(len: usize, seed: u32) -> Vec<i8> {
        (0..len as u32)
            .map(|i| ((i.wrapping_add(seed)).wrapping_mul(2_654_435_761) >> 24) as i8)
            .collect()
    }

    proptest! {
        /// A depthwise convolution is the full convolution with its weights on the diagonal.
        #[test]
        fn equals_the_full_convolution_with_diagonal_weights(
            (in_h, in_w, in_c, m) in (1usize..7, 1usize..7, 1usize..4, 1usize..4),
            (kernel_h, kernel_w) in (1usize..4, 1usize..4),
            (stride_h, stride_w, dilation_h, dilation_w) in (1usize..3, 1usize..3, 1usize..3, 1usize..3),
            (pad_top, pad_left, pad_bottom, pad_right) in (0usize..3, 0usize..3, 0usize..3, 0usize..3),
            zp in -128i32..128,
            wzp in prop_oneof![Just(0), -128i32..128],
            seed: u32,
        ) {
            let out_c = in_c * m;
            let window = Window { stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left, pad_bottom, pad_right };
            let shape = WindowShape { batches: 2, in_h, in_w, in_c, kernel_h, kernel_w, out_c, window };
            prop_assume!(shape.output_size().is_ok());
            let input = bytes(shape.input_len().unwrap(), seed);
            let weights = bytes(kernel_h * kernel_w * out_c, seed ^ 5);
            let mut full = vec![wzp as i8; out_c * kernel_h * kernel_w * in_c];
            for oc in 0..out_c {
                for k in 0..kernel_h * kernel_w {
                    full[(oc * kernel_h * kernel_w + k) * in_c + oc / m] = weights[k * out_c + oc];
                }
            }
            let bias: Vec<i32> = (0..out_c as i32).map(|c| c * 700 - 900).collect();
            let multipliers = (0..out_c as i32)
                .map(|c| QuantizedMultiplier { multiplier: (1 << 30) + c * 12_345_678, shift: -6 + c % 3 })
                .collect();
            let p = ConvI8Params {
                input_zero_point: zp,
                weight_zero_point: wzp,
                output_zero_point: -4,
                multipliers,
                clamp: ClampI8::FULL,
            };
            let mut out = vec![0; shape.output_len().unwrap()];
            let mut expected = out.clone();
            depthwise_conv2d_i8(&shape, &p, &input, &weights, Some(&bias), &mut out).unwrap();
            conv2d_i8(&shape, &p, &input, &full, Some(&bias), &mut expected).unwrap();
            prop_assert_eq!(&out, &expected);

            let floats: Vec<f32> = input.iter().map(|&x| f32::from(x)).collect();
            let weights_f: Vec<f32> = weights.iter().map(|&x| (i32::from(x) - wzp) as f32).collect();
            let full_f: Vec<f32> = full.iter().map(|&x| (i32::from(x) - wzp) as f32).collect();
            let clamp = ClampF32::new(Activation::Relu);
            let mut out_f = vec![0.0; out.len()];
            let mut expected_f = out_f.clone();
            depthwise_conv2d_f32(&shape, clamp, &floats, &weights_f, None, &mut out_f).unwrap();
            crate::numerics::conv2d::conv2d_f32(&shape, clamp, &floats, &full_f, None, &mut expected_f).unwrap();
            // Sums of integers: exact in either order.
            prop_assert_eq!(out_f, expected_f);
        }
    }

    #[test]
    fn wrong_shapes_are_errors() {
        let shape = WindowShape {
            batches: 1,
            in_h: 1,
            in_w: 1,
            in_c: 2,
            kernel_h: 1,
            kernel_w: 1,
            out_c: 3,
            window: Window::UNIT,
        };
        let clamp = ClampF32::new(Activation::None);
        let mut out = [0.0; 3];
        assert!(depthwise_conv2d_f32(&shape, clamp, &[0.0; 2], &[0.0; 3], None, &mut out).is_err());
    }
}
