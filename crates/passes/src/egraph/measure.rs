//! What a network costs as a whole, so that a rewritten one can be compared with what it was.

use super::cost::{UNKNOWN_CYCLES, op_cost};
use crate::order_operators::Ordered;
use ir::dialects::nn;
use ir::{Attr, Module, OpId, Type};
use pass::Registry;
use rustc_hash::FxHashSet;
use std::fmt;
use target::Target;
use usmp::order::Search;

/// Estimates for a network.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Measure {
    /// Cycles of a run, by the schedules' own estimates.
    pub cycles: u64,
    /// Bytes of constants, each once, and of code as the schedules estimate it.
    pub flash: u64,
    /// Bytes live at the peak of the best order; 0 if the function is more than a network.
    pub ram: u64,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cycles, {} bytes of flash, {} bytes live at the peak",
            self.cycles, self.flash, self.ram
        )
    }
}

/// What is to be small.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goal {
    /// The product of all three, at no more cycles and no more bytes live than before.
    Balanced,
    /// Cycles; then bytes.
    Latency,
    /// Bytes live at the peak; then cycles.
    Ram,
}

impl Goal {
    /// Whether a network is better than the one it comes from.
    pub fn is_better(self, m: Measure, before: Measure) -> bool {
        let allowed = self != Goal::Balanced || (m.cycles <= before.cycles && m.ram <= before.ram);
        allowed && self.key(m) < self.key(before)
    }

    /// A number that orders networks, the best first.
    pub fn key(self, m: Measure) -> [u128; 3] {
        let [cycles, flash, ram] = [m.cycles, m.flash, m.ram].map(u128::from);
        match self {
            // Bounded, so that the product of three fits.
            Goal::Balanced => {
                let product = [cycles, flash, ram].map(|x| x.clamp(1, 1 << 42));
                [product.iter().product(), cycles, ram]
            }
            Goal::Latency => [cycles, ram, flash],
            Goal::Ram => [ram, cycles, flash],
        }
    }
}

/// Measures the network that a function is. Ops that are not of `nn` count nothing.
pub fn measure(m: &Module, f: OpId, registry: &Registry, target: &Target) -> Measure {
    let mut measure = Measure::default();
    let mut constants: FxHashSet<(Type, Attr)> = FxHashSet::default();
    let block = m.entry_block(f);
    for op in block.into_iter().flat_map(|b| m.ops(b)) {
        if !m.op_name(op).starts_with("nn.") {
            continue;
        }
        if let Some(constant) = nn::ConstantOp::cast(m, op) {
            let ty = m.value_type(m.result(op, 0));
            if constants.insert((ty, constant.value(m))) {
                measure.flash += m.size_bytes(ty).unwrap_or(0);
            }
            continue;
        }
        let cost = op_cost(m, op, registry, target);
        let cycles = cost.map_or(UNKNOWN_CYCLES, |c| c.cycles);
        measure.cycles = measure.cycles.saturating_add(cycles);
        measure.flash += cost.map_or(0, |c| c.flash);
    }
    if let Some(network) = Ordered::of(m, f) {
        measure.ram = Search::default().solve(&network.graph).peak();
    }
    measure
}
