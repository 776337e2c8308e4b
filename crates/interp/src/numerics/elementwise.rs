//! MUL, SUB, MAXIMUM, MINIMUM with broadcasting.

use super::activation::{Activation, ClampF32, ClampI8};
use super::add::{ADD_LEFT_SHIFT, AddI8Params, AddOperand, broadcast_binary};
use super::error::{NumericsError, check_scale};
use super::fixed_point::QuantizedMultiplier;

/// Resolved parameters of an int8 product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MulI8Params {
    /// Zero point of the left operand.
    pub lhs_zero_point: i32,
    /// Zero point of the right operand.
    pub rhs_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// The product of the operands' scales over the output's.
    pub multiplier: QuantizedMultiplier,
    /// Bounds of the result.
    pub clamp: ClampI8,
}

impl MulI8Params {
    /// Derives the parameters from `(scale, zero point)` pairs (`CalculateOpDataMul`).
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::Multiplier`], [`NumericsError::ActivationRange`].
    pub fn new(
        lhs: (f32, i32),
        rhs: (f32, i32),
        output: (f32, i32),
        activation: Activation,
    ) -> Result<Self, NumericsError> {
        check_scale("left operand", lhs.0)?;
        check_scale("right operand", rhs.0)?;
        let clamp = ClampI8::new(activation, output.0, output.1)?;
        let real = f64::from(lhs.0) * f64::from(rhs.0) / f64::from(output.0);
        Ok(Self {
            lhs_zero_point: lhs.1,
            rhs_zero_point: rhs.1,
            output_zero_point: output.1,
            multiplier: QuantizedMultiplier::from_real("product", real)?,
            clamp,
        })
    }

    /// The product of two elements.
    #[inline]
    #[must_use]
    pub fn apply(&self, lhs: i8, rhs: i8) -> i8 {
        let x = i32::from(lhs).wrapping_sub(self.lhs_zero_point);
        let y = i32::from(rhs).wrapping_sub(self.rhs_zero_point);
        let product = self.multiplier.apply(x.wrapping_mul(y));
        self.clamp
            .apply(product.wrapping_add(self.output_zero_point))
    }
}

/// The difference of two int8 elements, with the parameters of an addition.
#[inline]
#[must_use]
pub fn difference_i8(p: &AddI8Params, lhs: i8, rhs: i8) -> i8 {
    let scale = |operand: &AddOperand, x: i8| {
        let x = i32::from(x).wrapping_sub(operand.zero_point);
        operand.multiplier.apply(x.wrapping_shl(ADD_LEFT_SHIFT))
    };
    let difference = scale(&p.lhs, lhs).wrapping_sub(scale(&p.rhs, rhs));
    let output = p.output_multiplier.apply(difference);
    p.clamp.apply(output.wrapping_add(p.output_zero_point))
}

/// Shapes and elements of two operands.
pub struct Operands<'a, T> {
    /// Shape of the left one.
    pub lhs_shape: &'a [usize],
    /// Shape of the right one.
    pub rhs_shape: &'a [usize],
    /// Elements of the left one.
    pub lhs: &'a [T],
    /// Elements of the right one.
    pub rhs: &'a [T],
}

impl<T: Copy> Operands<'_, T> {
    /// Applies `f` to every pair.
    ///
    /// # Errors
    /// As [`broadcast_binary`].
    pub fn each(&self, output: &mut [T], f: impl Fn(T, T) -> T) -> Result<(), NumericsError> {
        let Self {
            lhs_shape,
            rhs_shape,
            lhs,
            rhs,
        } = *self;
        broadcast_binary(lhs_shape, rhs_shape, lhs, rhs, output, f)
    }
}

/// `x − y`, clamped.
///
/// # Errors
/// As [`broadcast_binary`].
pub fn sub_f32(
    clamp: ClampF32,
    of: &Operands<'_, f32>,
    output: &mut [f32],
) -> Result<(), NumericsError> {
    of.each(output, |x, y| clamp.apply(x - y))
}

/// `x · y`, clamped.
///
/// # Errors
/// As [`broadcast_binary`].
pub fn mul_f32(
    clamp: ClampF32,
    of: &Operands<'_, f32>,
    output: &mut [f32],
) -> Result<(), NumericsError> {
    of.each(output, |x, y| clamp.apply(x * y))
}

/// `x > y ? x : y`, or `x < y ? x : y`.
///
/// # Errors
/// As [`broadcast_binary`].
pub fn extremum<T: Copy + PartialOrd>(
    largest: bool,
    of: &Operands<'_, T>,
    output: &mut [T],
) -> Result<(), NumericsError> {
    of.each(output, |x, y| {
        let left = if largest { x > y } else { x < y };
        if left { x } else { y }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_differences_round_once_in_fixed_point() {
        let p = MulI8Params::new((0.5, 1), (0.25, -1), (0.25, 2), Activation::None).unwrap();
        // 0.5 · 3 times 0.25 · 4, in steps of 0.25, from 2 on.
        assert_eq!(p.apply(4, 3), 2 + 6);
        assert_eq!(p.apply(-128, 127), -128);
        let p = AddI8Params::new((0.5, 1), (0.25, -1), (0.25, 2), Activation::None).unwrap();
        assert_eq!(difference_i8(&p, 4, 3), 2 + 6 - 4);
    }

    #[test]
    fn the_larger_and_the_smaller_broadcast() {
        let of = Operands {
            lhs_shape: &[2, 2],
            rhs_shape: &[1],
            lhs: &[-3i8, 5, 7, 9],
            rhs: &[6],
        };
        let mut out = [0; 4];
        extremum(true, &of, &mut out).unwrap();
        assert_eq!(out, [6, 6, 7, 9]);
        extremum(false, &of, &mut out).unwrap();
        assert_eq!(out, [-3, 5, 6, 6]);
    }
}
