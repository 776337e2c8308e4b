//! Random elements of tensors: weights, biases and inputs.

use crate::choices::{Choices, Random};

/// How random elements are spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spread {
    /// Within a few steps of the zero point; small whole floats.
    Near,
    /// The whole range; floats of about ±4.
    Uniform,
    /// The range's ends, the zero point and its neighbours; floats from denormal to a thousand, both zeros.
    Extremes,
}

impl Spread {
    /// Mostly uniform.
    pub fn draw(c: &mut Choices) -> Spread {
        c.of(&[
            Spread::Near,
            Spread::Uniform,
            Spread::Uniform,
            Spread::Uniform,
            Spread::Extremes,
        ])
    }
}

/// An endless row of elements that follows from a seed.
#[derive(Clone, Debug)]
pub struct Values {
    random: Random,
    spread: Spread,
}

impl Values {
    /// The elements of a seed.
    pub fn new(seed: u64, spread: Spread) -> Values {
        let random = Random::new(seed);
        Values { random, spread }
    }

    /// `n` bytes of int8 around a zero point.
    pub fn i8s(&mut self, n: usize, zero_point: i64) -> Vec<u8> {
        (0..n).map(|_| self.i8(zero_point) as u8).collect()
    }

    fn i8(&mut self, zero_point: i64) -> i8 {
        let r = &mut self.random;
        let x = match self.spread {
            Spread::Near => zero_point + i64::from(r.below(7)) - 3,
            Spread::Uniform => i64::from(r.below(256)) - 128,
            Spread::Extremes => {
                let list = [-128, 127, -127, zero_point, zero_point - 1, zero_point + 1];
                list[r.below(6) as usize]
            }
        };
        x.clamp(-128, 127) as i8
    }

    /// `n` float32s, little endian, finite. At [`Spread::Extremes`] the largest is 1000, so that products of a few stay finite.
    pub fn f32s(&mut self, n: usize) -> Vec<u8> {
        (0..n).flat_map(|_| self.f32().to_le_bytes()).collect()
    }

    fn f32(&mut self) -> f32 {
        let r = &mut self.random;
        match self.spread {
            Spread::Near => r.below(7) as f32 - 3.0,
            // Twenty bits of fraction, so that sums round.
            Spread::Uniform => (r.below(1 << 23) as f32 - 4_194_304.0) / 1_048_576.0,
            Spread::Extremes => {
                let list = [
                    0.0,
                    -0.0,
                    1e-40,
                    -1e-40,
                    1e-30,
                    0.5,
                    -0.5,
                    6.0,
                    1000.0,
                    -1000.0,
                    1.0 / 3.0,
                ];
                list[r.below(11) as usize]
            }
        }
    }

    /// `n` float32s for a quantisation of some scale, little endian: multiples of half a step, and far beyond the range of int8.
    pub fn f32s_to_quantize(&mut self, n: usize, scale: f32) -> Vec<u8> {
        let one = |v: &mut Values| match v.spread {
            Spread::Near => v.random.below(41) as f32 * 0.5 * scale - 10.0 * scale,
            Spread::Uniform => (v.random.below(1 << 20) as f32 / 2048.0 - 256.0) * scale,
            Spread::Extremes => {
                let list = [
                    0.5, -0.5, -0.0, 127.5, -128.5, 1e4, -1e4, 1e12, -1e12, 1e-30,
                ];
                list[v.random.below(10) as usize] * scale
            }
        };
        (0..n).flat_map(|_| one(self).to_le_bytes()).collect()
    }

    /// `n` int32s of at most `limit` in magnitude, little endian; at [`Spread::Extremes`] of any magnitude.
    pub fn i32s(&mut self, n: usize, limit: u32) -> Vec<u8> {
        (0..n).flat_map(|_| self.i32(limit).to_le_bytes()).collect()
    }

    fn i32(&mut self, limit: u32) -> i32 {
        let r = &mut self.random;
        let limit = i64::from(limit.min(i32::MAX as u32));
        let within = |r: &mut Random| i64::from(r.below(2 * limit as u32 + 1)) - limit;
        let x = match self.spread {
            Spread::Near => within(r) / 16,
            Spread::Uniform => within(r),
            Spread::Extremes => match r.below(6) {
                0 => i64::from(i32::MIN),
                1 => i64::from(i32::MAX),
                2 => i64::from(r.next_u64() as i32),
                _ => within(r),
            },
        };
        x as i32
    }
}
