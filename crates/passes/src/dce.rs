//! `dce`: removes ops without effects whose results nobody uses, loops and conditions among them.
//!
//! One walk from the end: linear in the number of ops. An op that is not registered stays, and so does all that it uses.

use ir::interfaces::Effects;
use ir::{Module, OpId, WalkOrder};
use pass::{ANY, Failed, Pass, PassCx, PassInfo};
use rustc_hash::FxHashMap;

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "dce",
        ANY,
        "Remove ops without effects whose results are unused.",
        Dce,
    )
    .idempotent()
}

#[derive(Clone)]
struct Dce;

impl Pass for Dce {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let mut all = m.walk(root, WalkOrder::Pre);
        let effects = effects(m, &all);
        // Users mostly come after what they use, so one walk from the end sees nearly every op after its users are gone; where blocks are
        // in another order, what an erased op used is looked at again.
        while let Some(op) = all.pop() {
            if op == root || !m.contains(op) || !is_dead(m, op, &effects) {
                continue;
            }
            if !cx.fuel.take() {
                return Ok(());
            }
            for o in m.walk(op, WalkOrder::Pre) {
                all.extend(m.operands(o).filter_map(|v| m.defining_op(v)));
            }
            m.erase(op);
            cx.count("erased", 1);
        }
        Ok(())
    }
}

/// The effects of each op with those inside it, from ops in pre-order.
fn effects(m: &Module, all: &[OpId]) -> FxHashMap<OpId, Effects> {
    let mut effects: FxHashMap<OpId, Effects> =
        FxHashMap::with_capacity_and_hasher(all.len(), Default::default());
    for &op in all.iter().rev() {
        let inside = effects.get(&op).copied().unwrap_or(Effects::None);
        let own = m.own_effects(op).and(inside);
        effects.insert(op, own);
        if let Some(parent) = m.parent_op(op) {
            let around = effects.get(&parent).copied().unwrap_or(Effects::None);
            effects.insert(parent, around.and(own));
        }
    }
    effects
}

fn is_dead(m: &Module, op: OpId, effects: &FxHashMap<OpId, Effects>) -> bool {
    let removable = m
        .op_info(op)
        .is_some_and(|i| !i.traits.terminator && !i.traits.symbol);
    removable
        && effects.get(&op) == Some(&Effects::None)
        && m.results(op).iter().all(|&v| m.uses(v).is_empty())
}
