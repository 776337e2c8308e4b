//! Putting a region's contents in its op's place, and carrying fewer values through loops.

use super::delete::replacement;
use super::ends_block;
use crate::dialects::scf::ForOp;
use crate::{Module, OpId, OpState, Type, ValueId, WalkOrder};

/// An edit of an op with regions.
pub enum Edit {
    /// The contents of a region instead of the op.
    Inline(OpId, usize),
    /// A loop carries one value less.
    Drop(OpId, usize),
}

/// Every such edit, inner ops first.
pub fn candidates(m: &Module) -> Vec<Edit> {
    let mut edits = Vec::new();
    for op in m.walk(m.root(), WalkOrder::Post) {
        let nested = op != m.root() && m.parent_op(op) != Some(m.root());
        if nested {
            edits.extend((0..m.regions(op).len()).map(|r| Edit::Inline(op, r)));
        }
        if m.op_name(op) == ForOp::NAME {
            edits.extend((0..m.results(op).len()).rev().map(|i| Edit::Drop(op, i)));
        }
    }
    edits
}

/// Makes an edit, if it still fits.
pub fn apply(m: &mut Module, edit: &Edit) {
    match *edit {
        Edit::Inline(op, region) => inline(m, op, region),
        Edit::Drop(op, i) => drop_carried(m, op, i),
    };
}

fn inline(m: &mut Module, op: OpId, region: usize) -> Option<()> {
    let &region = m.contains(op).then(|| m.regions(op).get(region))??;
    let &[block] = m.blocks(region) else {
        return None;
    };
    let args = m.block_args(block).to_vec();
    let mut initial = Vec::with_capacity(args.len());
    for (i, &arg) in args.iter().enumerate() {
        initial.push(initial_value(m, op, i, m.value_type(arg))?);
    }
    for (&arg, value) in args.iter().zip(initial) {
        m.replace_all_uses(arg, value);
    }
    let last = m.last_op(block).filter(|&o| ends_block(m, o));
    let yielded: Vec<ValueId> = last.map(|o| m.operands(o).collect()).unwrap_or_default();
    let inside: Vec<OpId> = m.ops(block).filter(|&o| Some(o) != last).collect();
    for o in inside {
        m.detach(o);
        m.insert_before(op, o);
    }
    let results = m.results(op).to_vec();
    for (i, v) in results.into_iter().enumerate() {
        if m.uses(v).is_empty() {
            continue;
        }
        let ty = m.value_type(v);
        let same = yielded.get(i).copied().filter(|&y| m.value_type(y) == ty);
        let value = same.or_else(|| replacement(m, op, ty))?;
        m.replace_all_uses(v, value);
    }
    m.erase(op);
    Some(())
}

/// What a block's argument is at first: a loop's lower bound and initial values, else any value of the type.
fn initial_value(m: &mut Module, op: OpId, i: usize, ty: Type) -> Option<ValueId> {
    if m.op_name(op) == ForOp::NAME {
        let operand = if i == 0 { 0 } else { i + 2 };
        return m.operands(op).nth(operand);
    }
    replacement(m, op, ty)
}

/// A loop without its `i`-th carried value, which stays what it was at first.
fn drop_carried(m: &mut Module, op: OpId, i: usize) -> Option<()> {
    let body = m.contains(op).then(|| m.entry_block(op))??;
    let mut operands: Vec<ValueId> = m.operands(op).collect();
    let terminator = m.last_op(body)?;
    let mut next: Vec<ValueId> = m.operands(terminator).collect();
    let args = m.block_args(body).to_vec();
    let results = m.results(op).to_vec();
    let sound = operands.len() == 3 + results.len()
        && next.len() == results.len()
        && args.len() == 1 + results.len();
    if !sound || i >= results.len() {
        return None;
    }
    let init = operands.remove(3 + i);
    next.remove(i);
    m.replace_all_uses(args[1 + i], init);
    m.set_operands(terminator, &next);
    m.replace_all_uses(results[i], init);

    let kept = |list: &[ValueId], skip: usize| -> Vec<ValueId> {
        let others = list.iter().enumerate().filter(|&(at, _)| at != skip);
        others.map(|(_, &v)| v).collect()
    };
    let (args, results) = (kept(&args, 1 + i), kept(&results, i));
    let types = |m: &Module, list: &[ValueId]| -> Vec<Type> {
        list.iter().map(|&v| m.value_type(v)).collect()
    };
    let state = OpState::new(ForOp::NAME)
        .loc(m.op_loc(op))
        .operands(&operands)
        .results(&types(m, &results))
        .regions(1);
    let new = m.create(state);
    m.insert_before(op, new);
    let block = {
        let types = types(m, &args);
        let region = m.regions(new)[0];
        m.add_block(region, &types)
    };
    for (at, &arg) in args.iter().enumerate() {
        let to = m.block_args(block)[at];
        m.replace_all_uses(arg, to);
    }
    for (at, &v) in results.iter().enumerate() {
        let to = m.result(new, at);
        m.replace_all_uses(v, to);
    }
    let inside: Vec<OpId> = m.ops(body).collect();
    for o in inside {
        m.detach(o);
        m.append(block, o);
    }
    m.erase(op);
    Some(())
}
