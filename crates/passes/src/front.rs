//! The networks that `rewrite-graph` could choose among, of which none is worse than another one in everything: kept on the function, for
//! reports and for the message that a budget is exceeded.

use crate::egraph::measure::Measure;
use ir::{Module, OpId};

/// The attribute of `@main` with cycles, bytes of flash and bytes of RAM of one network after the other.
const NETWORKS: &str = "mcu.networks";

/// The attribute of `@main` with the positions of the given network and of the one that was taken; −1 for one that others beat.
const CHOSEN: &str = "mcu.networks_given_taken";

/// A network of the front.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Point {
    /// What it costs, as estimated.
    pub measure: Measure,
    /// Whether it costs what the given network costs.
    pub given: bool,
    /// Whether it costs what the network costs that was taken.
    pub taken: bool,
}

/// The Pareto front, the fewest cycles first.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Front {
    /// Networks of different costs.
    pub points: Vec<Point>,
}

impl Front {
    /// Of these networks those that none of the others beats.
    pub fn of(points: impl Iterator<Item = Point>) -> Front {
        let mut all: Vec<Point> = points.collect();
        all.sort_by_key(|p| p.measure);
        all.dedup_by_key(|p| p.measure);
        let beaten = |p: &Point| all.iter().any(|q| q.measure.dominates(p.measure));
        let points = all.iter().filter(|p| !beaten(p)).copied().collect();
        Front { points }
    }

    /// Keeps it on a function.
    pub fn write(&self, m: &mut Module, f: OpId) {
        let numbers = self.points.iter().flat_map(|p| {
            let m = p.measure;
            [m.cycles, m.flash, m.ram].map(|n| i64::try_from(n).unwrap_or(i64::MAX))
        });
        let numbers: Vec<i64> = numbers.collect();
        let position = |is: fn(&Point) -> bool| {
            let found = self.points.iter().position(is);
            found.and_then(|i| i64::try_from(i).ok()).unwrap_or(-1)
        };
        let chosen = [position(|p| p.given), position(|p| p.taken)];
        let (numbers, chosen) = (m.i64s_attr(&numbers), m.i64s_attr(&chosen));
        m.set_discardable(f, NETWORKS, numbers);
        m.set_discardable(f, CHOSEN, chosen);
    }

    /// What is kept on a function; without a point if there was nothing to choose.
    pub fn read(m: &Module, f: OpId) -> Front {
        let list = |name| {
            let attr = m.discardable(f, name)?;
            m.attr_i64s(attr)
        };
        let (Some(numbers), Some(&[given, taken])) = (list(NETWORKS), list(CHOSEN)) else {
            return Front::default();
        };
        let bytes = |n: i64| u64::try_from(n).unwrap_or(0);
        let points = numbers.chunks_exact(3).enumerate().map(|(i, n)| Point {
            measure: Measure {
                cycles: bytes(n[0]),
                flash: bytes(n[1]),
                ram: bytes(n[2]),
            },
            given: usize::try_from(given) == Ok(i),
            taken: usize::try_from(taken) == Ok(i),
        });
        Front {
            points: points.collect(),
        }
    }

    /// Has another function keep what one keeps.
    pub(crate) fn copy(m: &mut Module, from: OpId, to: OpId) {
        for name in [NETWORKS, CHOSEN] {
            if let Some(attr) = m.discardable(from, name) {
                m.set_discardable(to, name, attr);
            }
        }
    }

    /// A line for each network.
    pub fn describe(&self) -> Vec<String> {
        let line = |p: &Point| {
            let which = match (p.given, p.taken) {
                (true, true) => ", as given and taken",
                (true, false) => ", as given",
                (false, true) => ", taken",
                (false, false) => "",
            };
            format!("on the Pareto front: {}{which}", p.measure)
        };
        self.points.iter().map(line).collect()
    }
}
