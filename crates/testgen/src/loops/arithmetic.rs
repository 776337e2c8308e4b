//! Random scalar ops whose results are defined: `nsw` only where the operands' ranges prove it, shift amounts below the width,
//! divisors that are neither 0 nor a possible −1 of the smallest integer.

use super::body::Body;
use super::range::Range;
use super::scope::{Float, Index, Int, gcd};
use ir::{Builder, ValueId};

/// Widths of integer arithmetic, 32 bits the most frequent.
pub const WIDTHS: [u32; 6] = [32, 32, 32, 64, 8, 16];

const PREDICATES: [&str; 10] = [
    "eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge",
];

const FLOAT_PREDICATES: [&str; 14] = [
    "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une",
    "uno",
];

impl Body {
    /// One of the latest of a list, or any.
    pub fn recent(&mut self, len: usize) -> usize {
        let n = len as u32;
        let back = if self.c.once_in(3) {
            self.c.below(n)
        } else {
            self.c.below(n.min(3))
        };
        (n - 1 - back) as usize
    }

    pub fn int_constant(&mut self, b: &mut Builder<'_>, width: u32, value: i64) -> Int {
        let ty = b.m.int(width);
        Int {
            v: b.const_int(value, ty),
            width,
            range: Range::of(value),
        }
    }

    fn any_int_constant(&mut self, b: &mut Builder<'_>, width: u32) -> Int {
        let full = Range::full(width);
        let value = match self.c.below(6) {
            0..3 => self.c.between(0, 20) - 5,
            3 => 1 << self.c.below(width - 1),
            4 => self.c.of(&[full.low, full.high]),
            _ => self.c.between(full.low, full.high),
        };
        self.int_constant(b, width, value)
    }

    /// An integer of a width: a value in scope, one from a buffer, a cast of another type, or a constant.
    pub fn int(&mut self, b: &mut Builder<'_>, width: u32) -> Int {
        let fitting = self.ints_of(width);
        let choice = self.c.below(12);
        if choice < 6 && !fitting.is_empty() {
            return fitting[self.recent(fitting.len())];
        }
        if (6..9).contains(&choice) {
            self.load(b);
        }
        let x = match (self.scope.ints.len(), self.scope.floats.len()) {
            (0, 0) => return self.any_int_constant(b, width),
            _ if choice == 11 => return self.any_int_constant(b, width),
            (0, floats) => {
                let i = self.recent(floats);
                self.int_from_float(b, self.scope.floats[i], width)
            }
            (ints, _) => {
                let i = self.recent(ints);
                self.resized(b, self.scope.ints[i], width)
            }
        };
        self.scope.ints.push(x);
        x
    }

    fn ints_of(&self, width: u32) -> Vec<Int> {
        let of_width = |i: &Int| i.width == width;
        self.scope.ints.iter().copied().filter(of_width).collect()
    }

    /// The same integer at another width, truncated where it does not fit.
    pub fn resized(&mut self, b: &mut Builder<'_>, x: Int, width: u32) -> Int {
        let ty = b.m.int(width);
        if x.width == width {
            return x;
        }
        if x.width > width {
            let range = if x.range.fits(width) {
                x.range
            } else {
                Range::full(width)
            };
            return Int {
                v: b.trunci(x.v, ty),
                width,
                range,
            };
        }
        if self.c.once_in(4) {
            let range = if x.range.low >= 0 {
                x.range
            } else {
                Range::new(0, (1 << x.width) - 1)
            };
            return Int {
                v: b.cast("arith.extui", x.v, ty),
                width,
                range,
            };
        }
        Int {
            v: b.extsi(x.v, ty),
            width,
            range: x.range,
        }
    }

    /// A new integer by one op.
    pub fn int_op(&mut self, b: &mut Builder<'_>) -> Int {
        let width = self.c.of(&WIDTHS);
        let x = self.int(b, width);
        let result = match self.c.below(10) {
            0..4 => self.sum_or_product(b, x),
            4 => self.shift(b, x),
            5 => self.quotient(b, x),
            6 => {
                let y = self.other(b, x);
                match self.c.below(2) {
                    0 => Int {
                        v: b.minsi(x.v, y.v),
                        width,
                        range: x.range.min(y.range),
                    },
                    _ => Int {
                        v: b.maxsi(x.v, y.v),
                        width,
                        range: x.range.max(y.range),
                    },
                }
            }
            7 => {
                let y = self.other(b, x);
                let range = x.range.bits(y.range).unwrap_or(Range::full(width));
                let v = match self.c.below(3) {
                    0 => b.andi(x.v, y.v),
                    1 => b.ori(x.v, y.v),
                    _ => b.xori(x.v, y.v),
                };
                Int { v, width, range }
            }
            8 => {
                let (y, condition) = (self.other(b, x), self.bool(b));
                Int {
                    v: b.select(condition, x.v, y.v),
                    width,
                    range: x.range.union(y.range),
                }
            }
            _ => self.int_from_elsewhere(b, width),
        };
        self.scope.ints.push(result);
        result
    }

    fn sum_or_product(&mut self, b: &mut Builder<'_>, x: Int) -> Int {
        let y = self.other(b, x);
        let width = x.width;
        let op = self.c.below(3);
        let exact = match op {
            0 => x.range.add(y.range),
            1 => x.range.sub(y.range),
            _ => x.range.mul(y.range),
        };
        let exact = exact.filter(|r| r.fits(width));
        let nsw = exact.is_some() && !self.c.once_in(3);
        let v = match (op, nsw) {
            (0, false) => b.addi(x.v, y.v),
            (0, true) => b.addi_nsw(x.v, y.v),
            (1, false) => b.subi(x.v, y.v),
            (1, true) => b.subi_nsw(x.v, y.v),
            (_, false) => b.muli(x.v, y.v),
            (_, true) => b.muli_nsw(x.v, y.v),
        };
        Int {
            v,
            width,
            range: exact.unwrap_or(Range::full(width)),
        }
    }

    fn shift(&mut self, b: &mut Builder<'_>, x: Int) -> Int {
        let width = x.width;
        let amount = if self.c.below(3) < 2 {
            let n = i64::from(self.c.below(width));
            self.int_constant(b, width, n)
        } else {
            let y = self.int(b, width);
            let mask = self.int_constant(b, width, i64::from(width) - 1);
            Int {
                v: b.andi(y.v, mask.v),
                width,
                range: Range::new(0, i64::from(width) - 1),
            }
        };
        let Range { low, high } = amount.range;
        match self.c.below(3) {
            0 => {
                let exact = (high < 62)
                    .then(|| x.range.mul(Range::new(1 << low, 1 << high)))
                    .flatten();
                let range = exact
                    .filter(|r| r.fits(width))
                    .unwrap_or(Range::full(width));
                Int {
                    v: b.shli(x.v, amount.v),
                    width,
                    range,
                }
            }
            1 => {
                let range = x
                    .range
                    .union(Range::new(x.range.low >> high, x.range.high >> high));
                Int {
                    v: b.shrsi(x.v, amount.v),
                    width,
                    range,
                }
            }
            _ => {
                let range = match (x.range.low >= 0, low) {
                    (true, _) => Range::new(0, x.range.high),
                    (false, 0) => Range::full(width),
                    (false, n) => Range::new(0, (u64::MAX >> (64 - width) >> n) as i64),
                };
                Int {
                    v: b.shrui(x.v, amount.v),
                    width,
                    range,
                }
            }
        }
    }

    fn quotient(&mut self, b: &mut Builder<'_>, x: Int) -> Int {
        let width = x.width;
        let divisor = if self.c.once_in(3) {
            // Odd and positive.
            let (y, mask, one) = (
                self.int(b, width),
                self.int_constant(b, width, 14),
                self.int_constant(b, width, 1),
            );
            let even = b.andi(y.v, mask.v);
            Int {
                v: b.ori(even, one.v),
                width,
                range: Range::new(1, 15),
            }
        } else {
            let most = if x.range.low > Range::full(width).low {
                -1
            } else {
                -2
            };
            let value = if self.c.once_in(4) {
                most - self.c.between(0, 9)
            } else {
                1 + self.c.between(0, 99)
            };
            self.int_constant(b, width, value)
        };
        let Range { low, high } = divisor.range;
        if self.c.below(2) == 0 {
            let range = x
                .range
                .div(divisor.range)
                .filter(|r| r.fits(width))
                .unwrap_or(Range::full(width));
            Int {
                v: b.divsi(x.v, divisor.v),
                width,
                range,
            }
        } else {
            let range = x.range.rem(low.abs().max(high.abs()));
            Int {
                v: b.remsi(x.v, divisor.v),
                width,
                range,
            }
        }
    }

    fn int_from_elsewhere(&mut self, b: &mut Builder<'_>, width: u32) -> Int {
        let ty = b.m.int(width);
        match self.c.below(4) {
            0 if !self.scope.indices.is_empty() => {
                let i = self.recent(self.scope.indices.len());
                let index = self.scope.indices[i];
                let range = if index.range.fits(width) {
                    index.range
                } else {
                    Range::full(width)
                };
                Int {
                    v: b.cast("arith.index_cast", index.v, ty),
                    width,
                    range,
                }
            }
            1 if self.features.floats => {
                let x = self.float(b);
                self.int_from_float(b, x, width)
            }
            2 if width == 32 && self.features.floats => {
                let x = self.float(b);
                Int {
                    v: b.cast("arith.bitcast", x.v, ty),
                    width,
                    range: Range::full(width),
                }
            }
            _ => {
                let x = self.bool(b);
                if self.c.below(2) == 0 {
                    Int {
                        v: b.cast("arith.extui", x, ty),
                        width,
                        range: Range::new(0, 1),
                    }
                } else {
                    Int {
                        v: b.cast("arith.extsi", x, ty),
                        width,
                        range: Range::new(-1, 0),
                    }
                }
            }
        }
    }

    fn int_from_float(&mut self, b: &mut Builder<'_>, x: Float, width: u32) -> Int {
        let limit = f64::from(1u32 << (width.min(31) - 1)) - 128.0;
        let x = self.clamped(b, x, limit.max(127.0).min(x.bound.max(1.0)));
        let range = Range::new(-(x.bound as i64) - 1, x.bound as i64 + 1);
        let range = if range.fits(width) {
            range
        } else {
            Range::full(width)
        };
        let ty = b.m.int(width);
        let v = b.cast("arith.fptosi", x.v, ty);
        Int { v, width, range }
    }

    /// Another integer of the same width: the same twice gives results that do not depend on it.
    fn other(&mut self, b: &mut Builder<'_>, x: Int) -> Int {
        let y = self.int(b, x.width);
        if y.v != x.v || self.c.once_in(16) {
            return y;
        }
        let others: Vec<Int> = self.ints_of(x.width);
        let others: Vec<Int> = others.into_iter().filter(|y| y.v != x.v).collect();
        if others.is_empty() || self.c.once_in(3) {
            return self.any_int_constant(b, x.width);
        }
        others[self.recent(others.len())]
    }

    /// A truth value: one in scope, or a new comparison.
    pub fn bool(&mut self, b: &mut Builder<'_>) -> ValueId {
        if !self.scope.bools.is_empty() && self.c.once_in(3) {
            let i = self.recent(self.scope.bools.len());
            return self.scope.bools[i];
        }
        let v = match self.c.below(8) {
            0..4 => {
                let width = self.c.of(&WIDTHS);
                let x = self.int(b, width);
                let (y, p) = (self.other(b, x), self.c.of(&PREDICATES));
                b.cmpi(p, x.v, y.v)
            }
            4 | 5 if !self.scope.indices.is_empty() => {
                let (i, j) = (
                    self.recent(self.scope.indices.len()),
                    self.recent(self.scope.indices.len()),
                );
                let p = self.c.of(&PREDICATES);
                let x = self.scope.indices[i].v;
                let y = if i == j {
                    b.const_index(3)
                } else {
                    self.scope.indices[j].v
                };
                b.cmpi(p, x, y)
            }
            6 if !self.scope.bools.is_empty() => {
                let (i, j) = (
                    self.recent(self.scope.bools.len()),
                    self.recent(self.scope.bools.len()),
                );
                let (x, y) = (self.scope.bools[i], self.scope.bools[j]);
                match self.c.below(3) {
                    0 => b.andi(x, y),
                    1 => b.ori(x, y),
                    _ => b.xori(x, y),
                }
            }
            7 if self.features.floats => {
                let (x, y, p) = (self.float(b), self.float(b), self.c.of(&FLOAT_PREDICATES));
                b.cmpf(p, x.v, y.v)
            }
            _ => {
                let x = self.int(b, 32);
                let y = self.other(b, x);
                b.cmpi("slt", x.v, y.v)
            }
        };
        self.scope.bools.push(v);
        v
    }

    pub fn index_constant(&mut self, b: &mut Builder<'_>, value: i64) -> Index {
        Index {
            v: b.const_index(value),
            range: Range::of(value),
            multiple: value,
        }
    }

    /// A new index by one op, small enough for any further op.
    pub fn index_op(&mut self, b: &mut Builder<'_>) {
        const MOST: i64 = 1 << 15;
        if self.scope.indices.is_empty() {
            let value = self.c.between(0, 7);
            let constant = self.index_constant(b, value);
            self.scope.indices.push(constant);
            return;
        }
        let i = self.recent(self.scope.indices.len());
        let x = self.scope.indices[i];
        let y = if self.c.once_in(2) {
            let j = self.recent(self.scope.indices.len());
            self.scope.indices[j]
        } else {
            let value = self.c.between(1, 9);
            self.index_constant(b, value)
        };
        let unit = |v, range| Index {
            v,
            range,
            multiple: 1,
        };
        let result = match self.c.below(7) {
            0 => x.range.add(y.range).map(|r| Index {
                v: b.addi_nsw(x.v, y.v),
                range: r,
                multiple: gcd(x.multiple, y.multiple),
            }),
            1 => x.range.sub(y.range).map(|r| Index {
                v: b.subi_nsw(x.v, y.v),
                range: r,
                multiple: gcd(x.multiple, y.multiple),
            }),
            2 => x.range.mul(y.range).map(|r| Index {
                v: b.muli_nsw(x.v, y.v),
                range: r,
                multiple: x.multiple * y.multiple,
            }),
            3 => Some(Index {
                v: b.minsi(x.v, y.v),
                range: x.range.min(y.range),
                multiple: gcd(x.multiple, y.multiple),
            }),
            4 => Some(Index {
                v: b.maxsi(x.v, y.v),
                range: x.range.max(y.range),
                multiple: gcd(x.multiple, y.multiple),
            }),
            5 if y.range.low > 0 => x.range.div(y.range).map(|r| unit(b.divsi(x.v, y.v), r)),
            _ if y.range.low > 0 => Some(unit(b.remsi(x.v, y.v), x.range.rem(y.range.high))),
            _ => None,
        };
        if let Some(result) = result.filter(|r| r.range.within(-MOST, MOST) && r.multiple <= MOST) {
            self.scope.indices.push(result);
        }
    }
}
