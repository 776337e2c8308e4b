//! Requantisation by Helium: four accumulators of neighbouring channels at once.
//!
//! `VQRDMULH` is the reference's doubling high multiplication, and `VRSHL` its rounding shift but for ties of negative values, which the
//! reference rounds away from zero and the instruction up: one is added to what is negative before (−1, saturating) where it shifts at
//! all. Where the clamp hides negative values, both agree (see [`super::requantize`]). Sums wrap, as the reference's do.

use super::clamp::BoundsI8;
use super::requantize::Channel;
use super::subscript::sum_of;
use interp::numerics::ClampI8;
use ir::dialects::arm_mve::vector_type;
use ir::{Builder, ValueId};
use pass::KernelBuilder;
use target::Target;

/// Cycles of a load, a store and an operation of vectors on a target with Helium.
pub fn vector_cycles(target: &Target) -> (u64, u64, u64) {
    let c = (target.cost.vector).expect("invariant: a target with Helium says what it costs");
    (u64::from(c.load), u64::from(c.store), u64::from(c.op))
}

/// Which negative values are corrected before they are shifted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Correction {
    /// None: the clamp hides them.
    Hidden,
    /// Those of every channel.
    All,
    /// Those of channels that shift.
    Shifted,
}

/// How an op requantises four channels at a time.
#[derive(Clone, PartialEq, Debug)]
pub struct VectorRequantization {
    correction: Correction,
    zero_point: i32,
    clamp: ClampI8,
    biases: Vec<i32>,
    multipliers: Vec<i32>,
    /// 0 or negative, for shifts to the right.
    shifts: Vec<i32>,
}

impl VectorRequantization {
    /// Of an op's channels.
    ///
    /// # Errors
    /// If a channel shifts to the left, or so far to the right that nothing is left.
    pub fn new(
        channels: &[Channel],
        zero_point: i32,
        clamp: ClampI8,
    ) -> Result<VectorRequantization, String> {
        let shift = |c: &Channel| match c.multiplier.multiplier {
            0 => 0,
            _ => c.multiplier.shift,
        };
        if !channels.iter().all(|c| (-31..=0).contains(&shift(c))) {
            return Err("an output channel is scaled up".to_owned());
        }
        let correction = if clamp.min >= zero_point {
            Correction::Hidden
        } else if channels.iter().all(|c| shift(c) < 0) {
            Correction::All
        } else {
            Correction::Shifted
        };
        Ok(VectorRequantization {
            correction,
            zero_point,
            clamp,
            biases: channels.iter().map(|c| c.bias as i32).collect(),
            multipliers: channels.iter().map(|c| c.multiplier.multiplier).collect(),
            shifts: channels.iter().map(shift).collect(),
        })
    }

    /// Bytes of the tables for so many lanes.
    pub fn table_bytes(lanes: i64) -> u64 {
        12 * lanes as u64
    }

    /// Instructions on vectors that scale four accumulators.
    pub fn operations(&self) -> u64 {
        match self.correction {
            Correction::Hidden => 2,
            Correction::All => 4,
            Correction::Shifted => 5,
        }
    }

    /// Declares the tables, with the channels in the order in which the kernel's lanes have them, and the scalars.
    pub fn declare(&self, k: &mut KernelBuilder<'_>, lanes: &[usize]) -> VectorRequantizer {
        let of = |table: &[i32]| -> Vec<i32> { lanes.iter().map(|&c| table[c]).collect() };
        let shape = [lanes.len() as i64];
        VectorRequantizer {
            correction: self.correction,
            biases: k.table_i32("biases", &shape, &of(&self.biases)),
            multipliers: k.table_i32("multipliers", &shape, &of(&self.multipliers)),
            shifts: k.table_i32("shifts", &shape, &of(&self.shifts)),
            zero_point: k.scalar_i32(i64::from(self.zero_point)),
            bounds: BoundsI8::declare(self.clamp, k),
        }
    }
}

/// A kernel's arguments for requantisation.
#[derive(Clone, Copy, Debug)]
pub struct VectorRequantizer {
    correction: Correction,
    biases: ValueId,
    multipliers: ValueId,
    shifts: ValueId,
    zero_point: ValueId,
    bounds: BoundsI8,
}

impl VectorRequantizer {
    /// The clamp's bounds in every lane of `width` bits, for the start of a kernel.
    pub fn bounds(&self, b: &mut Builder<'_>, width: u32) -> (ValueId, ValueId) {
        let (min, max) = self.bounds.values(b);
        (b.vdup(min, width), b.vdup(max, width))
    }

    /// A channel's bias as a word, for an accumulator to begin with.
    pub fn bias(&self, b: &mut Builder<'_>, lane: ValueId) -> ValueId {
        b.load(self.biases, &[lane])
    }

    /// Four accumulators (`vector<4xi32>`) of the lanes from `lane` on, with their biases.
    pub fn biased(&self, b: &mut Builder<'_>, lane: ValueId, sums: ValueId) -> ValueId {
        let bias = b.vldr(self.biases, &[lane], 32);
        b.mve("vadd", &[sums, bias])
    }

    /// Four accumulators (`vector<4xi32>`) of the lanes from `lane` on, biases included, scaled; zero point and clamp are left out.
    pub fn scaled(&self, b: &mut Builder<'_>, lane: ValueId, sums: ValueId) -> ValueId {
        let multiplier = b.vldr(self.multipliers, &[lane], 32);
        let mut v = b.mve("vqrdmulh", &[sums, multiplier]);
        let shift = b.vldr(self.shifts, &[lane], 32);
        let negative = match self.correction {
            Correction::Hidden => None,
            Correction::All => Some(v),
            // A shift is negative or 0.
            Correction::Shifted => Some(b.mve("vand", &[v, shift])),
        };
        if let Some(negative) = negative {
            let one = b.mve_by("vshr_n", &[negative], 31);
            v = b.mve("vqadd", &[v, one]);
        }
        b.mve("vrshl", &[v, shift])
    }

    /// Four outputs within int32 of accumulators with their biases; `bounds` are [`bounds`](Self::bounds) of 32 bits.
    pub fn output(
        &self,
        b: &mut Builder<'_>,
        lane: ValueId,
        sums: ValueId,
        (min, max): (ValueId, ValueId),
    ) -> ValueId {
        let v = self.scaled(b, lane, sums);
        let v = b.mve("vadd", &[v, self.zero_point]);
        let v = b.mve("vmax", &[v, min]);
        b.mve("vmin", &[v, max])
    }

    /// Eight outputs before the clamp, saturated to 16 bits: accumulators with their biases that are the even and the odd lanes; the first
    /// of their lanes in the tables is `lane`.
    pub fn halves(&self, b: &mut Builder<'_>, lane: ValueId, [even, odd]: [ValueId; 2]) -> ValueId {
        let even = self.scaled(b, lane, even);
        let lane = sum_of(b, &[(lane, 1)], 4);
        let odd = self.scaled(b, lane, odd);
        let v = narrowed(b, [even, odd], 16);
        b.mve("vqadd", &[v, self.zero_point])
    }

    /// Sixteen outputs of which [`halves`](Self::halves) are the even and the odd bytes.
    pub fn bytes(&self, b: &mut Builder<'_>, halves: [ValueId; 2]) -> ValueId {
        let v = narrowed(b, halves, 8);
        let Some((min, max)) = self.bounds.narrower() else {
            return v;
        };
        let (min, max) = (b.vdup(min, 8), b.vdup(max, 8));
        let v = b.mve("vmax", &[v, min]);
        b.mve("vmin", &[v, max])
    }
}

/// The lanes of two vectors, saturated to `width` bits, as the even and the odd lanes of one.
fn narrowed(b: &mut Builder<'_>, [even, odd]: [ValueId; 2], width: u32) -> ValueId {
    let narrow = vector_type(b.m, width);
    // What the odd lanes are first does not matter.
    let v = b.cast("vector.bitcast", even, narrow);
    let v = b.mve("vqmovnb", &[v, even]);
    b.mve("vqmovnt", &[v, odd])
}
