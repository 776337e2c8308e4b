//! Kernels in two halves: when the second one is called.

use super::Lowering;
use ir::dialects::nn::{self, OffloadOp};
use ir::{OpId, ValueId};

/// A kernel that is started and not waited for.
pub(super) struct Pending {
    /// The op that it computes.
    op: OpId,
    /// The function that waits.
    wait: OpId,
    /// What both halves get.
    operands: Vec<ValueId>,
    /// What it reads, by roots.
    reads: Vec<ValueId>,
    /// What it writes, by roots.
    writes: Vec<ValueId>,
}

impl Lowering<'_> {
    /// Notes that an op's kernel runs. With a budget of bytes it is waited for at once: what it uses lives until then.
    pub(super) fn started(&mut self, op: OpId, wait: OpId, operands: Vec<ValueId>) {
        let (reads, writes) = self.roots(op);
        self.pending.push(Pending {
            op,
            wait,
            operands,
            reads,
            writes,
        });
        if self.budget.is_some() {
            self.wait_for_all();
        }
    }

    /// Waits for what an op needs, or would get in the way of.
    pub(super) fn wait_for(&mut self, op: OpId) {
        let name = self.m.op_name(op);
        if self.pending.is_empty() || name == nn::ConstantOp::NAME || name == nn::ReshapeOp::NAME {
            return;
        }
        let (reads, writes) = self.roots(op);
        // A result that is returned may take the place of an old state.
        let returned = writes.iter().any(|r| self.destinations.contains_key(r));
        let who = |l: &Self, op| OffloadOp::cast(l.m, op).map(|o| o.accelerator(l.m));
        let same = who(self, op);
        let (now, later) =
            std::mem::take(&mut self.pending)
                .into_iter()
                .partition(|p: &Pending| {
                    returned
                        || (same.is_some() && who(self, p.op) == same)
                        || p.reads.iter().any(|r| writes.contains(r))
                        || p.writes
                            .iter()
                            .any(|r| reads.contains(r) || writes.contains(r))
                });
        self.pending = later;
        self.call_waits(now);
    }

    /// Waits for everything.
    pub(super) fn wait_for_all(&mut self) {
        let all = std::mem::take(&mut self.pending);
        self.call_waits(all);
    }

    fn call_waits(&mut self, all: Vec<Pending>) {
        for p in all {
            let name = self.m.symbol_name(p.wait).unwrap_or_default().to_owned();
            let call = self.builder(p.op).call(&name, &p.operands, &[]);
            let op_name = self.m.op_name(p.op).to_owned();
            let op_name = self.m.str_attr(&op_name);
            self.m.set_discardable(call, "mcu.op", op_name);
            let half = self.m.str_attr("wait");
            self.m.set_discardable(call, "mcu.schedule", half);
        }
    }

    /// The roots of what an op reads, and of what it writes.
    fn roots(&self, op: OpId) -> (Vec<ValueId>, Vec<ValueId>) {
        let root = |v: ValueId| self.views.place(v).root;
        let results = self.m.results(op).iter();
        (
            self.m.operands(op).map(root).collect(),
            results.map(|&v| root(v)).collect(),
        )
    }
}
