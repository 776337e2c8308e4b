//! Random float ops whose results stay finite.

use super::arithmetic::WIDTHS;
use super::body::Body;
use super::scope::{FLOAT_BOUND, Float};
use ir::Builder;

impl Body {
    /// A float in scope, or from an integer where there is none, or a constant.
    pub fn float(&mut self, b: &mut Builder<'_>) -> Float {
        if self.c.once_in(6) {
            self.load(b);
        }
        if self.scope.floats.is_empty() && !self.scope.ints.is_empty() && !self.c.once_in(4) {
            let i = self.recent(self.scope.ints.len());
            let ty = b.m.f32();
            let x = self.scope.ints[i];
            let v = b.cast("arith.sitofp", x.v, ty);
            let bound = x.range.magnitude() * 1.000_001;
            return Float { v, bound };
        }
        if !self.scope.floats.is_empty() && !self.c.once_in(4) {
            let i = self.recent(self.scope.floats.len());
            return self.scope.floats[i];
        }
        let x = self
            .c
            .of(&[1.0f32, 0.5, 2.0, -1.5, 0.1, -0.0, 3.0e-3, 127.0, -100.25]);
        Float {
            v: b.const_f32(x),
            bound: f64::from(x.abs()),
        }
    }

    /// The float cut to a magnitude.
    pub fn clamped(&mut self, b: &mut Builder<'_>, x: Float, bound: f64) -> Float {
        if x.bound <= bound {
            return x;
        }
        // Rounded down, so that the constant itself keeps the bound.
        let most = f32::from_bits((bound as f32).to_bits() - 1);
        let (low, high) = (b.const_f32(-most), b.const_f32(most));
        let below = b.cmpf("olt", x.v, low);
        let v = b.select(below, low, x.v);
        let above = b.cmpf("ogt", v, high);
        Float {
            v: b.select(above, high, v),
            bound: f64::from(most),
        }
    }

    /// A new float by one op.
    pub fn float_op(&mut self, b: &mut Builder<'_>) -> Float {
        /// Magnitudes that sums and products of two keep well inside of float32.
        const SAFE: f64 = 1e15;
        let (x, y) = (self.float(b), self.float(b));
        let (x, y) = (self.clamped(b, x, SAFE), self.clamped(b, y, SAFE));
        // Rounding may pass the exact bound by half a unit.
        let about = |bound: f64| bound * 1.000_001 + f64::from(f32::MIN_POSITIVE);
        let result = match self.c.below(9) {
            0 => Float {
                v: b.addf(x.v, y.v),
                bound: about(x.bound + y.bound),
            },
            1 => Float {
                v: b.subf(x.v, y.v),
                bound: about(x.bound + y.bound),
            },
            2 | 3 => Float {
                v: b.mulf(x.v, y.v),
                bound: about(x.bound * y.bound),
            },
            4 => {
                let y = self.clamped(b, y, FLOAT_BOUND);
                let (square, one) = (b.mulf(y.v, y.v), b.const_f32(1.0));
                let divisor = b.addf(square, one);
                Float {
                    v: b.divf(x.v, divisor),
                    bound: about(x.bound),
                }
            }
            5 => Float {
                v: b.negf(x.v),
                bound: x.bound,
            },
            6 => {
                let condition = self.bool(b);
                Float {
                    v: b.select(condition, x.v, y.v),
                    bound: x.bound.max(y.bound),
                }
            }
            7 if self.features.exp => {
                let x = self.clamped(b, x, 20.0);
                Float {
                    v: b.exp(x.v),
                    bound: 5e8,
                }
            }
            _ => self.float_from_int(b),
        };
        self.scope.floats.push(result);
        result
    }

    fn float_from_int(&mut self, b: &mut Builder<'_>) -> Float {
        let ty = b.m.f32();
        if self.c.below(3) < 2 {
            let width = self.c.of(&WIDTHS);
            let x = self.int(b, width);
            let bound = x.range.magnitude() * 1.000_001;
            return Float {
                v: b.cast("arith.sitofp", x.v, ty),
                bound,
            };
        }
        // Bits without a sign and of an exponent below 1: a float in 0..1.
        let (x, mask) = (self.int(b, 32), self.int_constant(b, 32, 0x3f7f_ffff));
        let bits = b.andi(x.v, mask.v);
        Float {
            v: b.cast("arith.bitcast", bits, ty),
            bound: 1.0,
        }
    }
}
