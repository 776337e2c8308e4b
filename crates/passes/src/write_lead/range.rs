//! Intervals of integers, and the integer ops on them.

/// The integers from `low` to `high`, both included. Bounds saturate at those of 64 bits, which then stand for anything beyond.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    pub low: i64,
    pub high: i64,
}

/// An integer op that an address may depend on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rule {
    Add,
    Sub,
    Mul,
    DivS,
    RemS,
    MinS,
    MaxS,
    ShiftLeft,
    ShiftRightS,
    /// The first operand, extended by zeros where it is negative.
    ExtendZero,
    /// The first operand.
    Same,
    /// A comparison, by its predicate; of one bit, 1 is true.
    Compare(Predicate),
}

/// A comparison, signed but for the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Predicate {
    Eq,
    Ne,
    Slt,
    Sle,
    Sgt,
    Sge,
    Ult,
}

impl Range {
    pub const BOOL: Range = Range { low: 0, high: 1 };

    pub fn one(x: i64) -> Range {
        Range { low: x, high: x }
    }

    /// The integers of a width, signed; of one bit 0 and 1.
    pub fn of_width(bits: u32) -> Range {
        match bits {
            0 | 1 => Range::BOOL,
            2..=63 => Range {
                low: -(1 << (bits - 1)),
                high: (1 << (bits - 1)) - 1,
            },
            _ => Range {
                low: i64::MIN,
                high: i64::MAX,
            },
        }
    }

    /// The one integer, if it is one.
    pub fn single(self) -> Option<i64> {
        (self.low == self.high).then_some(self.low)
    }

    pub fn union(self, other: Range) -> Range {
        Range {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// What of it lies in another one; the other one if nothing does.
    pub fn within(self, other: Range) -> Range {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        if low <= high {
            Range { low, high }
        } else {
            other
        }
    }

    fn contains(self, other: Range) -> bool {
        self.low <= other.low && other.high <= self.high
    }

    /// The result of an op whose type holds the integers of `all`. `exact` says that what exceeds them is an error.
    pub fn apply(rule: Rule, a: Range, b: Range, all: Range, exact: bool) -> Range {
        let result = match rule {
            Rule::Add => Range {
                low: a.low.saturating_add(b.low),
                high: a.high.saturating_add(b.high),
            },
            Rule::Sub => Range {
                low: a.low.saturating_sub(b.high),
                high: a.high.saturating_sub(b.low),
            },
            Rule::Mul => corners(a, b, i64::saturating_mul),
            // Only what a division by positive numbers is known for.
            Rule::DivS if b.low > 0 => corners(a, b, |x, y| x / y),
            Rule::RemS if b.low > 0 => match (a.single(), b.single()) {
                (Some(x), Some(y)) => Range::one(x % y),
                _ => Range {
                    low: a.low.min(0).max(1 - b.high),
                    high: a.high.max(0).min(b.high - 1),
                },
            },
            Rule::DivS | Rule::RemS => all,
            Rule::MinS => Range {
                low: a.low.min(b.low),
                high: a.high.min(b.high),
            },
            Rule::MaxS => Range {
                low: a.low.max(b.low),
                high: a.high.max(b.high),
            },
            Rule::ShiftLeft => match b.single() {
                Some(n @ 0..=31) => corners(a, Range::one(1 << n), i64::saturating_mul),
                _ => all,
            },
            Rule::ShiftRightS => match b.single() {
                Some(n @ 0..=63) => Range {
                    low: a.low >> n,
                    high: a.high >> n,
                },
                _ => all,
            },
            Rule::ExtendZero if a.low < 0 => all,
            Rule::ExtendZero | Rule::Same => a,
            Rule::Compare(p) => compare(p, a, b),
        };
        match exact {
            true => result.within(all),
            // It may wrap.
            false if !all.contains(result) => all,
            false => result,
        }
    }
}

fn corners(a: Range, b: Range, f: impl Fn(i64, i64) -> i64) -> Range {
    let all = [
        f(a.low, b.low),
        f(a.low, b.high),
        f(a.high, b.low),
        f(a.high, b.high),
    ];
    let (low, high) = all
        .iter()
        .fold((all[0], all[0]), |(l, h), &x| (l.min(x), h.max(x)));
    Range { low, high }
}

fn compare(p: Predicate, a: Range, b: Range) -> Range {
    let less = |a: Range, b: Range, or_equal: bool| match or_equal {
        true => (a.high <= b.low, a.low > b.high),
        false => (a.high < b.low, a.low >= b.high),
    };
    let apart = a.high < b.low || b.high < a.low;
    let equal = a.single().is_some() && a.single() == b.single();
    let (yes, no) = match p {
        Predicate::Eq => (equal, apart),
        Predicate::Ne => (apart, equal),
        Predicate::Slt => less(a, b, false),
        Predicate::Sle => less(a, b, true),
        Predicate::Sgt => less(b, a, false),
        Predicate::Sge => less(b, a, true),
        // A negative number is above all that are not.
        Predicate::Ult if b.low >= 0 && a.high < 0 => (false, true),
        Predicate::Ult if b.low >= 0 && a.low >= 0 => less(a, b, false),
        Predicate::Ult => (false, false),
    };
    match (yes, no) {
        (true, _) => Range::one(1),
        (_, true) => Range::one(0),
        _ => Range::BOOL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair of small intervals, every pair of members: the op's result lies in the result's interval.
    #[test]
    fn results_of_members_are_members() {
        let bounds = -4..=4i64;
        let ranges: Vec<Range> = bounds
            .clone()
            .flat_map(|low| (low..=4).map(move |high| Range { low, high }))
            .collect();
        let truth = |p, x: i64, y: i64| match p {
            Predicate::Eq => x == y,
            Predicate::Ne => x != y,
            Predicate::Slt => x < y,
            Predicate::Sle => x <= y,
            Predicate::Sgt => x > y,
            Predicate::Sge => x >= y,
            Predicate::Ult => (x as u64) < (y as u64),
        };
        use Predicate::{Eq, Ne, Sge, Sgt, Sle, Slt, Ult};
        let mut rules = vec![
            Rule::Add,
            Rule::Sub,
            Rule::Mul,
            Rule::DivS,
            Rule::RemS,
            Rule::MinS,
            Rule::MaxS,
            Rule::ShiftLeft,
            Rule::ShiftRightS,
            Rule::Same,
        ];
        rules.extend([Eq, Ne, Slt, Sle, Sgt, Sge, Ult].map(Rule::Compare));
        let all = Range::of_width(8);
        for rule in rules {
            for &a in &ranges {
                for &b in &ranges {
                    let result = Range::apply(rule, a, b, all, true);
                    for x in a.low..=a.high {
                        for y in b.low..=b.high {
                            let value = match rule {
                                Rule::Add => x + y,
                                Rule::Sub => x - y,
                                Rule::Mul => x * y,
                                Rule::DivS if y != 0 => x / y,
                                Rule::RemS if y != 0 => x % y,
                                Rule::DivS | Rule::RemS => continue,
                                Rule::MinS => x.min(y),
                                Rule::MaxS => x.max(y),
                                Rule::ShiftLeft if y >= 0 => x << y,
                                Rule::ShiftRightS if y >= 0 => x >> y,
                                Rule::ShiftLeft | Rule::ShiftRightS => continue,
                                Rule::Same | Rule::ExtendZero => x,
                                Rule::Compare(p) => truth(p, x, y).into(),
                            };
                            assert!(
                                result.contains(Range::one(value)),
                                "{rule:?} {x} {y}: {value} not in {result:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_may_wrap_is_anything() {
        let all = Range::of_width(8);
        let (a, b) = (Range { low: 0, high: 100 }, Range::one(50));
        assert_eq!(Range::apply(Rule::Add, a, b, all, false), all);
        let exact = Range::apply(Rule::Add, a, b, all, true);
        assert_eq!(exact, Range { low: 50, high: 127 });
    }
}
