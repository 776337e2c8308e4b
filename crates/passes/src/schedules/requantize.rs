//! Requantisation of int8 kernels: from an accumulator to the output byte, by the shortest sequence that is proven exact.
//!
//! The reference computes, for the accumulator `a` (bias included), the multiplier `m` in 2³⁰..2³¹ (or 0) and the shift `s`, with
//! `e = max(−s, 0)`: `h = ⌊(a·2^max(s,0)·m + 2³⁰) / 2³¹⌋`, then `h / 2^e` to nearest, ties away from zero, plus the zero point `z`, clamped.
//!
//! Ties away from zero are `⌊(h + 2^(e−1) − [h < 0]) / 2^e⌋`, and nested floors are one floor, so that the result is
//! `⌊(a·m + r − [a < 0]·2³¹) / 2^(31−s)⌋ + z` with `r = 2³⁰ + 2^(30+e)` for `e > 0`, and without the correction for negative values
//! and with `r = 2^(30−s)` for `e = 0`. (`h < 0` and `a < 0` differ only for `a = −1`, `m = 2³⁰`, where both give 0.)
//! For `h < 0` both with and without the correction the quotient is at most 0, so that a lower clamp at or above the zero point
//! hides the difference. Bias, rounding and zero point become one 64-bit constant a channel:
//! `c = bias·m + r + (z + 128)·2^(31−s)`, and the byte is `clamp((a·m + c) >> (31−s)) − 128`.
//!
//! This holds if `a` fits 32 bits (shifted left, too) and the sum 64 bits; both are proven for each channel from its weights. Where
//! a proof fails, the reference's own sequence is made.

use super::interval::Interval;
use interp::numerics::{ClampI8, QuantizedMultiplier};
use ir::{Builder, ValueId};
use pass::KernelBuilder;
use target::Target;

/// What is known of an output channel.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// Its multiplier.
    pub multiplier: QuantizedMultiplier,
    /// The accumulator that the kernel hands over, without the bias.
    pub accumulator: Interval,
    /// What the kernel has not added: the bias, with zero points folded in.
    pub bias: i64,
}

/// The sequence of an op; part of the kernel's identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// One 64-bit multiply-add, two shifts, clamp. The first shift, at most 32, is the same for all channels.
    Short {
        /// The first shift.
        first: u32,
        /// Whether negative accumulators need the correction.
        signed: bool,
    },
    /// The reference's sequence.
    Reference {
        /// Whether a channel shifts left.
        left: bool,
    },
}

/// How an op requantises, with the constants of its channels.
#[derive(Clone, PartialEq, Debug)]
pub struct Requantization {
    form: Form,
    /// Whether the clamp is the whole int8 range.
    full_range: bool,
    zero_point: i32,
    clamp: ClampI8,
    constants: Vec<i64>,
    biases: Vec<i32>,
    multipliers: Vec<i32>,
    shifts: Vec<i8>,
}

impl Requantization {
    /// Chooses the shortest form that is exact for all channels.
    pub fn new(channels: &[Channel], zero_point: i32, clamp: ClampI8) -> Requantization {
        Self::short(channels, zero_point, clamp)
            .unwrap_or_else(|| Self::reference(channels, zero_point, clamp))
    }

    /// The short form, if it is proven.
    fn short(channels: &[Channel], zero_point: i32, clamp: ClampI8) -> Option<Requantization> {
        let rounds_twice = |c: &Channel| exponent(c) > 31;
        let negative = clamp.min < zero_point;
        let signed = negative && channels.iter().any(rounds_twice);
        if signed && !channels.iter().all(rounds_twice) {
            return None;
        }
        let first = channels.iter().map(exponent).min().unwrap_or(32).min(32);
        let mut constants = Vec::with_capacity(channels.len());
        let mut shifts = Vec::with_capacity(channels.len());
        for c in channels {
            let m = i128::from(c.multiplier.multiplier);
            let e = exponent(c);
            let full = c.accumulator.plus(i128::from(c.bias));
            let left = 31u32.saturating_sub(e);
            if !full.times(1 << left).fits_i32() {
                return None;
            }
            let rounding = if e > 31 {
                (1i128 << 30) + (1i128 << (e - 1))
            } else {
                1i128 << (e - 1)
            };
            let offset = rounding + ((i128::from(zero_point) + 128) << e);
            let folded = if signed { 0 } else { i128::from(c.bias) * m };
            let constant = i64::try_from(offset + folded).ok()?;
            let mut sum = full.times(m).plus(offset);
            if signed {
                sum.min -= 1 << 31;
            }
            let quotient = Interval {
                min: sum.min >> first,
                max: sum.max >> first,
            };
            let shift = e - first;
            if !sum.fits_i64() || !quotient.fits_i32() || shift > 31 {
                return None;
            }
            // The product alone, before the constant is added.
            if !c.accumulator.times(m).fits_i64() {
                return None;
            }
            constants.push(constant);
            shifts.push(shift as i8);
        }
        Some(Requantization {
            form: Form::Short { first, signed },
            full_range: clamp == ClampI8::FULL,
            zero_point,
            clamp,
            constants,
            biases: if signed {
                channels
                    .iter()
                    .map(|c| i32::try_from(c.bias))
                    .collect::<Result<_, _>>()
                    .ok()?
            } else {
                Vec::new()
            },
            multipliers: channels.iter().map(|c| c.multiplier.multiplier).collect(),
            shifts,
        })
    }

    /// The reference's sequence, for any channels; the bias wraps as the accumulator does.
    pub fn reference(channels: &[Channel], zero_point: i32, clamp: ClampI8) -> Requantization {
        let biases: Vec<i32> = channels.iter().map(|c| c.bias as i32).collect();
        Requantization {
            form: Form::Reference {
                left: channels.iter().any(|c| c.multiplier.shift > 0),
            },
            full_range: clamp == ClampI8::FULL,
            zero_point,
            clamp,
            constants: Vec::new(),
            biases: if biases.iter().all(|&b| b == 0) {
                Vec::new()
            } else {
                biases
            },
            multipliers: channels.iter().map(|c| c.multiplier.multiplier).collect(),
            shifts: channels.iter().map(|c| c.multiplier.shift as i8).collect(),
        }
    }

    /// The form that was chosen.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Bytes of the tables.
    pub fn table_bytes(&self) -> u64 {
        let n = self.multipliers.len() as u64;
        let constants = 8 * self.constants.len() as u64;
        constants + 4 * self.biases.len() as u64 + 5 * n
    }

    /// Cycles of one output, without loading the channel's constants and storing the byte.
    pub fn cycles(&self, target: &Target) -> u64 {
        let c = &target.cost;
        let (alu, wide) = (u64::from(c.alu), u64::from(c.wide_mul));
        match self.form {
            Form::Short { first, signed } => {
                let shift = if first == 32 { 1 } else { 4 };
                let correction = if signed { 1 + 4 } else { 0 };
                wide + alu * (shift + correction + 4) + u64::from(c.wide_add) / 2
            }
            Form::Reference { left } => wide + u64::from(c.wide_add) + alu * (15 + u64::from(left)),
        }
    }

    /// Cycles of loading a channel's constants.
    pub fn channel_cycles(&self, target: &Target) -> u64 {
        let loads = match self.form {
            Form::Short { signed, .. } => 4 + u64::from(signed),
            Form::Reference { .. } => 3,
        };
        loads * u64::from(target.cost.load)
    }

    /// Bytes of code of one output.
    pub fn code_bytes(&self) -> u64 {
        match self.form {
            Form::Short { signed, .. } => 24 + if signed { 16 } else { 0 },
            Form::Reference { .. } => 56,
        }
    }

    /// Declares the tables and scalars as arguments of a kernel.
    pub fn declare(&self, k: &mut KernelBuilder<'_>) -> Requantizer {
        let n = self.multipliers.len() as i64;
        let constants = match self.form {
            Form::Short { .. } => Some(k.table_i64("constants", &[n], &self.constants)),
            Form::Reference { .. } => None,
        };
        let biases = if self.biases.is_empty() {
            None
        } else {
            Some(k.table_i32("biases", &[n], &self.biases))
        };
        let multipliers = k.table_i32("multipliers", &[n], &self.multipliers);
        let shifts = k.table_i8("shifts", &[n], &self.shifts);
        let short = matches!(self.form, Form::Short { .. });
        // The short form clamps the value plus 128.
        let offset = if short { 128 } else { 0 };
        let bounds = if self.full_range {
            None
        } else {
            Some((
                k.scalar_i32(i64::from(self.clamp.min) + offset),
                k.scalar_i32(i64::from(self.clamp.max) + offset),
            ))
        };
        Requantizer {
            form: self.form,
            constants,
            biases,
            multipliers,
            shifts,
            bounds,
            zero_point: if short {
                None
            } else {
                Some(k.scalar_i32(i64::from(self.zero_point)))
            },
        }
    }
}

/// The right shift of the product, `31 − s`; a channel with multiplier 0 may have any, 32 is the cheapest.
fn exponent(c: &Channel) -> u32 {
    if c.multiplier.multiplier == 0 {
        32
    } else {
        (31 - c.multiplier.shift) as u32
    }
}

/// A kernel's arguments for requantisation.
#[derive(Clone, Copy, Debug)]
pub struct Requantizer {
    form: Form,
    constants: Option<ValueId>,
    biases: Option<ValueId>,
    multipliers: ValueId,
    shifts: ValueId,
    bounds: Option<(ValueId, ValueId)>,
    zero_point: Option<ValueId>,
}

/// A channel's constants, loaded.
#[derive(Clone, Copy, Debug)]
pub struct ChannelConstants {
    constant: Option<ValueId>,
    bias: Option<ValueId>,
    multiplier: ValueId,
    shift: ValueId,
}

impl Requantizer {
    /// Loads the constants of a channel.
    pub fn channel(&self, b: &mut Builder<'_>, channel: ValueId) -> ChannelConstants {
        let constant = self.constants.map(|t| b.load(t, &[channel]));
        let bias = self.biases.map(|t| b.load(t, &[channel]));
        let (i32t, i64t) = (b.m.i32(), b.m.i64());
        let multiplier = b.load(self.multipliers, &[channel]);
        let multiplier = b.extsi(multiplier, i64t);
        let shift = b.load(self.shifts, &[channel]);
        let shift = b.extsi(shift, i32t);
        ChannelConstants {
            constant,
            bias,
            multiplier,
            shift,
        }
    }

    /// The output byte of an accumulator, both i32 and i8.
    pub fn output(&self, b: &mut Builder<'_>, c: &ChannelConstants, acc: ValueId) -> ValueId {
        match self.form {
            Form::Short { first, signed } => self.short(b, c, acc, first, signed),
            Form::Reference { left } => self.as_reference(b, c, acc, left),
        }
    }

    fn short(
        &self,
        b: &mut Builder<'_>,
        c: &ChannelConstants,
        acc: ValueId,
        first: u32,
        signed: bool,
    ) -> ValueId {
        let (i8t, i32t, i64t) = (b.m.i8(), b.m.i32(), b.m.i64());
        let constant = c
            .constant
            .expect("invariant: the short form has a table of constants");
        let acc = match c.bias {
            Some(bias) => b.addi_nsw(acc, bias),
            None => acc,
        };
        let wide = b.extsi(acc, i64t);
        let product = b.muli_nsw(wide, c.multiplier);
        let mut sum = b.addi_nsw(constant, product);
        if signed {
            // 2³¹ for negative values: the sign bit in its place.
            let one = b.const_i32(31);
            let sign = b.shrui(acc, one);
            let sign = b.cast("arith.extui", sign, i64t);
            let place = b.const_i64(31);
            let correction = b.shli(sign, place);
            sum = b.subi_nsw(sum, correction);
        }
        let first = b.const_i64(i64::from(first));
        let high = b.shrsi(sum, first);
        let high = b.trunci(high, i32t);
        let value = b.shrsi(high, c.shift);
        let (min, max) = match self.bounds {
            Some(bounds) => bounds,
            None => (b.const_i32(0), b.const_i32(255)),
        };
        let value = b.maxsi(value, min);
        let value = b.minsi(value, max);
        let offset = b.const_i32(128);
        let value = b.subi_nsw(value, offset);
        b.trunci(value, i8t)
    }

    fn as_reference(
        &self,
        b: &mut Builder<'_>,
        c: &ChannelConstants,
        acc: ValueId,
        left: bool,
    ) -> ValueId {
        let (i8t, i32t, i64t) = (b.m.i8(), b.m.i32(), b.m.i64());
        let zero = b.const_i32(0);
        let one = b.const_i32(1);
        let mut x = match c.bias {
            Some(bias) => b.addi(acc, bias),
            None => acc,
        };
        if left {
            let amount = b.maxsi(c.shift, zero);
            x = b.shli(x, amount);
        }
        let wide = b.extsi(x, i64t);
        let product = b.muli_nsw(wide, c.multiplier);
        let half = b.const_i64(1 << 30);
        let product = b.addi_nsw(product, half);
        let places = b.const_i64(31);
        let high = b.shrsi(product, places);
        let high = b.trunci(high, i32t);
        // Nearest, ties away from zero: the remainder against half of the divisor.
        let right = b.subi_nsw(zero, c.shift);
        let right = b.maxsi(right, zero);
        let divisor = b.shli(one, right);
        let mask = b.subi(divisor, one);
        let remainder = b.andi(high, mask);
        let half = b.shrsi(mask, one);
        let places = b.const_i32(31);
        let negative = b.shrui(high, places);
        let threshold = b.addi_nsw(half, negative);
        let quotient = b.shrsi(high, right);
        let up = b.cmpi("sgt", remainder, threshold);
        let up = b.cast("arith.extui", up, i32t);
        let value = b.addi(quotient, up);
        let zero_point = self
            .zero_point
            .expect("invariant: the reference form takes the zero point");
        let value = b.addi(value, zero_point);
        let (min, max) = match self.bounds {
            Some(bounds) => bounds,
            None => (b.const_i32(-128), b.const_i32(127)),
        };
        let value = b.maxsi(value, min);
        let value = b.minsi(value, max);
        b.trunci(value, i8t)
    }
}
