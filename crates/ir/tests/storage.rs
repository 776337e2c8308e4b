//! The module's entity storage against a plain model of it.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::{DialectRegistry, Loc, Module, OpId, OpState, ValueId, dialects};
use proptest::prelude::*;
use std::sync::Arc;

fn module() -> Module {
    let mut b = DialectRegistry::builder();
    dialects::register_all(&mut b).unwrap();
    Module::new(Arc::new(b.freeze()))
}

/// A random edit; the numbers choose ops, values and places modulo what is there.
#[derive(Clone, Debug)]
enum Edit {
    Append(Vec<usize>),
    Insert(usize, Vec<usize>),
    Move(usize, usize),
    SetOperand(usize, usize, usize),
    SetOperands(usize, Vec<usize>),
    ReplaceAll(usize, usize),
    Erase(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let n = 0usize..1000;
    let list = proptest::collection::vec(0usize..1000, 0..4);
    prop_oneof![
        4 => list.clone().prop_map(Edit::Append),
        2 => (n.clone(), list.clone()).prop_map(|(a, l)| Edit::Insert(a, l)),
        2 => (n.clone(), n.clone()).prop_map(|(a, b)| Edit::Move(a, b)),
        3 => (n.clone(), n.clone(), n.clone()).prop_map(|(a, b, c)| Edit::SetOperand(a, b, c)),
        1 => (n.clone(), list).prop_map(|(a, l)| Edit::SetOperands(a, l)),
        2 => (n.clone(), n.clone()).prop_map(|(a, b)| Edit::ReplaceAll(a, b)),
        2 => n.prop_map(Edit::Erase),
    ]
}

/// What the block should hold: each op with its operands.
type Model = Vec<(OpId, Vec<ValueId>)>;

fn values(m: &Module, model: &Model, arg: ValueId) -> Vec<ValueId> {
    std::iter::once(arg)
        .chain(model.iter().map(|(op, _)| m.result(*op, 0)))
        .collect()
}

fn check(m: &Module, block: ir::BlockId, model: &Model, arg: ValueId) {
    let ops: Vec<OpId> = m.ops(block).collect();
    assert_eq!(ops, model.iter().map(|x| x.0).collect::<Vec<_>>());
    assert_eq!(m.last_op(block), ops.last().copied());
    for (i, (op, operands)) in model.iter().enumerate() {
        assert_eq!(m.operands(*op).collect::<Vec<_>>(), *operands);
        assert_eq!(m.prev_op(*op), i.checked_sub(1).map(|j| ops[j]));
        assert_eq!(m.next_op(*op), ops.get(i + 1).copied());
        assert_eq!(m.op_block(*op), Some(block));
    }
    for v in values(m, model, arg) {
        let mut expected: Vec<(OpId, u32)> = Vec::new();
        for (op, operands) in model {
            expected.extend(
                operands
                    .iter()
                    .enumerate()
                    .filter(|x| *x.1 == v)
                    .map(|x| (*op, x.0 as u32)),
            );
        }
        let mut got = m.uses(v).to_vec();
        got.sort();
        expected.sort();
        assert_eq!(got, expected);
    }
}

proptest! {
    #[test]
    fn edits_keep_order_and_use_lists(edits in proptest::collection::vec(edit(), 1..60)) {
        let mut m = module();
        let i32 = m.i32();
        let (_, block) = dialects::func::build_func(&mut m, "f", &[i32], &[], Loc::UNKNOWN);
        let arg = m.block_args(block)[0];
        let mut model: Model = Vec::new();
        for e in edits {
            let all = values(&m, &model, arg);
            let pick = |l: &[usize]| l.iter().map(|i| all[i % all.len()]).collect::<Vec<_>>();
            let new = |m: &mut Module, operands: &[ValueId]| m.create(OpState::new("acme.op").operands(operands).results(&[i32]));
            let n = model.len();
            match e {
                Edit::Append(l) => {
                    let operands = pick(&l);
                    let op = new(&mut m, &operands);
                    m.append(block, op);
                    model.push((op, operands));
                }
                _ if n == 0 => {}
                Edit::Insert(at, l) => {
                    let operands = pick(&l);
                    let op = new(&mut m, &operands);
                    m.insert_before(model[at % n].0, op);
                    model.insert(at % n, (op, operands));
                }
                Edit::Move(a, b) => {
                    let moved = model.remove(a % n);
                    m.detach(moved.0);
                    if model.is_empty() {
                        m.append(block, moved.0);
                        model.push(moved);
                    } else {
                        let at = b % model.len();
                        m.insert_before(model[at].0, moved.0);
                        model.insert(at, moved);
                    }
                }
                Edit::SetOperand(a, i, v) => {
                    let (op, operands) = &mut model[a % n];
                    if !operands.is_empty() {
                        let i = i % operands.len();
                        operands[i] = all[v % all.len()];
                        m.set_operand(*op, i, operands[i]);
                    }
                }
                Edit::SetOperands(a, l) => {
                    let operands = pick(&l);
                    m.set_operands(model[a % n].0, &operands);
                    model[a % n].1 = operands;
                }
                Edit::ReplaceAll(a, b) => {
                    let (old, new) = (all[a % all.len()], all[b % all.len()]);
                    m.replace_all_uses(old, new);
                    for (_, operands) in &mut model {
                        for o in operands.iter_mut().filter(|o| **o == old) {
                            *o = new;
                        }
                    }
                }
                Edit::Erase(a) => {
                    let op = model[a % n].0;
                    let result = m.result(op, 0);
                    let own = model[a % n].1.contains(&result);
                    if !own && m.uses(result).is_empty() {
                        m.erase(op);
                        model.remove(a % n);
                        prop_assert!(!m.contains(op));
                    }
                }
            }
            check(&m, block, &model, arg);
        }
    }
}
