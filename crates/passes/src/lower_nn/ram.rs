//! Schedules for a small arena: the least bytes that any choice of schedules allows, then the fastest schedules within them.
//!
//! While a kernel runs, its scratch lives, and every tensor that is written already and read later, or by it, or written by it. The
//! largest sum of these over all kernels is what no plan can be below. It is least if every kernel takes the least; so this is the
//! budget, and an op that needs less takes the fastest schedule that stays within.
//!
//! Where results may run into operands, what a kernel makes live depends on its write lead, which only the lowered kernel has. So
//! candidates are lowered and analysed on the side, as far as they decide something.

use super::Lowering;
use super::choice::{Candidate, candidates};
use crate::memory_map::{MemoryMap, Role, root};
use crate::plan_memory::{BUFFER_ALIGN, may_overlap};
use crate::preference::Preference;
use crate::write_lead::write_lead;
use ir::{Diagnostic, Module, OpId, ValueId};
use pass::{KernelArg, KernelBuilder, PassCx};
use rustc_hash::FxHashMap;
use target::Target;

/// What counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Whether inputs and outputs are in the arena.
    pub io_in_arena: bool,
    /// Whether results may run into operands.
    pub overlap: bool,
    /// Bytes that need not be saved, since there are so many.
    pub enough: u64,
}

/// What the kernel of an op makes live, whatever the schedule.
#[derive(Clone, Debug, Default)]
struct Live {
    /// Bytes of tensors.
    tensors: u64,
    /// Operands that die, each with the result that may run into it.
    pairs: Vec<Pair>,
}

/// Operand and result of an op by position, with their bytes.
#[derive(Clone, Copy, Debug)]
struct Pair {
    operand: (usize, u64),
    result: (usize, u64),
}

/// The bytes that a kernel may make live.
pub(super) struct Budget {
    bytes: u64,
    live: FxHashMap<OpId, Live>,
    /// The network, for kernels on trial.
    trial: Module,
}

/// A size as it counts between aligned buffers.
fn padded(size: u64) -> u64 {
    size.next_multiple_of(BUFFER_ALIGN)
}

impl Budget {
    /// The least for a network.
    ///
    /// # Errors
    /// If an op cannot be lowered.
    pub fn of(
        m: &Module,
        main: OpId,
        ops: &[OpId],
        terms: Terms,
        prefer: &Preference,
        cx: &mut PassCx<'_>,
    ) -> Result<Budget, Diagnostic> {
        let live = live(m, main, ops, terms, cx)?;
        let mut budget = Budget {
            bytes: 0,
            live,
            trial: m.clone(),
        };
        let mut order = Vec::new();
        for &op in ops.iter().filter(|op| budget.live.contains_key(op)) {
            let all = candidates(m, op, prefer, cx)?;
            let least = all.iter().map(|c| c.cost.ram).min().unwrap_or(0);
            order.push((budget.live[&op].tensors + padded(least), op, all));
        }
        order.sort_by_key(|o| std::cmp::Reverse(o.0));
        for (apart, op, all) in order {
            if apart <= budget.bytes {
                break;
            }
            let mut least = u64::MAX;
            for c in all.iter() {
                least = least.min(budget.need(op, c, cx.target));
                if least <= budget.bytes {
                    break;
                }
            }
            budget.bytes = budget.bytes.max(least);
        }
        budget.bytes = budget.bytes.max(terms.enough);
        Ok(budget)
    }

    /// Whether a candidate keeps within the budget.
    pub fn allows(&mut self, op: OpId, c: &Candidate<'_>, target: &Target) -> bool {
        let tensors = self.live.get(&op).map_or(0, |l| l.tensors);
        tensors + padded(c.cost.ram) <= self.bytes || self.need(op, c, target) <= self.bytes
    }

    /// Bytes that live while a candidate's kernel runs.
    fn need(&mut self, op: OpId, c: &Candidate<'_>, target: &Target) -> u64 {
        let Some(live) = self.live.get(&op).cloned() else {
            return 0;
        };
        let apart = live.tensors + padded(c.cost.ram);
        if live.pairs.is_empty() {
            return apart;
        }
        let mut k = KernelBuilder::new(&mut self.trial, op);
        if c.schedule.lower(op, &c.knobs, target, &mut k).is_err() {
            k.abandon();
            return u64::MAX;
        }
        let kernel = k.finish();
        let m = &self.trial;
        let entry = m.entry_block(kernel.func);
        let values = entry.map_or(&[][..], |b| m.block_args(b));
        let scratch = |(a, &v): (&KernelArg, &ValueId)| match a {
            KernelArg::Scratch => padded(m.size_bytes(m.value_type(v)).unwrap_or(0)),
            _ => 0,
        };
        let scratch: u64 = kernel.args.iter().zip(values).map(scratch).sum();
        let gain = |p: &Pair| {
            let (size, result) = (padded(p.operand.1), padded(p.result.1));
            let lead = lead(m, kernel.func, &kernel.args, p)?;
            Some((size + result).saturating_sub(result.max(padded(lead) + size)))
        };
        let gain = live.pairs.iter().filter_map(gain).max().unwrap_or(0);
        self.trial.erase(kernel.func);
        if let Some(wait) = kernel.wait {
            self.trial.erase(wait);
        }
        live.tensors + scratch - gain
    }
}

/// The write lead of a kernel between an operand and a result of its op.
fn lead(m: &Module, kernel: OpId, args: &[KernelArg], pair: &Pair) -> Option<u64> {
    let positions = |wanted: KernelArg| {
        let all = args.iter().enumerate();
        all.filter(move |a| *a.1 == wanted).map(|a| a.0)
    };
    let mut most = 0;
    for read in positions(KernelArg::Input(pair.operand.0)) {
        for written in positions(KernelArg::Output(pair.result.0)) {
            most = most.max(write_lead(m, kernel, read, written)?);
        }
    }
    Some(most)
}

/// What each op that becomes a call makes live, from a lowering of a copy of the network by the fastest schedules.
fn live(
    m: &Module,
    main: OpId,
    ops: &[OpId],
    terms: Terms,
    cx: &mut PassCx<'_>,
) -> Result<FxHashMap<OpId, Live>, Diagnostic> {
    let mut copy = m.clone();
    let mut l = Lowering::start(&mut copy, main, None);
    for &op in ops {
        l.op(op, cx)?;
    }
    let calls = std::mem::take(&mut l.calls);
    l.end();
    let Some(map) = MemoryMap::of(&copy) else {
        return Ok(FxHashMap::default());
    };
    let is_planned = |role: Role| match role {
        Role::Input | Role::Output => terms.io_in_arena,
        Role::Activation => true,
        Role::Scratch | Role::State => false,
    };
    let mut all = FxHashMap::default();
    for (op, call, args) in calls {
        let Some(t) = map.events.iter().position(|&e| e == call) else {
            continue;
        };
        let lives = map
            .buffers
            .iter()
            .filter(|b| is_planned(b.role) && b.start <= t && t < b.end);
        let mut live = Live {
            tensors: lives.map(|b| padded(b.size)).sum(),
            pairs: Vec::new(),
        };
        let buffer = |v: ValueId| map.buffers.iter().position(|b| b.value == root(&copy, v));
        let operands: Vec<ValueId> = copy.operands(call).collect();
        for (read, &x) in args.iter().zip(&operands) {
            for (written, &y) in args.iter().zip(&operands) {
                if let (KernelArg::Input(i), KernelArg::Output(o)) = (read, written)
                    && let (Some(a), Some(b)) = (buffer(x), buffer(y))
                    && [a, b].iter().all(|&i| is_planned(map.buffers[i].role))
                    && terms.overlap
                    && may_overlap(&copy, &map, t, (a, x), (b, y))
                {
                    live.pairs.push(Pair {
                        operand: (*i, map.buffers[a].size),
                        result: (*o, map.buffers[b].size),
                    });
                }
            }
        }
        all.insert(op, live);
    }
    Ok(all)
}
