//! Visiting an op and what is inside it, without recursion: nesting has no limit.

use super::{Module, WalkOrder};
use crate::OpId;
use crate::interfaces::Effects;

impl Module {
    /// An op and all ops in its regions.
    pub fn walk(&self, op: OpId, order: WalkOrder) -> Vec<OpId> {
        let mut out = Vec::new();
        match order {
            WalkOrder::Pre => {
                let mut next = vec![op];
                while let Some(op) = next.pop() {
                    out.push(op);
                    self.push_inner(op, &mut next);
                }
            }
            WalkOrder::Post => {
                let mut next = vec![(op, false)];
                let mut inner = Vec::new();
                while let Some((op, inside_done)) = next.pop() {
                    if inside_done {
                        out.push(op);
                        continue;
                    }
                    next.push((op, true));
                    self.push_inner(op, &mut inner);
                    next.extend(inner.drain(..).map(|o| (o, false)));
                }
            }
        }
        out
    }

    /// Pushes the ops directly in an op's regions, the first one last.
    fn push_inner(&self, op: OpId, out: &mut Vec<OpId>) {
        for &r in self.regions(op).iter().rev() {
            for &b in self.blocks(r).iter().rev() {
                out.extend(std::iter::successors(self.last_op(b), |&o| self.prev_op(o)));
            }
        }
    }

    /// Whether an op has no effects, by its trait or interface; ops with regions only if all ops inside have none.
    pub fn is_pure(&self, op: OpId) -> bool {
        let mut next = vec![op];
        while let Some(op) = next.pop() {
            if self.own_effects(op) != Effects::None {
                return false;
            }
            self.push_inner(op, &mut next);
        }
        true
    }

    /// What an op, with its regions, does to memory.
    pub fn effects(&self, op: OpId) -> Effects {
        let mut all = Effects::None;
        let mut next = vec![op];
        while let Some(op) = next.pop() {
            all = all.and(self.own_effects(op));
            if all == Effects::Unknown {
                return all;
            }
            self.push_inner(op, &mut next);
        }
        all
    }

    /// What an op does to memory, those in its regions not counted.
    pub fn own_effects(&self, op: OpId) -> Effects {
        match self.op_info(op) {
            Some(info) if info.traits.pure || info.traits.terminator => Effects::None,
            Some(_) => match self.registry.effects(self.op_name(op)) {
                Some(e) => e.effects(self.op(op)),
                None => Effects::Unknown,
            },
            None => Effects::Unknown,
        }
    }

    /// What an op that loads from or stores to one buffer accesses; `None` if it is no such op, or not known to be one.
    pub fn access(&self, op: OpId) -> Option<crate::interfaces::Access> {
        let interface = self.registry.access(self.op_name(op))?;
        interface.access(self.op(op))
    }
}
