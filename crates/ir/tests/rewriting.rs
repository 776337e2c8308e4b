//! The greedy driver, folding, and moving and copying of ops.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::dialects::{self, arith, func, scf};
use ir::interfaces::{Datum, EvalError, Folded, Results};
use ir::rewrite::{Fuel, Pattern, PatternSet, apply_patterns, fold, pattern};
use ir::{
    Builder, DialectRegistry, Loc, LocData, Module, OpId, OpRef, OpState, ValueId, WalkOrder, text,
    verify,
};
use rustc_hash::FxHashMap;
use smallvec::smallvec;
use std::sync::Arc;

/// Wrapping sums of `i8`.
fn add_i8(_: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    match args {
        [Datum::Int(a), Datum::Int(b)] => Ok(smallvec![Datum::Int(i64::from(
            (*a as i8).wrapping_add(*b as i8)
        ))]),
        _ => Err(EvalError::Unsupported("not integers".to_owned())),
    }
}

fn module() -> Module {
    let mut r = DialectRegistry::builder();
    dialects::register_all(&mut r).unwrap();
    r.interpret("arith.addi", add_i8).unwrap();
    // x - x = 0, and nothing else.
    r.fold("arith.subi", |m: &mut Module, op: OpId| {
        let same = m.operand(op, 0) == m.operand(op, 1);
        let ty = m.value_type(m.result(op, 0));
        let zero = m.int_attr(0, ty);
        same.then(|| smallvec![Folded::Constant(zero)])
    })
    .unwrap();
    Module::new(Arc::new(r.freeze()))
}

/// A function `f` of two `i8`.
fn function(
    m: &mut Module,
    build: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> Vec<ValueId>,
) -> OpId {
    let i8 = m.i8();
    let (f, entry) = func::build_func(m, "f", &[i8, i8], &[i8], Loc::UNKNOWN);
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(m, entry);
    let results = build(&mut b, &args);
    b.op("func.return", &results, &[]);
    assert!(verify::verify(m).is_ok());
    f
}

fn names(m: &Module, f: OpId) -> Vec<&str> {
    let all = m.walk(f, WalkOrder::Pre);
    all.into_iter().skip(1).map(|op| m.op_name(op)).collect()
}

fn set(patterns: Vec<Arc<dyn Pattern>>) -> PatternSet {
    PatternSet::new(patterns)
}

#[test]
fn folds_by_interpretation_and_by_interface() {
    let mut m = module();
    let f = function(&mut m, |b, x| {
        let i8 = b.m.i8();
        // An attribute may state −56 as 200.
        let (c, d) = (b.const_int(200, i8), b.const_int(100, i8));
        let sum = b.addi(c, d);
        let zero = b.subi(x[0], x[0]);
        vec![b.andi(sum, zero)]
    });
    let rewrites = apply_patterns(&mut m, f, &set(vec![]), &mut Fuel::unlimited());
    assert!(rewrites.converged);
    assert_eq!(rewrites.applied["fold"], 2);
    assert_eq!(rewrites.applied["erase-dead"], 2);
    let constants: Vec<i64> = m
        .walk(f, WalkOrder::Pre)
        .into_iter()
        .filter_map(|op| arith::ConstantOp::cast(&m, op).and_then(|c| m.attr_int(c.value(&m))))
        .collect();
    assert_eq!(constants, [44, 0]);
    assert!(verify::verify(&m).is_ok());
}

#[test]
fn a_constant_is_read_at_the_width_of_its_type() {
    let mut m = module();
    let (i1, i8, i64, index) = (m.i1(), m.i8(), m.i64(), m.index());
    for (value, ty, expected) in [
        (255, i8, -1),
        (127, i8, 127),
        (-1, i1, 1),
        (1, i1, 1),
        (i64::MIN, i64, i64::MIN),
        (0xffff_ffff, index, -1),
    ] {
        let attr = m.int_attr(value, ty);
        assert_eq!(fold::datum(&m, attr), Some(Datum::Int(expected)));
    }
}

#[test]
fn benefit_then_order_decides_and_fuel_ends_it() {
    let to = |name: &'static str, benefit: u32| {
        let p = pattern(
            name,
            "arith.xori",
            "for the test",
            move |m: &mut Module, op| {
                let (x, y) = (m.operand(op, 0), m.operand(op, 1));
                let new = Builder::before(m, op).ori(x, y);
                m.replace_op(op, &[new]);
                Some(())
            },
        );
        Arc::new(p.with_benefit(benefit)) as Arc<dyn Pattern>
    };
    let build = |m: &mut Module| {
        function(m, |b, x| {
            let y = b.xori(x[0], x[1]);
            vec![b.xori(y, x[1])]
        })
    };
    let mut m = module();
    let f = build(&mut m);
    let patterns = set(vec![
        to("test.low", 1),
        to("test.high", 2),
        to("test.later", 2),
    ]);
    let rewrites = apply_patterns(&mut m, f, &patterns, &mut Fuel::unlimited());
    assert_eq!(rewrites.applied.get("test.high"), Some(&2));
    assert_eq!(rewrites.total(), 2);

    let mut m = module();
    let f = build(&mut m);
    let mut fuel = Fuel::limited(1);
    let rewrites = apply_patterns(&mut m, f, &patterns, &mut fuel);
    assert!(rewrites.converged && !fuel.is_left());
    assert_eq!(names(&m, f), ["arith.ori", "arith.xori", "func.return"]);
}

#[test]
fn an_op_is_looked_at_again_when_what_it_hands_on_changes() {
    // A loop is touched only after its yield has changed.
    let yields_one = pattern(
        "test.swap",
        "scf.for",
        "for the test",
        |m: &mut Module, op| {
            let block = m.entry_block(op)?;
            let last = m.last_op(block)?;
            let handed_on = m.operand(last, 0);
            let own = m.block_args(block)[1];
            let result = m.result(op, 0);
            (handed_on == own && !m.uses(result).is_empty()).then_some(())?;
            let init = scf::ForOp(op).inits(m)[0];
            m.replace_all_uses(result, init);
            Some(())
        },
    );
    let itself = pattern(
        "test.itself",
        "arith.andi",
        "x & x = x",
        |m: &mut Module, op| {
            let x = m.operand(op, 0);
            (x == m.operand(op, 1)).then_some(())?;
            m.replace_op(op, &[x]);
            Some(())
        },
    );
    let mut m = module();
    let f = function(&mut m, |b, x| {
        b.for_range(0, 9, 1, &[x[0]], |b, _, carried| {
            vec![b.andi(carried[0], carried[0])]
        })
    });
    let patterns = set(vec![Arc::new(yields_one), Arc::new(itself)]);
    let rewrites = apply_patterns(&mut m, f, &patterns, &mut Fuel::unlimited());
    assert_eq!(rewrites.applied.get("test.swap"), Some(&1));
    // Nothing uses the loop any more.
    assert_eq!(names(&m, f), ["func.return"]);
}

#[test]
fn patterns_that_never_end_are_stopped() {
    let flip = pattern(
        "test.flip",
        "arith.addi",
        "x + y = y + x",
        |m: &mut Module, op| {
            let (x, y) = (m.operand(op, 0), m.operand(op, 1));
            m.set_operands(op, &[y, x]);
            Some(())
        },
    );
    let mut m = module();
    let f = function(&mut m, |b, x| vec![b.addi(x[0], x[1])]);
    let patterns = set(vec![Arc::new(flip)]);
    let rewrites = apply_patterns(&mut m, f, &patterns, &mut Fuel::unlimited());
    assert!(!rewrites.converged);
    assert_eq!(rewrites.last.as_deref(), Some("test.flip"));
    assert!(verify::verify(&m).is_ok());
}

#[test]
fn copies_and_moves_keep_the_module_whole() {
    let mut m = module();
    let f = function(&mut m, |b, x| {
        let (lo, hi, step) = (b.const_index(0), b.const_index(4), b.const_index(1));
        b.for_loop(lo, hi, step, &[x[0]], |b, _, carried| {
            let sum = b.addi(carried[0], x[1]);
            vec![b.xori(sum, carried[0])]
        })
    });
    let loop_op = m
        .ops(m.entry_block(f).unwrap())
        .find(|&op| m.op_name(op) == "scf.for")
        .unwrap();
    let file = m.str("f.mlir");
    let place = m.loc(LocData::File {
        file,
        line: 7,
        column: 1,
    });
    let before = text::print_module(&m);
    let mut map = FxHashMap::default();
    let copy = m.copy_op(loop_op, &mut map, |_, _| place);
    m.insert_before(loop_op, copy);
    assert!(verify::verify(&m).is_ok());
    assert_eq!(map[&m.result(loop_op, 0)], m.result(copy, 0));
    let inside = m.walk(copy, WalkOrder::Pre);
    assert_eq!(inside.len(), m.walk(loop_op, WalkOrder::Pre).len());
    assert!(inside.iter().all(|&op| m.op_loc(op) == place));
    // The copy computes from its own values.
    let sum = inside
        .iter()
        .copied()
        .find(|&op| m.op_name(op) == "arith.addi")
        .unwrap();
    let body = m.entry_block(copy).unwrap();
    assert_eq!(m.operand(sum, 0), m.block_args(body)[1]);
    m.erase(copy);
    assert_eq!(text::print_module(&m), before);

    // Blocks to another op, and ops out of a block.
    let operands: Vec<ValueId> = m.operands(loop_op).collect();
    let i8 = m.i8();
    let state = OpState::new("scf.for")
        .operands(&operands)
        .results(&[i8])
        .regions(1);
    let other = Builder::before(&mut m, loop_op).insert(state);
    let (from, to) = (m.regions(loop_op)[0], m.regions(other)[0]);
    m.move_blocks(from, to);
    let value = m.result(other, 0);
    m.replace_op(loop_op, &[value]);
    assert!(verify::verify(&m).is_ok());
    assert_eq!(text::print_module(&m), before);
    let body = m.entry_block(other).unwrap();
    m.move_ops_before(body, other);
    assert_eq!(m.ops(body).count(), 0);
    assert_eq!(
        names(&m, f)[3..],
        [
            "arith.addi",
            "arith.xori",
            "scf.yield",
            "scf.for",
            "func.return"
        ]
    );
}

#[test]
fn nesting_has_no_limit() {
    const DEPTH: usize = 100_000;
    let mut m = module();
    let block = m.body();
    let outer = m.create(OpState::new("scf.if").regions(1));
    m.append(block, outer);
    let mut op = outer;
    for _ in 0..DEPTH {
        let region = m.regions(op)[0];
        let block = m.add_block(region, &[]);
        op = m.create(OpState::new("scf.if").regions(1));
        m.append(block, op);
    }
    for order in [WalkOrder::Pre, WalkOrder::Post] {
        assert_eq!(m.walk(outer, order).len(), DEPTH + 1);
    }
    assert!(m.is_pure(outer));
    assert_eq!(m.effects(outer), ir::interfaces::Effects::None);
    let copy = m.copy_op(outer, &mut FxHashMap::default(), |_, loc| loc);
    m.append(block, copy);
    m.erase(outer);
    assert_eq!(m.walk(m.root(), WalkOrder::Pre).len(), DEPTH + 2);
}
