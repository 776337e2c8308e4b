//! Elementary functions of our own, so that float results are equal on every target.
//!
//! Only IEEE-754 binary32 additions, subtractions and multiplications (each rounded to nearest even,
//! none contracted into a fused multiply-add), conversions between `i32` and `f32`, and bit operations,
//! in the order given; subnormal numbers must not be flushed. The emitted C performs the same sequence.

/// ln 2, its upper 16 significant bits: `k · LN2_HI` is exact for `|k| ≤ 255`.
const LN2_HI: u32 = 0x3f31_7200;
/// ln 2 − `LN2_HI`, rounded.
const LN2_LO: u32 = 0x35bf_be8e;
/// log₂ e, rounded.
const LOG2_E: u32 = 0x3fb8_aa3b;
/// Above the largest argument whose exponential is finite: 88.72283935546875.
const OVERFLOW: u32 = 0x42b1_7218;
/// Below the smallest argument whose exponential rounds to a positive number: −103.97208404541015625.
const UNDERFLOW: u32 = 0xc2cf_f1b5;
/// Minimax coefficients of `(e^r − 1 − r) / r²` for `|r| ≤ ln 2 / 2`, highest degree first.
const EXP_POLYNOMIAL: [u32; 5] = [
    0x3ab5_11e7,
    0x3c09_1d10,
    0x3d2a_ac79,
    0x3e2a_aa49,
    0x3eff_fffe,
];

/// e^x in single precision, within one ULP; the same bits on every target.
///
/// 1. NaN gives the quiet NaN `0x7fc00000`; `x > 88.722839` gives +∞; `x < −103.97208` gives +0.
/// 2. `t = x · log₂e`; `k` is `t + ½` (`t − ½` when `t < 0`) truncated to an integer.
/// 3. `r = (x − k·LN2_HI) − k·LN2_LO`.
/// 4. `p = (((c₄·r + c₃)·r + c₂)·r + c₁)·r + c₀`, then `y = (p·(r·r) + r) + 1`.
/// 5. `y · 2^(k >> 1) · 2^(k − (k >> 1))`, left to right, both powers made from their bits.
#[must_use]
pub fn expf(x: f32) -> f32 {
    if x.is_nan() {
        return f32::from_bits(0x7fc0_0000);
    }
    if x > f32::from_bits(OVERFLOW) {
        return f32::INFINITY;
    }
    if x < f32::from_bits(UNDERFLOW) {
        return 0.0;
    }
    let t = x * f32::from_bits(LOG2_E);
    let t = if t < 0.0 { t - 0.5 } else { t + 0.5 };
    let k = t as i32;
    let k_float = k as f32;
    let r = x - k_float * f32::from_bits(LN2_HI);
    let r = r - k_float * f32::from_bits(LN2_LO);
    let mut p = f32::from_bits(EXP_POLYNOMIAL[0]);
    for c in &EXP_POLYNOMIAL[1..] {
        p = p * r + f32::from_bits(*c);
    }
    let y = p * (r * r) + r;
    let y = y + 1.0;
    let half = k >> 1;
    let low = f32::from_bits(((half + 127) << 23) as u32);
    let high = f32::from_bits(((k - half + 127) << 23) as u32);
    y * low * high
}

/// From this magnitude on, the hyperbolic tangent is computed from an exponential: 0.625.
const TANH_SERIES: u32 = 0x3f20_0000;
/// Minimax coefficients of `(tanh x / x − 1) / x²` in powers of x², below that, highest degree first.
const TANH_POLYNOMIAL: [u32; 5] = [
    0xbbbb_5614,
    0x3ca9_2b6e,
    0xbd5c_2225,
    0x3e08_83b4,
    0xbeaa_aa9a,
];

/// The constants of [`tanhf`]: the magnitude where its two forms meet, and the polynomial's coefficients, highest degree first.
#[must_use]
pub fn tanhf_constants() -> (f32, [f32; 5]) {
    (
        f32::from_bits(TANH_SERIES),
        TANH_POLYNOMIAL.map(f32::from_bits),
    )
}

/// tanh x in single precision, within three ULP; the same bits on every target. Of −0 it is +0.
///
/// 1. `a` is −x if `x < 0`, else x.
/// 2. `t = expf(−2·a)`, `y = (1 − t) / (1 + t)`.
/// 3. `z = a·a`, `p = (((c₄·z + c₃)·z + c₂)·z + c₁)·z + c₀`, `s = (p·z)·a + a`.
/// 4. `s` if `a` is below 0.625, else `y`; negated if `x < 0`.
#[must_use]
pub fn tanhf(x: f32) -> f32 {
    let (series_below, polynomial) = tanhf_constants();
    let negative = x < 0.0;
    let a = if negative { -x } else { x };
    let t = expf(-2.0 * a);
    let y = (1.0 - t) / (1.0 + t);
    let z = a * a;
    let mut p = polynomial[0];
    for c in &polynomial[1..] {
        p = p * z + c;
    }
    let s = p * z * a + a;
    let y = if a < series_below { s } else { y };
    if negative { -y } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance to the real value in units of the result's last place.
    fn error_in_ulps(x: f32) -> f64 {
        let real = f64::from(x).exp();
        let got = expf(x);
        let exponent = real.log2().floor().clamp(-126.0, 127.0);
        let ulp = (exponent - 23.0).exp2();
        (f64::from(got) - real).abs() / ulp
    }

    #[test]
    fn within_one_ulp() {
        let mut worst = (0.0f64, 0.0f32);
        let mut check = |x: f32| {
            let error = error_in_ulps(x);
            if error > worst.0 {
                worst = (error, x);
            }
        };
        // Every 997th float of the range where the result is finite and not zero, both signs.
        for bits in (0..=0x42b1_7217u32).step_by(997) {
            check(f32::from_bits(bits));
        }
        for bits in (0x8000_0000..=UNDERFLOW).step_by(997) {
            check(f32::from_bits(bits));
        }
        assert!(worst.0 <= 1.0, "{} ULP at {}", worst.0, worst.1);
    }

    #[test]
    fn tanh_is_within_three_ulp() {
        let mut worst = (0.0f64, 0.0f32);
        for bits in (0x2000_0000..=0x4120_0000u32).step_by(997) {
            let x = f32::from_bits(bits);
            let real = f64::from(x).tanh();
            let ulp = (real.log2().floor() - 23.0).exp2();
            let error = (f64::from(tanhf(x)) - real).abs() / ulp;
            if error > worst.0 {
                worst = (error, x);
            }
            assert_eq!(tanhf(-x).to_bits(), (-tanhf(x)).to_bits());
        }
        assert!(worst.0 <= 3.0, "{} ULP at {}", worst.0, worst.1);
        assert_eq!(tanhf(-0.0).to_bits(), 0);
        assert_eq!(tanhf(f32::INFINITY), 1.0);
        assert_eq!(tanhf(f32::NEG_INFINITY), -1.0);
        assert!(tanhf(f32::NAN).is_nan());
        assert_eq!(tanhf(f32::from_bits(1)), f32::from_bits(1));
        assert_eq!(tanhf(50.0), 1.0);
    }

    #[test]
    fn edges() {
        assert_eq!(expf(0.0), 1.0);
        assert_eq!(expf(-0.0), 1.0);
        assert_eq!(expf(f32::from_bits(1)), 1.0);
        assert_eq!(expf(f32::INFINITY), f32::INFINITY);
        assert_eq!(expf(f32::NEG_INFINITY), 0.0);
        assert_eq!(expf(-f32::NAN).to_bits(), 0x7fc0_0000);
        assert_eq!(expf(88.722_84), f32::INFINITY);
        assert!(expf(88.722_83).is_finite());
        assert_eq!(expf(f32::MAX), f32::INFINITY);
        assert_eq!(expf(f32::MIN), 0.0);
        assert_eq!(expf(f32::from_bits(0xc2cf_f1b4)), f32::from_bits(1));
        assert_eq!(expf(f32::from_bits(0xc2cf_f1b5)), 0.0);
        assert_eq!(expf(f32::from_bits(0xc2cf_f1b6)), 0.0);
    }
}
