//! ADD with broadcasting: int8 through a 20-bit left shift, and float32.

use super::activation::{Activation, ClampF32, ClampI8};
use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::QuantizedMultiplier;
use super::window::product;

/// Bits that int8 operands are shifted left before they are scaled.
pub const ADD_LEFT_SHIFT: u32 = 20;

/// One operand of an int8 addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddOperand {
    /// Zero point of the operand.
    pub zero_point: i32,
    /// Its scale over twice the larger of both scales.
    pub multiplier: QuantizedMultiplier,
}

/// Resolved parameters of an int8 addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddI8Params {
    /// The left operand.
    pub lhs: AddOperand,
    /// The right operand.
    pub rhs: AddOperand,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// Twice the larger input scale over `2²⁰` output scales.
    pub output_multiplier: QuantizedMultiplier,
    /// Bounds of the result.
    pub clamp: ClampI8,
}

impl AddI8Params {
    /// Derives the parameters from `(scale, zero point)` pairs (`CalculateOpDataAdd`).
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::ActivationRange`]; [`NumericsError::Multiplier`] when a
    /// multiplier is not below one, where the reference stops.
    pub fn new(
        lhs: (f32, i32),
        rhs: (f32, i32),
        output: (f32, i32),
        activation: Activation,
    ) -> Result<Self, NumericsError> {
        check_scale("left operand", lhs.0)?;
        check_scale("right operand", rhs.0)?;
        let clamp = ClampI8::new(activation, output.0, output.1)?;
        let twice_max = 2.0 * f64::from(lhs.0.max(rhs.0));
        let operand = |(scale, zero_point): (f32, i32)| {
            Ok::<_, NumericsError>(AddOperand {
                zero_point,
                multiplier: QuantizedMultiplier::below_one(
                    "addition's input",
                    f64::from(scale) / twice_max,
                )?,
            })
        };
        Ok(Self {
            lhs: operand(lhs)?,
            rhs: operand(rhs)?,
            output_zero_point: output.1,
            output_multiplier: QuantizedMultiplier::below_one(
                "addition's output",
                twice_max / (f64::from(1u32 << ADD_LEFT_SHIFT) * f64::from(output.0)),
            )?,
            clamp,
        })
    }

    /// The sum of two elements.
    #[inline]
    #[must_use]
    pub fn apply(&self, lhs: i8, rhs: i8) -> i8 {
        let scale = |operand: &AddOperand, x: i8| {
            let x = i32::from(x).wrapping_sub(operand.zero_point);
            operand.multiplier.apply(x.wrapping_shl(ADD_LEFT_SHIFT))
        };
        let sum = scale(&self.lhs, lhs).wrapping_add(scale(&self.rhs, rhs));
        let output = self.output_multiplier.apply(sum);
        self.clamp
            .apply(output.wrapping_add(self.output_zero_point))
    }
}

/// The shape that both operands broadcast to, aligned at the last dimension.
///
/// # Errors
/// [`NumericsError::Shape`] when two extents differ and neither is 1.
pub fn broadcast_shape(lhs: &[usize], rhs: &[usize]) -> Result<Vec<usize>, NumericsError> {
    let rank = lhs.len().max(rhs.len());
    let extent = |shape: &[usize], i: usize| {
        let missing = rank - shape.len();
        if i < missing { 1 } else { shape[i - missing] }
    };
    (0..rank)
        .map(|i| match (extent(lhs, i), extent(rhs, i)) {
            (a, b) if a == b => Ok(a),
            (1, b) => Ok(b),
            (a, 1) => Ok(a),
            _ => Err(NumericsError::Shape("shapes do not broadcast")),
        })
        .collect()
}

/// Applies `f` to every pair of elements of two tensors that broadcast.
///
/// # Errors
/// [`NumericsError::Length`], [`NumericsError::Shape`].
pub fn broadcast_binary<T: Copy>(
    lhs_shape: &[usize],
    rhs_shape: &[usize],
    lhs: &[T],
    rhs: &[T],
    output: &mut [T],
    f: impl Fn(T, T) -> T,
) -> Result<(), NumericsError> {
    let shape = broadcast_shape(lhs_shape, rhs_shape)?;
    check_len("left operand", lhs.len(), product(lhs_shape)?)?;
    check_len("right operand", rhs.len(), product(rhs_shape)?)?;
    check_len("output", output.len(), product(&shape)?)?;
    if lhs_shape == rhs_shape {
        for ((out, &a), &b) in output.iter_mut().zip(lhs).zip(rhs) {
            *out = f(a, b);
        }
        return Ok(());
    }
    let lhs_strides = broadcast_strides(lhs_shape, &shape);
    let rhs_strides = broadcast_strides(rhs_shape, &shape);
    let mut index = vec![0usize; shape.len()];
    let (mut a, mut b) = (0, 0);
    for out in output {
        *out = f(lhs[a], rhs[b]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            a += lhs_strides[axis];
            b += rhs_strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            a -= lhs_strides[axis] * shape[axis];
            b -= rhs_strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    Ok(())
}

/// Row-major strides of `shape` as seen from `target`: 0 where the extent is broadcast.
fn broadcast_strides(shape: &[usize], target: &[usize]) -> Vec<usize> {
    let missing = target.len() - shape.len();
    let mut strides = vec![0; target.len()];
    let mut stride = 1;
    for (i, &extent) in shape.iter().enumerate().rev() {
        if extent != 1 {
            strides[missing + i] = stride;
        }
        stride *= extent;
    }
    strides
}

/// Int8 addition.
///
/// # Errors
/// As [`broadcast_binary`].
pub fn add_i8(
    p: &AddI8Params,
    lhs_shape: &[usize],
    rhs_shape: &[usize],
    lhs: &[i8],
    rhs: &[i8],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    broadcast_binary(lhs_shape, rhs_shape, lhs, rhs, output, |a, b| p.apply(a, b))
}

/// Float32 addition.
///
/// # Errors
/// As [`broadcast_binary`].
pub fn add_f32(
    clamp: ClampF32,
    lhs_shape: &[usize],
    rhs_shape: &[usize],
    lhs: &[f32],
    rhs: &[f32],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    broadcast_binary(lhs_shape, rhs_shape, lhs, rhs, output, |a, b| {
        clamp.apply(a + b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scales_add_exactly() {
        let p = AddI8Params::new((0.5, 3), (0.5, -2), (0.5, 1), Activation::None).unwrap();
        for a in i8::MIN..=i8::MAX {
            for b in [-128i8, -7, 0, 9, 127] {
                let exact = i32::from(a) - 3 + i32::from(b) + 2 + 1;
                assert_eq!(i32::from(p.apply(a, b)), exact.clamp(-128, 127));
            }
        }
    }

    #[test]
    fn unequal_scales_are_within_rounding_of_the_real_sum() {
        let p = AddI8Params::new((0.1, 3), (0.037, -20), (0.123, 5), Activation::Relu).unwrap();
        for a in i8::MIN..=i8::MAX {
            for b in i8::MIN..=i8::MAX {
                let real = f64::from(0.1f32) * f64::from(i32::from(a) - 3)
                    + f64::from(0.037f32) * f64::from(i32::from(b) + 20);
                let steps = real / f64::from(0.123f32) + 5.0;
                let got = f64::from(p.apply(a, b));
                assert!((got - steps.clamp(5.0, 127.0)).abs() < 0.501, "{a} {b}");
            }
        }
        assert!(AddI8Params::new((0.1, 0), (0.1, 0), (1e-8, 0), Activation::None).is_err());
    }

    #[test]
    fn broadcasting() {
        let lhs = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut out = [0.0; 6];
        let clamp = ClampF32::new(Activation::None);
        add_f32(clamp, &[1, 2, 3], &[3], &lhs, &[10.0, 20.0, 30.0], &mut out).unwrap();
        assert_eq!(out, [11.0, 22.0, 33.0, 14.0, 25.0, 36.0]);
        add_f32(
            clamp,
            &[2, 1],
            &[1, 3],
            &[1.0, 2.0],
            &[10.0, 20.0, 30.0],
            &mut out,
        )
        .unwrap();
        assert_eq!(out, [11.0, 21.0, 31.0, 12.0, 22.0, 32.0]);
        add_f32(clamp, &[], &[2, 3], &[1.0], &lhs, &mut out).unwrap();
        assert_eq!(out, [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert!(add_f32(clamp, &[2], &[3], &[1.0; 2], &[1.0; 3], &mut out).is_err());
    }
}
