//! `scf`: loops that run never or once, conditions that are known, carried values that carry nothing.

use super::add;
use crate::known::{int, signed, width};
use ir::dialects::scf::{ForOp, IfOp};
use ir::rewrite::{FnPattern, pattern};
use ir::{BlockId, Builder, Module, OpId, OpState, Type, ValueId};
use pass::{RegistryBuilder, RegistryError};

type Rewrite = fn(&mut Module, OpId) -> Option<()>;

/// How often a loop of constant bounds runs.
pub(crate) fn trips(m: &Module, op: OpId) -> Option<i128> {
    let f = ForOp::cast(m, op)?;
    let w = width(m, m.value_type(f.lower(m)))?;
    let of = |v: ValueId| int(m, v).map(|c| signed(c, w));
    let (lower, upper) = (of(f.lower(m))?, of(f.upper(m))?);
    if upper <= lower {
        return Some(0);
    }
    let step = of(f.step(m)).filter(|&s| s > 0)?;
    Some((upper - lower + step - 1) / step)
}

/// The values that a block hands on by its terminator.
fn yielded(m: &Module, block: BlockId) -> Option<(OpId, Vec<ValueId>)> {
    let last = m.last_op(block)?;
    (m.op_name(last) == "scf.yield").then(|| (last, m.operands(last).collect()))
}

/// Puts a block's ops in the place of an op, whose results are what the block yields.
fn splice(m: &mut Module, op: OpId, block: BlockId) -> Option<()> {
    let (last, _) = yielded(m, block)?;
    m.move_ops_before(block, op);
    let values: Vec<ValueId> = m.operands(last).collect();
    m.erase(last);
    m.replace_op(op, &values);
    Some(())
}

fn for_never(m: &mut Module, op: OpId) -> Option<()> {
    (trips(m, op)? == 0).then_some(())?;
    let inits = ForOp(op).inits(m);
    m.replace_op(op, &inits);
    Some(())
}

fn for_once(m: &mut Module, op: OpId) -> Option<()> {
    (trips(m, op)? == 1).then_some(())?;
    let block = m.entry_block(op)?;
    yielded(m, block)?;
    let f = ForOp(op);
    let mut values = vec![f.lower(m)];
    values.extend(f.inits(m));
    for (arg, value) in m.block_args(block).to_vec().into_iter().zip(values) {
        m.replace_all_uses(arg, value);
    }
    splice(m, op, block)
}

fn for_unchanged_carry(m: &mut Module, op: OpId) -> Option<()> {
    let block = m.entry_block(op)?;
    let (_, next) = yielded(m, block)?;
    let inits = ForOp(op).inits(m);
    let args = m.block_args(block).to_vec();
    let mut changed = None;
    for (i, &init) in inits.iter().enumerate() {
        let arg = *args.get(i + 1)?;
        let result = m.result(op, i);
        if next[i] != arg && next[i] != init {
            continue;
        }
        // The yield's own use stays until the carry goes.
        let used_inside = m
            .uses(arg)
            .iter()
            .any(|&(user, _)| m.op_name(user) != "scf.yield" || m.op_block(user) != Some(block));
        if !used_inside && m.uses(result).is_empty() {
            continue;
        }
        m.replace_all_uses(arg, init);
        m.replace_all_uses(result, init);
        changed = Some(());
    }
    changed
}

/// A chain of more ops is not searched for what it is computed for.
const MAX_CHAIN: usize = 64;

/// The ops that compute a carried value from itself, if nothing else comes of it.
fn only_for_itself(m: &Module, op: OpId, last: OpId, i: usize, arg: ValueId) -> Option<Vec<OpId>> {
    m.uses(m.result(op, i)).is_empty().then_some(())?;
    let mut chain: Vec<OpId> = Vec::new();
    let mut next = vec![arg];
    while let Some(v) = next.pop() {
        for &(user, at) in m.uses(v) {
            if (user == last && at as usize == i) || chain.contains(&user) {
                continue;
            }
            let info = m.op_info(user)?.traits;
            let only_computes = info.pure && !info.terminator && m.regions(user).is_empty();
            (only_computes && chain.len() < MAX_CHAIN).then_some(())?;
            chain.push(user);
            next.extend(m.results(user));
        }
    }
    Some(chain)
}

fn for_unused_carry(m: &mut Module, op: OpId) -> Option<()> {
    let block = m.entry_block(op)?;
    let (last, next) = yielded(m, block)?;
    let args = m.block_args(block).to_vec();
    let chains: Vec<Option<Vec<OpId>>> = (0..next.len())
        .map(|i| only_for_itself(m, op, last, i, args[i + 1]))
        .collect();
    let keep: Vec<usize> = (0..next.len()).filter(|&i| chains[i].is_none()).collect();
    (keep.len() < next.len()).then_some(())?;
    let next: Vec<ValueId> = keep.iter().map(|&i| next[i]).collect();
    m.set_operands(last, &next);
    let mut dead: Vec<OpId> = chains.into_iter().flatten().flatten().collect();
    dead.sort_unstable();
    dead.dedup();
    for &op in &dead {
        m.set_operands(op, &[]);
    }
    for op in dead {
        m.erase(op);
    }
    for i in (0..args.len() - 1).rev().filter(|i| !keep.contains(i)) {
        m.remove_block_arg(block, i + 1);
    }
    let f = ForOp(op);
    let inits = f.inits(m);
    let mut operands = vec![f.lower(m), f.upper(m), f.step(m)];
    operands.extend(keep.iter().map(|&i| inits[i]));
    let types: Vec<Type> = keep
        .iter()
        .map(|&i| m.value_type(m.result(op, i)))
        .collect();
    let state = OpState::new(ForOp::NAME)
        .operands(&operands)
        .results(&types);
    let mut state = state.regions(1);
    for &(k, a) in m.discardables(op) {
        state = state.attr(m.text(k), a);
    }
    let new = Builder::before(m, op).insert(state);
    let (from, to) = (m.regions(op)[0], m.regions(new)[0]);
    m.move_blocks(from, to);
    for (at, &i) in keep.iter().enumerate() {
        let (old, new) = (m.result(op, i), m.result(new, at));
        m.replace_all_uses(old, new);
    }
    m.erase(op);
    Some(())
}

fn if_known(m: &mut Module, op: OpId) -> Option<()> {
    let condition = int(m, IfOp(op).condition(m))?;
    let region = m.regions(op)[usize::from(condition == 0)];
    match m.blocks(region).first().copied() {
        Some(block) => splice(m, op, block),
        None => {
            m.erase(op);
            Some(())
        }
    }
}

fn if_to_select(m: &mut Module, op: OpId) -> Option<()> {
    let regions = m.regions(op).to_vec();
    let mut sides = Vec::new();
    for r in regions {
        let block = *m.blocks(r).first()?;
        let (last, values) = yielded(m, block)?;
        // Nothing but the yield: its values come from outside.
        m.prev_op(last).is_none().then_some(())?;
        sides.push(values);
    }
    let [on_true, on_false] = sides.as_slice() else {
        return None;
    };
    (!on_true.is_empty()).then_some(())?;
    let condition = IfOp(op).condition(m);
    let mut b = Builder::before(m, op);
    let mut values = Vec::new();
    for (&x, &y) in on_true.iter().zip(on_false) {
        values.push(if x == y { x } else { b.select(condition, x, y) });
    }
    m.replace_op(op, &values);
    Some(())
}

/// An `else` region that does nothing is no region.
fn if_empty_else(m: &mut Module, op: OpId) -> Option<()> {
    m.results(op).is_empty().then_some(())?;
    let region = *m.regions(op).get(1)?;
    let block = *m.blocks(region).first()?;
    let (last, _) = yielded(m, block)?;
    m.prev_op(last).is_none().then_some(())?;
    let state = OpState::new(IfOp::NAME)
        .operands(&[IfOp(op).condition(m)])
        .regions(2);
    let new = Builder::before(m, op).insert(state);
    let (from, to) = (m.regions(op)[0], m.regions(new)[0]);
    m.move_blocks(from, to);
    m.erase(op);
    Some(())
}

pub(super) fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    let patterns: [FnPattern<Rewrite>; 7] = [
        pattern(
            "scf.for-never",
            ForOp::NAME,
            "a loop from l to u <= l is its initial values",
            for_never,
        ),
        pattern(
            "scf.for-once",
            ForOp::NAME,
            "a loop of one iteration is its body",
            for_once,
        ),
        pattern(
            "scf.for-unchanged-carry",
            ForOp::NAME,
            "a carried value that the body hands on unchanged, or replaces by its initial value, is its initial value",
            for_unchanged_carry,
        ),
        pattern(
            "scf.for-unused-carry",
            ForOp::NAME,
            "a carried value of which nothing comes but itself is not carried",
            for_unused_carry,
        ),
        pattern(
            "scf.if-known",
            IfOp::NAME,
            "if true is its first region, if false its second",
            if_known,
        ),
        pattern(
            "scf.if-to-select",
            IfOp::NAME,
            "if c {x} else {y} = select(c, x, y), if the regions compute nothing",
            if_to_select,
        ),
        pattern(
            "scf.if-empty-else",
            IfOp::NAME,
            "an empty else region is none",
            if_empty_else,
        ),
    ];
    add(r, patterns)
}
