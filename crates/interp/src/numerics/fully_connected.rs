//! FULLY_CONNECTED: int8 per tensor (with a weight zero point) and per channel, and float32.

use super::activation::{Activation, ClampF32, ClampI8};
use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::QuantizedMultiplier;
use super::window::product;

/// Resolved parameters of an int8 fully connected layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullyConnectedI8Params {
    /// Zero point of the input.
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

impl FullyConnectedI8Params {
    /// Derives the parameters from the scales.
    ///
    /// Scales are multiplied and divided in double arithmetic. With one weight scale a channel the weight
    /// zero point is ignored, as the reference does.
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::Multiplier`], [`NumericsError::ActivationRange`];
    /// [`NumericsError::Length`] when there are neither 1 nor `channels` weight scales.
    pub fn new(
        (input_scale, input_zero_point): (f32, i32),
        (weight_scales, weight_zero_point): (&[f32], i32),
        (output_scale, output_zero_point): (f32, i32),
        channels: usize,
        activation: Activation,
    ) -> Result<Self, NumericsError> {
        check_scale("input", input_scale)?;
        let clamp = ClampI8::new(activation, output_scale, output_zero_point)?;
        for &scale in weight_scales {
            check_scale("weight", scale)?;
        }
        let (multipliers, weight_zero_point) = if let [scale] = *weight_scales {
            let real = f64::from(input_scale) * f64::from(scale) / f64::from(output_scale);
            let only = QuantizedMultiplier::from_real("fully connected", real)?;
            (vec![only; channels], weight_zero_point)
        } else {
            check_len("weight scales", weight_scales.len(), channels)?;
            let real =
                |&scale: &f32| f64::from(input_scale) * f64::from(scale) / f64::from(output_scale);
            let each = weight_scales
                .iter()
                .map(|scale| QuantizedMultiplier::from_real("fully connected", real(scale)))
                .collect::<Result<Vec<_>, _>>()?;
            (each, 0)
        };
        Ok(Self {
            input_zero_point,
            weight_zero_point,
            output_zero_point,
            multipliers,
            clamp,
        })
    }
}

/// Extents of a fully connected layer: `batches × depth` by `channels × depth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FullyConnectedShape {
    /// Rows of the input.
    pub batches: usize,
    /// Elements of a row: the inner extent of the weights.
    pub depth: usize,
    /// Output channels: the outer extent of the weights.
    pub channels: usize,
}

impl FullyConnectedShape {
    fn check(
        &self,
        input: usize,
        weights: usize,
        bias: Option<usize>,
        output: usize,
    ) -> Result<(), NumericsError> {
        if self.depth == 0 || self.channels == 0 {
            return Err(NumericsError::Shape("an extent of the weights is zero"));
        }
        check_len("input", input, product(&[self.batches, self.depth])?)?;
        check_len("weights", weights, product(&[self.channels, self.depth])?)?;
        check_len("output", output, product(&[self.batches, self.channels])?)?;
        bias.map_or(Ok(()), |bias| check_len("bias", bias, self.channels))
    }
}

/// Int8 fully connected layer: OI weights, int32 bias.
///
/// # Errors
/// [`NumericsError::Length`] and [`NumericsError::Shape`] when slices and shape do not agree.
pub fn fully_connected_i8(
    shape: &FullyConnectedShape,
    p: &FullyConnectedI8Params,
    input: &[i8],
    weights: &[i8],
    bias: Option<&[i32]>,
    output: &mut [i8],
) -> Result<(), NumericsError> {
    shape.check(
        input.len(),
        weights.len(),
        bias.map(<[_]>::len),
        output.len(),
    )?;
    check_len("multipliers", p.multipliers.len(), shape.channels)?;
    let rows = input.chunks_exact(shape.depth);
    for (row, out) in rows.zip(output.chunks_exact_mut(shape.channels)) {
        let filters = weights.chunks_exact(shape.depth);
        for (channel, (out, filter)) in out.iter_mut().zip(filters).enumerate() {
            let mut acc = 0i32;
            for (&x, &weight) in row.iter().zip(filter) {
                let x = i32::from(x).wrapping_sub(p.input_zero_point);
                let weight = i32::from(weight).wrapping_sub(p.weight_zero_point);
                acc = acc.wrapping_add(x.wrapping_mul(weight));
            }
            acc = acc.wrapping_add(bias.map_or(0, |b| b[channel]));
            let scaled = p.multipliers[channel].apply(acc);
            *out = p.clamp.apply(scaled.wrapping_add(p.output_zero_point));
        }
    }
    Ok(())
}

/// Float32 fully connected layer: products added in order, then the bias.
///
/// # Errors
/// As [`fully_connected_i8`].
pub fn fully_connected_f32(
    shape: &FullyConnectedShape,
    clamp: ClampF32,
    input: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
) -> Result<(), NumericsError> {
    shape.check(
        input.len(),
        weights.len(),
        bias.map(<[_]>::len),
        output.len(),
    )?;
    let rows = input.chunks_exact(shape.depth);
    for (row, out) in rows.zip(output.chunks_exact_mut(shape.channels)) {
        let filters = weights.chunks_exact(shape.depth);
        for (channel, (out, filter)) in out.iter_mut().zip(filters).enumerate() {
            let mut total = 0f32;
            for (&x, &weight) in row.iter().zip(filter) {
                total += x * weight;
            }
            *out = clamp.apply(total + bias.map_or(0.0, |b| b[channel]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_layer_by_hand() {
        let shape = FullyConnectedShape {
            batches: 2,
            depth: 3,
            channels: 2,
        };
        let p = FullyConnectedI8Params {
            input_zero_point: 1,
            weight_zero_point: -1,
            output_zero_point: 10,
            multipliers: vec![
                QuantizedMultiplier {
                    multiplier: 1 << 30,
                    shift: 1,
                },
                QuantizedMultiplier {
                    multiplier: 1 << 30,
                    shift: 0,
                },
            ],
            clamp: ClampI8 { min: -20, max: 30 },
        };
        let input = [1, 2, 3, -5, 0, 4];
        let weights = [1, 2, 3, -1, -1, 5];
        let mut out = [0; 4];
        fully_connected_i8(&shape, &p, &input, &weights, Some(&[5, -3]), &mut out).unwrap();
        // Rows minus 1: (0,1,2), (−6,−1,3). Weights plus 1: (2,3,4), (0,0,6).
        // Row 0: 11+5 = 16, ·1, +10 = 26; 12−3 = 9, ·½ half up = 5, +10 = 15.
        // Row 1: −12−3+12+5 = 2, +10 = 12; 18−3 = 15, ·½ = 8, +10 = 18.
        assert_eq!(out, [26, 15, 12, 18]);
        let floats = input.map(f32::from);
        let weights_f = weights.map(f32::from);
        let mut out_f = [0.0; 4];
        let clamp = ClampF32::new(Activation::Relu6);
        fully_connected_f32(
            &shape,
            clamp,
            &floats,
            &weights_f,
            Some(&[-12.0, 0.5]),
            &mut out_f,
        )
        .unwrap();
        // 1+4+9−12 = 2; −1−2+15+½ = 12½ → 6; −5+0+12−12 < 0 → 0; 5+0+20+½ → 6.
        assert_eq!(out_f, [2.0, 6.0, 0.0, 6.0]);
        assert!(
            fully_connected_f32(&shape, clamp, &floats[..5], &weights_f, None, &mut out_f).is_err()
        );
    }

    #[test]
    fn scales_are_multiplied_in_double_precision() {
        let (input, weight, output) = (0.391_015_23_f32, 0.003_333_333_3_f32, 0.364_498_47_f32);
        let of = |scales: &[f32]| {
            FullyConnectedI8Params::new((input, 0), (scales, 0), (output, 0), 2, Activation::None)
                .unwrap()
        };
        let single = f64::from(input * weight) / f64::from(output);
        let double = f64::from(input) * f64::from(weight) / f64::from(output);
        assert_ne!(single, double);
        let quantized = |real| QuantizedMultiplier::from_real("test", real).unwrap();
        assert_ne!(quantized(single), quantized(double));
        assert_eq!(of(&[weight]).multipliers, vec![quantized(double); 2]);
        assert_eq!(
            of(&[weight, weight]).multipliers,
            vec![quantized(double); 2]
        );
    }
}
