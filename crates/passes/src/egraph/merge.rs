//! One call of claims that are neighbours.
//!
//! A claim that computes an operand of another claim of the same accelerator becomes one with it, where nothing between them needs the operand,
//! the accelerator takes both together, and that costs no more cycles than the two of them. What lies between them then need not leave
//! the accelerator. Two claims that read one value become one where that costs less: both results then need memory at once. The union of claims
//! is searched from the first op to the last, until none is left.

use super::decode::NewOp;
use ir::dialects::mcu::copy_block;
use ir::dialects::nn::{OffloadOp, YieldOp};
use ir::{BlockId, Builder, LocData, Module, OpId, OpState, Type, ValueId};
use pass::{Cost, Registry, Schedule};
use rustc_hash::{FxHashMap, FxHashSet};
use target::Target;

/// Ops in one claim at most.
pub const CLAIM_LIMIT: usize = 256;

/// Merges the claims of a block; `new` follows.
pub fn merge(
    m: &mut Module,
    block: BlockId,
    new: &mut Vec<NewOp>,
    registry: &Registry,
    target: &Target,
) {
    let mut refused: FxHashSet<(OpId, OpId)> = FxHashSet::default();
    while let Some((first, second)) = next(m, block, &refused) {
        match union(m, first, second, registry, target) {
            None => {
                refused.insert((first, second));
            }
            Some(merged) => {
                let mut origins = new.iter().filter(|n| n.op == first || n.op == second);
                if let Some(of_first) = origins.next() {
                    let mut origin = of_first.origin.clone();
                    for more in origins {
                        origin.locs.extend(more.origin.locs.iter().copied());
                        let rules = more.origin.rules.iter();
                        let others = rules.filter(|r| !origin.rules.contains(r)).cloned();
                        let others: Vec<String> = others.collect();
                        origin.rules.extend(others);
                    }
                    new.retain(|n| n.op != first && n.op != second);
                    new.push(NewOp { op: merged, origin });
                }
                m.erase(second);
                m.erase(first);
            }
        }
    }
}

/// The first two claims that may become one: nothing that the first computes is needed before the second.
fn next(m: &Module, block: BlockId, refused: &FxHashSet<(OpId, OpId)>) -> Option<(OpId, OpId)> {
    let ops: Vec<OpId> = m.ops(block).collect();
    let position: FxHashMap<OpId, usize> = ops.iter().enumerate().map(|(i, &o)| (o, i)).collect();
    let who = |op: OpId| OffloadOp::cast(m, op).map(|o| o.accelerator(m));
    for &second in ops.iter().filter(|&&o| who(o).is_some()) {
        let behind = |u: OpId| position.get(&u).is_some_and(|p| *p > position[&second]);
        let before = |u: OpId| position.get(&u).is_some_and(|p| *p < position[&second]);
        let feeding = m.operands(second).filter_map(|v| m.defining_op(v));
        let readers = m.operands(second).flat_map(|v| m.uses(v)).map(|u| u.0);
        for first in feeding.chain(readers.filter(|&u| before(u))) {
            if who(first) != who(second) || refused.contains(&(first, second)) {
                continue;
            }
            let users = m.results(first).iter().flat_map(|&r| m.uses(r));
            let mut others = users.map(|u| u.0).filter(|&u| u != second);
            if others.all(behind) {
                return Some((first, second));
            }
        }
    }
    None
}

/// Makes one claim of two, in the place of the second, and has it computed instead; `None` if the accelerator does not want that.
fn union(
    m: &mut Module,
    first: OpId,
    second: OpId,
    registry: &Registry,
    target: &Target,
) -> Option<OpId> {
    let accelerator = OffloadOp(first).accelerator(m);
    let mut inputs: Vec<ValueId> = Vec::new();
    for op in [first, second] {
        for v in m.operands(op).collect::<Vec<_>>() {
            if m.defining_op(v) != Some(first) && !inputs.contains(&v) {
                inputs.push(v);
            }
        }
    }
    // What the first computes that somebody else needs, too, comes behind the results of the second.
    let needed = |v: &&ValueId| m.uses(**v).iter().any(|u| u.0 != second);
    let kept: Vec<ValueId> = m.results(first).iter().filter(needed).copied().collect();
    let replaced: Vec<ValueId> = [m.results(second), &kept[..]].concat();
    let types: Vec<Type> = replaced.iter().map(|&v| m.value_type(v)).collect();

    let who = m.str_attr(&accelerator);
    let locs = vec![m.op_loc(first), m.op_loc(second)];
    let loc = fused(m, locs);
    let state = OpState::new(OffloadOp::NAME)
        .operands(&inputs)
        .results(&types)
        .prop("accelerator", who)
        .regions(1)
        .loc(loc);
    let merged = m.create(state);
    let argument_types: Vec<Type> = inputs.iter().map(|&v| m.value_type(v)).collect();
    let body = m.add_block(m.regions(merged)[0], &argument_types);
    let arguments = m.block_args(body).to_vec();
    let mut values: FxHashMap<ValueId, ValueId> = inputs.into_iter().zip(arguments).collect();
    for op in [first, second] {
        let block = OffloadOp(op).block(m)?;
        let taken: Vec<ValueId> = m.operands(op).map(|v| values[&v]).collect();
        let results = copy_block(m, block, &taken, body);
        values.extend(m.results(op).iter().copied().zip(results));
    }
    let yielded: Vec<ValueId> = replaced.iter().map(|v| values[v]).collect();
    Builder::at_end(m, body).op(YieldOp::NAME, &yielded, &[]);
    m.insert_before(second, merged);

    let schedule = registry.schedules().find(|s| s.name() == accelerator);
    let cost = |m: &Module, op| schedule.and_then(|s| cost(m, op, s, target));
    let apart = [first, second].map(|op| cost(m, op).map_or(0, |c| c.cycles));
    let apart = apart[0].saturating_add(apart[1]);
    let fed = m.operands(second).any(|v| m.defining_op(v) == Some(first));
    let wanted = |c: Cost| c.cycles < apart || fed && c.cycles == apart;
    let together = cost(m, merged).filter(|_| m.ops(body).count() <= CLAIM_LIMIT);
    if !together.is_some_and(wanted) {
        m.erase(merged);
        return None;
    }
    let results = m.results(merged).to_vec();
    for (old, by) in replaced.into_iter().zip(results) {
        m.replace_all_uses(old, by);
    }
    Some(merged)
}

fn cost(m: &Module, op: OpId, schedule: &dyn Schedule, target: &Target) -> Option<Cost> {
    let r = m.op(op);
    schedule.applies(r, target).ok()?;
    let space = schedule.space(r, target).into_iter();
    let costs = space.map(|k| schedule.cost(r, &k, target));
    costs.min_by_key(|c| (c.cycles, c.flash, c.ram))
}

/// A location for all of these.
fn fused(m: &mut Module, locs: Vec<ir::Loc>) -> ir::Loc {
    let mut parts: Vec<ir::Loc> = Vec::new();
    for loc in locs {
        let of = match m.loc_data(loc) {
            LocData::Fused { tag: None, parts } => parts.clone(),
            _ => vec![loc],
        };
        parts.extend(
            of.into_iter()
                .filter(|l| !parts.contains(l))
                .collect::<Vec<_>>(),
        );
    }
    m.loc(LocData::Fused { tag: None, parts })
}
