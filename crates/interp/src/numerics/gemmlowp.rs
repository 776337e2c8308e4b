//! gemmlowp's fixed-point functions on `Q(integer bits).(31 − integer bits)` numbers in an `i32`.
//!
//! The constants are the ones that gemmlowp rounds from the real numbers named beside them.

use super::fixed_point::{
    rounding_divide_by_pot, saturating_rounding_doubling_high_mul as multiply,
};

/// `x · 2^exponent`: saturating to the left, rounding (ties away from zero) to the right.
///
/// `exponent` must be in −31..=30.
#[must_use]
pub fn saturating_rounding_multiply_by_pot(x: i32, exponent: i32) -> i32 {
    if exponent <= 0 {
        return rounding_divide_by_pot(x, exponent.unsigned_abs());
    }
    let threshold = (1i32 << (31 - exponent)) - 1;
    if x > threshold {
        i32::MAX
    } else if x < -threshold {
        i32::MIN
    } else {
        x << exponent
    }
}

/// `(a + b) / 2`, rounded half away from zero.
#[must_use]
pub fn rounding_half_sum(a: i32, b: i32) -> i32 {
    let sum = i64::from(a) + i64::from(b);
    let sign = if sum >= 0 { 1 } else { -1 };
    ((sum + sign) / 2) as i32
}

/// 1 in Q2.29.
const ONE_Q2: i32 = 1 << 29;

/// e^x for x in [−¼, 0), Q0.31 to Q0.31: the Taylor polynomial of degree 4 about −⅛.
fn exp_on_minus_quarter_to_0(a: i32) -> i32 {
    const EXP_MINUS_EIGHTH: i32 = 1_895_147_668;
    const ONE_THIRD: i32 = 715_827_883;
    let x = a.wrapping_add(1 << 28);
    let x2 = multiply(x, x);
    let x3 = multiply(x2, x);
    let x4 = multiply(x2, x2);
    let x4_over_4 = rounding_divide_by_pot(x4, 2);
    let higher = rounding_divide_by_pot(
        multiply(x4_over_4.wrapping_add(x3), ONE_THIRD).wrapping_add(x2),
        1,
    );
    EXP_MINUS_EIGHTH.wrapping_add(multiply(EXP_MINUS_EIGHTH, x.wrapping_add(higher)))
}

/// e^x for x ≤ 0 in Q`integer_bits`, as Q0.31.
///
/// `integer_bits` must be in 0..=29.
#[must_use]
pub fn exp_on_negative_values(a: i32, integer_bits: u32) -> i32 {
    /// e^(−2^k) in Q0.31, for k = −2..=4.
    const FACTORS: [i32; 7] = [
        1_672_461_947,
        1_302_514_674,
        790_015_084,
        290_630_308,
        39_332_535,
        720_401,
        242,
    ];
    if a == 0 {
        return i32::MAX;
    }
    let fractional_bits = 31 - integer_bits;
    if integer_bits > 5 && a < -(1 << (36 - integer_bits)) {
        return 0;
    }
    let quarter = 1i32 << (fractional_bits - 2);
    let reduced = (a & (quarter - 1)) - quarter;
    let mut result = exp_on_minus_quarter_to_0(saturating_rounding_multiply_by_pot(
        reduced,
        integer_bits as i32,
    ));
    let remainder = reduced.wrapping_sub(a);
    for (k, factor) in (-2i32..).zip(FACTORS) {
        if integer_bits as i32 > k && remainder & (1 << (fractional_bits as i32 + k)) != 0 {
            result = multiply(result, factor);
        }
    }
    result
}

/// 2 / (1 + x) for x in [0, 1), Q0.31 to Q2.29: three Newton-Raphson steps.
fn two_over_one_plus_x(a: i32) -> i32 {
    const FORTY_EIGHT_OVER_17: i32 = 1_515_870_810;
    const MINUS_32_OVER_17: i32 = -1_010_580_540;
    let half_denominator = rounding_half_sum(a, i32::MAX);
    let mut x = FORTY_EIGHT_OVER_17.wrapping_add(multiply(half_denominator, MINUS_32_OVER_17));
    for _ in 0..3 {
        let product = multiply(half_denominator, x);
        let error = ONE_Q2.wrapping_sub(product);
        // Q2 times Q2 is Q4; back to Q2.
        x = x.wrapping_add(saturating_rounding_multiply_by_pot(multiply(x, error), 2));
    }
    x
}

/// 1 / (1 + x) for x in [0, 1), Q0.31 to Q0.31.
#[must_use]
pub fn one_over_one_plus_x_for_x_in_0_1(a: i32) -> i32 {
    // Half of it as Q1, then Q1 to Q0.
    saturating_rounding_multiply_by_pot(two_over_one_plus_x(a), 1)
}

/// (1 − x) / (1 + x) for x in [0, 1), Q0.31 to Q0.31.
#[must_use]
pub fn one_minus_x_over_one_plus_x_for_x_in_0_1(a: i32) -> i32 {
    saturating_rounding_multiply_by_pot(two_over_one_plus_x(a).wrapping_sub(ONE_Q2), 2)
}

/// 1 / (1 + e^−x) for x in Q`integer_bits`, as Q0.31.
///
/// `integer_bits` must be in 0..=29, `a` above the smallest number.
#[must_use]
pub fn logistic(a: i32, integer_bits: u32) -> i32 {
    let of_magnitude = || {
        let exp = exp_on_negative_values(-a.saturating_abs(), integer_bits);
        one_over_one_plus_x_for_x_in_0_1(exp)
    };
    match a {
        0 => 1 << 30,
        1.. => of_magnitude(),
        _ => i32::MAX.wrapping_sub(of_magnitude()),
    }
}

/// tanh x for x in Q`integer_bits`, as Q0.31.
///
/// `integer_bits` must be in 0..=28, `a` above the smallest number.
#[must_use]
pub fn tanh(a: i32, integer_bits: u32) -> i32 {
    // With an integer bit more the same bits are twice the number.
    let exp = || exp_on_negative_values(-a.saturating_abs(), integer_bits + 1);
    match a {
        0 => 0,
        1.. => one_minus_x_over_one_plus_x_for_x_in_0_1(exp()),
        _ => one_minus_x_over_one_plus_x_for_x_in_0_1(exp()).wrapping_neg(),
    }
}

/// The reciprocal of `x` in Q`integer_bits`: a Q0.31 significand, and how many bits `x` exceeds 1 by.
///
/// `x` must be positive.
#[must_use]
pub fn reciprocal(x: i32, integer_bits: u32) -> (i32, i32) {
    let headroom_plus_one = x.leading_zeros();
    let bits_over_unit = integer_bits as i32 - headroom_plus_one as i32;
    let shifted_minus_one = (x as u32)
        .wrapping_shl(headroom_plus_one)
        .wrapping_sub(1 << 31) as i32;
    (
        one_over_one_plus_x_for_x_in_0_1(shifted_minus_one),
        bits_over_unit,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_near_the_real_function() {
        for integer_bits in [0u32, 3, 5, 6, 12] {
            let one = f64::from(31 - integer_bits).exp2();
            let mut x = i32::MIN;
            loop {
                let got = f64::from(exp_on_negative_values(x, integer_bits)) / 2f64.powi(31);
                let real = (f64::from(x) / one).exp();
                // gemmlowp's own tests allow a few units of the 2^-26 scale in this format.
                assert!(
                    (got - real).abs() < 1e-6,
                    "Q{integer_bits} {x}: {got} {real}"
                );
                match x.checked_add(7_654_321) {
                    Some(next) if next <= 0 => x = next,
                    _ => break,
                }
            }
        }
        assert_eq!(exp_on_negative_values(0, 5), i32::MAX);
    }

    #[test]
    fn reciprocals_are_near_the_real_function() {
        for a in (0..i32::MAX).step_by(10_007_919) {
            let got = f64::from(one_over_one_plus_x_for_x_in_0_1(a)) / 2f64.powi(31);
            let real = 1.0 / (1.0 + f64::from(a) / 2f64.powi(31));
            assert!((got - real).abs() < 1e-8, "{a}: {got} {real}");
        }
        for x in [1i32, 2, 3, 1 << 19, (1 << 19) + 12_345, i32::MAX] {
            let (significand, over) = reciprocal(x, 12);
            let got = f64::from(significand) / 2f64.powi(31 + over);
            let real = f64::from(1 << 19) / f64::from(x);
            assert!((got / real - 1.0).abs() < 1e-8, "{x}");
        }
    }

    #[test]
    fn sigmoids_are_near_the_real_functions() {
        let one = f64::from(1 << 27);
        for a in (-i32::MAX..=i32::MAX).step_by(10_007_919).chain([-1, 0, 1]) {
            let (x, unit) = (f64::from(a) / one, 2f64.powi(31));
            let (l, t) = (
                f64::from(logistic(a, 4)) / unit,
                f64::from(tanh(a, 4)) / unit,
            );
            assert!((l - 1.0 / (1.0 + (-x).exp())).abs() < 1e-6, "{x} {l}");
            assert!((t - x.tanh()).abs() < 1e-6, "{x} {t}");
        }
    }

    #[test]
    fn half_sum_and_shifts() {
        assert_eq!(rounding_half_sum(1, 2), 2);
        assert_eq!(rounding_half_sum(-1, -2), -2);
        assert_eq!(rounding_half_sum(i32::MAX, i32::MAX), i32::MAX);
        assert_eq!(saturating_rounding_multiply_by_pot(1 << 30, 2), i32::MAX);
        assert_eq!(saturating_rounding_multiply_by_pot(-(1 << 30), 2), i32::MIN);
        assert_eq!(saturating_rounding_multiply_by_pot(-5, 2), -20);
        assert_eq!(saturating_rounding_multiply_by_pot(-5, -1), -3);
    }
}
