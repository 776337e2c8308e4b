//! Running a nest on intervals.

use super::nest::{Conditional, Loop, Nest, Place, Step};
use super::range::Range;
use super::trace::Trace;

/// The trace of a nest, within about `budget` steps.
pub(super) fn run(nest: &Nest, budget: u64) -> Trace {
    let mut walk = Walk {
        slots: nest.slots.clone(),
        size: nest.size,
    };
    walk.block(&nest.steps, budget)
}

struct Walk {
    slots: Vec<Range>,
    size: i64,
}

impl Walk {
    fn block(&mut self, steps: &[Step], budget: u64) -> Trace {
        let mut trace = Trace::NONE;
        for step in steps {
            match step {
                Step::Value {
                    to,
                    rule,
                    operands: [a, b],
                    all,
                    exact,
                } => {
                    let (a, b) = (self.slots[*a], self.slots[*b]);
                    self.slots[*to] = Range::apply(*rule, a, b, *all, *exact);
                }
                Step::Select {
                    to,
                    condition,
                    values: [a, b],
                } => {
                    let (a, b) = (self.slots[*a], self.slots[*b]);
                    self.slots[*to] = match self.slots[*condition].single() {
                        Some(0) => b,
                        Some(_) => a,
                        None => a.union(b),
                    };
                }
                Step::Read(place) => trace = trace.then(Trace::read(self.at(place))),
                Step::Write(place, bytes) => {
                    trace = trace.then(Trace::write(self.at(place), *bytes, self.size));
                }
                Step::Opaque(t) => trace = trace.then(*t),
                Step::For(l) => trace = trace.then(self.for_loop(l, budget)),
                Step::If(c) => trace = trace.then(self.conditional(c, budget)),
            }
        }
        trace
    }

    fn at(&self, place: &Place) -> Range {
        let mut at = Range::one(place.constant);
        for &(slot, factor) in &place.terms {
            let r = self.slots[slot];
            at.low = at.low.saturating_add(r.low.saturating_mul(factor));
            at.high = at.high.saturating_add(r.high.saturating_mul(factor));
        }
        at
    }

    fn for_loop(&mut self, l: &Loop, budget: u64) -> Trace {
        let (lower, upper, step) = (self.slots[l.lower], self.slots[l.upper], self.slots[l.step]);
        for c in &l.carried {
            self.slots[c.result] = self.slots[c.initial];
        }
        if upper.high <= lower.low {
            return Trace::NONE;
        }
        let counted = (lower.single())
            .zip(upper.single())
            .zip(step.single().filter(|&s| s > 0));
        let Some(((from, to), by)) = counted else {
            let counter = Range {
                low: lower.low,
                high: upper.high - 1,
            };
            return self.at_once(l, counter, budget);
        };
        let (from, to, by) = (i128::from(from), i128::from(to), i128::from(by));
        let trips = (to - from + by - 1) / by;
        let last = (from + (trips - 1) * by) as i64;
        let each = u64::try_from(trips).map_or(0, |n| budget / n);
        if !l.by_iteration || each < l.weight {
            let counter = Range {
                low: from as i64,
                high: last,
            };
            return self.at_once(l, counter, budget);
        }
        let mut trace = Trace::NONE;
        let mut counter = from as i64;
        for c in &l.carried {
            self.slots[c.inside] = self.slots[c.initial];
        }
        loop {
            self.slots[l.counter] = Range::one(counter);
            trace = trace.then(self.block(&l.body, each));
            let next: Vec<Range> = l.carried.iter().map(|c| self.slots[c.next]).collect();
            for (c, next) in l.carried.iter().zip(next) {
                self.slots[c.inside] = next;
                self.slots[c.result] = next;
            }
            if counter == last {
                return trace;
            }
            counter += by as i64;
        }
    }

    /// A loop run once for all its iterations.
    fn at_once(&mut self, l: &Loop, counter: Range, budget: u64) -> Trace {
        self.slots[l.counter] = counter;
        for c in &l.carried {
            self.slots[c.inside] = c.all;
        }
        let one = self.block(&l.body, budget);
        for c in &l.carried {
            self.slots[c.result] = self.slots[c.initial].union(self.slots[c.next]);
        }
        one.then(one)
    }

    fn conditional(&mut self, c: &Conditional, budget: u64) -> Trace {
        let taken = self.slots[c.condition].single();
        let [yes, no] = &c.branches;
        let trace = match taken {
            Some(0) => self.block(no, budget),
            Some(_) => self.block(yes, budget),
            None => {
                let a = self.block(yes, budget);
                a.or(self.block(no, budget))
            }
        };
        for (result, [a, b]) in &c.results {
            let (a, b) = (self.slots[*a], self.slots[*b]);
            self.slots[*result] = match taken {
                Some(0) => b,
                Some(_) => a,
                None => a.union(b),
            };
        }
        trace
    }
}
