//! Between which numbers each integer lies.

use crate::known::{fits, int, is_index, signed, signed_range, width};
use ir::dialects::arith::is_nsw;
use ir::dialects::scf::ForOp;
use ir::{BlockId, Module, OpId, Type, ValueId, WalkOrder};
use pass::Analysis;
use rustc_hash::FxHashMap;

/// A signed number that is not below `low` nor above `high`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// The smallest.
    pub low: i128,
    /// The largest.
    pub high: i128,
}

impl Range {
    fn new(low: i128, high: i128) -> Range {
        Range { low, high }
    }

    /// The one number, if it is one.
    pub fn single(self) -> Option<i128> {
        (self.low == self.high).then_some(self.low)
    }

    /// Whether every number of the other range is in this one.
    pub fn contains(self, other: Range) -> bool {
        self.low <= other.low && other.high <= self.high
    }

    fn union(self, other: Range) -> Range {
        Range::new(self.low.min(other.low), self.high.max(other.high))
    }

    fn corners(self, other: Range, f: impl Fn(i128, i128) -> i128) -> Range {
        let all = [
            f(self.low, other.low),
            f(self.low, other.high),
            f(self.high, other.low),
            f(self.high, other.high),
        ];
        let (mut low, mut high) = (all[0], all[0]);
        for x in all {
            low = low.min(x);
            high = high.max(x);
        }
        Range::new(low, high)
    }
}

/// The range of every integer defined inside an op, as a signed number; true wherever the value is defined at all: `index` that wraps and
/// overflow under `nsw` are errors.
#[derive(Debug, Default)]
pub struct IntegerRanges {
    known: FxHashMap<ValueId, Range>,
}

impl Analysis for IntegerRanges {
    const NAME: &'static str = "integer-ranges";

    fn compute(m: &Module, op: OpId) -> IntegerRanges {
        let mut ranges = IntegerRanges::default();
        for o in m.walk(op, WalkOrder::Pre) {
            if let Some(f) = ForOp::cast(m, o)
                && let Some(body) = m.entry_block(o)
            {
                ranges.induction(m, f, body);
            }
            ranges.results(m, o);
        }
        ranges
    }
}

impl IntegerRanges {
    /// The range of an integer of at most 64 bits; all that its type holds, if nothing else is known.
    pub fn of(&self, m: &Module, v: ValueId) -> Option<Range> {
        if let Some(&r) = self.known.get(&v) {
            return Some(r);
        }
        let w = width(m, m.value_type(v))?;
        if let Some(c) = int(m, v) {
            let c = signed(c, w);
            return Some(Range::new(c, c));
        }
        let (low, high) = signed_range(w);
        Some(Range::new(low, high))
    }

    /// A loop's counter: from the smallest lower bound to below the largest upper one, as long as the body runs.
    fn induction(&mut self, m: &Module, f: ForOp, body: BlockId) {
        let (Some(lower), Some(upper)) = (self.of(m, f.lower(m)), self.of(m, f.upper(m))) else {
            return;
        };
        if let Some(&iv) = m.block_args(body).first()
            && lower.low < upper.high
        {
            let mut high = upper.high - 1;
            // The last value before the bound, where all is constant.
            if let (Some(l), Some(u), Some(s)) = (
                lower.single(),
                upper.single(),
                self.of(m, f.step(m)).and_then(Range::single),
            ) && s > 0
            {
                high = l + (u - l - 1) / s * s;
            }
            self.known.insert(iv, Range::new(lower.low, high));
        }
    }

    fn results(&mut self, m: &Module, op: OpId) {
        let [result] = *m.results(op) else {
            return;
        };
        let ty = m.value_type(result);
        if width(m, ty).is_none() {
            return;
        }
        if let Some(range) = self.result(m, op, ty) {
            self.known.insert(result, range);
        }
    }

    fn result(&self, m: &Module, op: OpId, ty: Type) -> Option<Range> {
        let at = |i: usize| m.operands(op).nth(i).and_then(|v| self.of(m, v));
        let range = match m.op_name(op) {
            "arith.addi" => at(0)?.corners(at(1)?, |a, b| a + b),
            "arith.subi" => at(0)?.corners(at(1)?, |a, b| a - b),
            "arith.muli" => at(0)?.corners(at(1)?, |a, b| a * b),
            "arith.shli" => {
                let amount = at(1)?.single().filter(|a| (0..63).contains(a))?;
                let factor = Range::new(1 << amount, 1 << amount);
                at(0)?.corners(factor, |a, b| a * b)
            }
            "arith.shrsi" => {
                let amount = at(1)?.single().filter(|a| (0..64).contains(a))?;
                let x = at(0)?;
                Range::new(x.low >> amount, x.high >> amount)
            }
            "arith.shrui" => {
                let amount = at(1)?.single().filter(|a| (0..64).contains(a))?;
                let x = at(0).filter(|x| x.low >= 0)?;
                Range::new(x.low >> amount, x.high >> amount)
            }
            "arith.divsi" => {
                let divisor = at(1).filter(|d| d.low > 0)?;
                at(0)?.corners(divisor, |a, b| a / b)
            }
            "arith.remsi" => {
                let (x, divisor) = (at(0)?, at(1).filter(|d| d.low > 0)?);
                let most = divisor.high - 1;
                Range::new(x.low.min(0).max(-most), x.high.max(0).min(most))
            }
            // Of a number that is not negative no bit is set that is not below its largest.
            "arith.andi" => {
                let (x, y) = (at(0)?, at(1)?);
                match (x.low >= 0, y.low >= 0) {
                    (true, true) => Range::new(0, x.high.min(y.high)),
                    (true, false) => Range::new(0, x.high),
                    (false, true) => Range::new(0, y.high),
                    (false, false) => return None,
                }
            }
            "arith.minsi" => {
                let (x, y) = (at(0)?, at(1)?);
                Range::new(x.low.min(y.low), x.high.min(y.high))
            }
            "arith.maxsi" => {
                let (x, y) = (at(0)?, at(1)?);
                Range::new(x.low.max(y.low), x.high.max(y.high))
            }
            "arith.select" => at(1)?.union(at(2)?),
            "arith.extsi" => at(0)?,
            "arith.extui" => {
                let x = at(0)?;
                let w = width(m, m.value_type(m.operand(op, 0)))?;
                match x.low >= 0 {
                    true => x,
                    false => Range::new(0, (1 << w) - 1),
                }
            }
            // The same number if it fits; a cast to index of what does not is an error.
            "arith.trunci" | "arith.index_cast" => at(0)?,
            _ => return None,
        };
        let (low, high) = signed_range(width(m, ty)?);
        if fits(m, range.low, ty) && fits(m, range.high, ty) {
            return Some(range);
        }
        // What does not fit is an error, or wraps to anything.
        let wrapping_is_error = is_index(m, ty) || is_nsw(m, op);
        let (low, high) = (range.low.max(low), range.high.min(high));
        (wrapping_is_error && low <= high).then(|| Range::new(low, high))
    }
}
