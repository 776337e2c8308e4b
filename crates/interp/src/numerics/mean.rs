//! MEAN over any dimensions, which stay with the extent 1.

use super::activation::ClampI8;
use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::QuantizedMultiplier;
use super::window::product;

/// Elements of a mean at most, so that sums of int8 fit 32 bits.
pub const MOST_TERMS: usize = 1 << 23;

/// Resolved parameters of an int8 MEAN: the sum without its zero points is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeanI8Params {
    /// The zero points of all elements.
    pub offset: i32,
    /// Input scale over output scale and number of elements; the significand is in 2²⁹..2³¹ here, or 0.
    pub multiplier: QuantizedMultiplier,
    /// Zero point of the output.
    pub output_zero_point: i32,
}

impl MeanI8Params {
    /// Derives the parameters from `(scale, zero point)` pairs and the number of elements of a mean (`QuantizedMeanOrSum`).
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::Multiplier`]; [`NumericsError::Shape`] if there are no elements, or more than
    /// [`MOST_TERMS`].
    pub fn new(input: (f32, i32), output: (f32, i32), count: usize) -> Result<Self, NumericsError> {
        check_scale("input", input.0)?;
        check_scale("output", output.0)?;
        if !(1..=MOST_TERMS).contains(&count) {
            return Err(NumericsError::Shape("a mean is of 1 to 2^23 elements"));
        }
        let count = count as i32;
        let real = f64::from(input.0) / f64::from(output.0);
        let scale = QuantizedMultiplier::from_real("mean", real)?;
        // As many bits of the quotient as there are to the left of the count's, and as the shift has room for.
        let bits = (count.ilog2() as i32).min(31 + scale.shift);
        let multiplier = (i64::from(scale.multiplier) << bits) / i64::from(count);
        Ok(Self {
            offset: input.1.wrapping_mul(count),
            multiplier: QuantizedMultiplier {
                multiplier: multiplier as i32,
                shift: scale.shift - bits,
            },
            output_zero_point: output.1,
        })
    }

    /// The mean whose sum this is.
    #[must_use]
    pub fn apply(&self, sum: i32) -> i8 {
        let mean = self.multiplier.apply(sum.wrapping_sub(self.offset));
        ClampI8::FULL.apply(mean.wrapping_add(self.output_zero_point))
    }
}

/// For each element of the output the sum over its elements of the input, in their order.
fn sums<T: Copy, S: Copy>(
    shape: &[usize],
    axes: &[usize],
    input: &[T],
    start: S,
    add: impl Fn(S, T) -> S,
) -> Result<Vec<S>, NumericsError> {
    check_len("input", input.len(), product(shape)?)?;
    let left = |d: usize| if axes.contains(&d) { 1 } else { shape[d] };
    let outputs: Vec<usize> = (0..shape.len()).map(left).collect();
    let mut strides = vec![0; shape.len()];
    let mut stride = 1;
    for d in (0..shape.len()).rev() {
        if outputs[d] > 1 {
            strides[d] = stride;
            stride *= outputs[d];
        }
    }
    let mut sums = vec![start; product(&outputs)?];
    let mut index = vec![0usize; shape.len()];
    for &x in input {
        let at: usize = index.iter().zip(&strides).map(|(i, s)| i * s).sum();
        sums[at] = add(sums[at], x);
        for d in (0..index.len()).rev() {
            index[d] += 1;
            if index[d] < shape[d] {
                break;
            }
            index[d] = 0;
        }
    }
    Ok(sums)
}

/// Elements of a mean.
///
/// # Errors
/// [`NumericsError::Shape`] if an axis is no dimension, or on overflow.
pub fn terms(shape: &[usize], axes: &[usize]) -> Result<usize, NumericsError> {
    let extents: Option<Vec<usize>> = axes.iter().map(|&a| shape.get(a).copied()).collect();
    product(&extents.ok_or(NumericsError::Shape("an axis is no dimension"))?)
}

/// Mean of floats: elements are added in their order, from 0 on, and the sum is divided.
///
/// # Errors
/// [`NumericsError::Length`], [`NumericsError::Shape`].
pub fn mean_f32(
    shape: &[usize],
    axes: &[usize],
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    let count = terms(shape, axes)? as f32;
    let sums = sums(shape, axes, input, 0.0f32, |sum, x| sum + x)?;
    check_len("output", output.len(), sums.len())?;
    for (out, sum) in output.iter_mut().zip(sums) {
        *out = sum / count;
    }
    Ok(())
}

/// Mean of int8.
///
/// # Errors
/// [`NumericsError::Length`], [`NumericsError::Shape`].
pub fn mean_i8(
    p: &MeanI8Params,
    shape: &[usize],
    axes: &[usize],
    input: &[i8],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    terms(shape, axes)?;
    let sums = sums(shape, axes, input, 0i32, |sum, x| {
        sum.wrapping_add(i32::from(x))
    })?;
    check_len("output", output.len(), sums.len())?;
    for (out, sum) in output.iter_mut().zip(sums) {
        *out = p.apply(sum);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_over_the_axes() {
        let x: Vec<f32> = (0..24u8).map(f32::from).collect();
        let mut out = [0.0; 6];
        mean_f32(&[2, 4, 3], &[1], &x, &mut out).unwrap();
        assert_eq!(out, [4.5, 5.5, 6.5, 16.5, 17.5, 18.5]);
        let mut out = [0.0; 4];
        mean_f32(&[2, 4, 3], &[0, 2], &x, &mut out).unwrap();
        assert_eq!(out, [7.0, 10.0, 13.0, 16.0]);
        assert!(mean_f32(&[2, 4, 3], &[3], &x, &mut out).is_err());
        assert!(mean_f32(&[2, 4, 3], &[1], &x, &mut out).is_err());
    }

    /// A tie of the first rounding goes up, one of the second away from zero; what the division of the multiplier cut off turns it down.
    #[test]
    fn one_quantisation_rounds_too() {
        let q = (0.1, 7);
        let p = MeanI8Params::new(q, q, 4).unwrap();
        assert_eq!(
            [7, -7, 8, -509, 30].map(|s| p.apply(s)),
            [2, -2, 2, -127, 8]
        );
        let thirds = MeanI8Params::new(q, q, 3).unwrap();
        assert_eq!([21, 22, 23, 24].map(|s| thirds.apply(s)), [7, 7, 8, 8]);
    }

    /// Within half a step of the real mean, and the half of a half that the first of two roundings may add.
    #[test]
    fn means_are_near_the_real_ones() {
        for count in [1usize, 2, 3, 7, 49, 1000] {
            for (from, to) in [
                ((0.5f32, 3), (0.25f32, -1)),
                ((0.1, -128), (0.3, 127)),
                ((0.1, 5), (0.1, 5)),
            ] {
                let p = MeanI8Params::new(from, to, count).unwrap();
                let n = count as i32;
                for sum in (-128 * n..=127 * n).step_by(1 + count / 8) {
                    let real = f64::from(sum - from.1 * n) / f64::from(n) * f64::from(from.0);
                    let y = (real / f64::from(to.0) + f64::from(to.1)).clamp(-128.0, 127.0);
                    assert!(
                        (f64::from(p.apply(sum)) - y).abs() < 0.76,
                        "{count} {sum} {y}"
                    );
                }
            }
        }
        assert!(MeanI8Params::new((1.0, 0), (1.0, 0), 0).is_err());
        assert!(MeanI8Params::new((1.0, 0), (0.0, 0), 1).is_err());
    }
}
