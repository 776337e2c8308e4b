//! Random modules of any registered ops: they verify, hold something for every pass, and mostly compute what is defined.
#![allow(clippy::unwrap_used, reason = "tests")]

use interp::evaluate::{Outcome, Settings, Verdict, equivalent, observe};
use ir::interfaces::{Datum, EvalError, Results};
use ir::verify::{VerifyOptions, verify, verify_with};
use ir::{DialectRegistry, Module, OpRef, Type, WalkOrder};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use testgen::modules::{Case, Options, cases, strategy};

ir::define_op! {
    /// `acme.mac`: a vendor's op with an inferred type.
    pub struct MacOp = "acme.mac" {
        traits: { pure },
        operands: { a: one Int, b: one Int, sum: opt Int },
        results: { result: one Int },
        attrs: { shift: req Int, saturate: opt Unit },
    }
}

ir::define_op! {
    /// `acme.block`: a vendor's op with a region.
    pub struct BlockOp = "acme.block" {
        operands: { inputs: many Any },
        results: { outputs: many Any },
        regions: 1,
    }
}

ir::define_op! {
    /// `acme.end`: ends a block.
    pub struct EndOp = "acme.end" {
        traits: { terminator },
        operands: { values: many Any },
    }
}

fn builder() -> ir::DialectRegistryBuilder {
    let mut r = DialectRegistry::builder();
    ir::dialects::register_all(&mut r).unwrap();
    interp::register(&mut r).unwrap();
    r
}

fn registry() -> Arc<DialectRegistry> {
    Arc::new(builder().freeze())
}

fn vendor() -> Arc<DialectRegistry> {
    let mut r = builder();
    r.op(MacOp::info()).unwrap();
    r.op(BlockOp::info()).unwrap();
    r.op(EndOp::info()).unwrap();
    r.infer_types(
        "acme.mac",
        |m: &mut Module, _: &[Type], _: &[(&str, ir::Attr)]| Some(vec![m.int(32)]),
    )
    .unwrap();
    r.interpret(
        "acme.mac",
        |_: OpRef<'_>, args: &[Datum]| -> Result<Results, EvalError> {
            Ok(std::iter::once(args[0].clone()).collect())
        },
    )
    .unwrap();
    Arc::new(r.freeze())
}

fn names(m: &Module, counts: &mut BTreeMap<String, usize>) {
    for op in m.walk(m.root(), WalkOrder::Pre) {
        *counts.entry(m.op_name(op).to_owned()).or_default() += 1;
    }
}

#[track_caller]
fn verifies(m: &Module) {
    if let Err(e) = verify(m) {
        panic!("{}\n{e}", ir::text::print_module(m));
    }
}

#[test]
fn every_registered_op_is_made() {
    let registry = vendor();
    let mut counts = BTreeMap::new();
    for case in cases(&Options::default().favour("acme"), 1, 400) {
        let m = case.build(&registry);
        verifies(&m);
        names(&m, &mut counts);
    }
    // A call of somebody else's function comes with a table of such functions only; the tests of kernel libraries make it.
    let by_others = ["mcu.call_extern", "mcu.yield"];
    let missing: Vec<&str> = registry
        .ops()
        .map(|o| &*o.name)
        .filter(|n| !counts.contains_key(*n) && !by_others.contains(n))
        // Instructions want words or vectors of their own kinds: `testgen::instructions` makes each of them, on many operands.
        .filter(|n| !n.starts_with("arm."))
        .collect();
    assert!(missing.is_empty(), "{missing:?}\n{counts:#?}");
    assert!(
        counts["acme.mac"] > 1000 && counts["acme.block"] > 100,
        "{counts:#?}"
    );
}

#[test]
fn the_text_is_read_back() {
    let registry = vendor();
    for case in cases(&Options::default(), 2, 200) {
        let m = case.build(&registry);
        let text = ir::text::print_module(&m);
        let back = ir::text::parse(&text, "random.mlir", registry.clone(), &Default::default());
        let back = back.unwrap_or_else(|e| panic!("{text}\n{e}"));
        assert_eq!(ir::text::print_module(&back), text);
    }
}

#[test]
fn mlir_opt_takes_them_and_prints_the_same() {
    let test = "mlir_opt_takes_them_and_prints_the_same";
    if !prerequisites::programs(test, &["mlir-opt-19"]) {
        return;
    }
    let registry = registry();
    for case in cases(&Options::default().unregistered(true), 13, 100) {
        let text = ir::text::print_module(&case.build(&registry));
        let theirs = prerequisites::mlir_opt(&text, &["--mlir-print-debuginfo"]).unwrap();
        assert_eq!(text, theirs);
    }
}

#[test]
fn most_runs_are_defined_and_nothing_panics() {
    let registry = registry();
    let settings = Settings::new(1, 4).steps(1 << 22);
    let (mut defined, mut undefined, mut not) = (0, 0, BTreeMap::new());
    for case in cases(&Options::default(), 3, 400) {
        let m = case.build(&registry);
        for f in observe(&m, &settings).unwrap().functions {
            for outcome in f.outcomes {
                match outcome {
                    Outcome::Defined(_) => defined += 1,
                    Outcome::Undefined(_) => undefined += 1,
                    Outcome::NotExecutable(why) => *not.entry(why).or_insert(0usize) += 1,
                }
            }
        }
        assert!(matches!(
            equivalent(&m, &m.clone(), &settings),
            Verdict::Equal(_) | Verdict::NotComparable { .. }
        ));
    }
    let refused: usize = not.values().sum();
    assert!(
        defined > 2 * undefined && defined > 10 * refused,
        "{defined} defined, {undefined} undefined, {not:#?}"
    );
}

/// Two executors of ours agree: op by op, and as register code, to which a function goes once it touches memory.
#[test]
fn both_ways_of_evaluation_agree() {
    let registry = registry();
    let settings = Settings::new(11, 8).steps(1 << 22);
    let dialects = ["arith", "math", "scf", "func", "memref"];
    let options = Options::default().dialects(&dialects).whole_programs(false);
    let (mut compared, mut undefined) = (0, 0);
    for case in cases(&options, 12, 200) {
        let by_value = case.build(&registry);
        let mut by_code = by_value.clone();
        for f in ir::dialects::func::functions(&by_code) {
            let i8 = by_code.i8();
            let ty = by_code.memref(&[1], i8);
            let first = by_code.ops(by_code.entry_block(f).unwrap()).next().unwrap();
            ir::Builder::before(&mut by_code, first).alloc(ty, "scratch");
        }
        for (a, b) in [(&by_value, &by_code), (&by_code, &by_value)] {
            match equivalent(a, b, &settings) {
                Verdict::Equal(c) => {
                    compared += c.compared;
                    undefined += c.undefined;
                }
                Verdict::NotComparable { .. } => {}
                Verdict::Differs(d) => panic!("{d}\n{}", ir::text::print_module(&by_value)),
            }
        }
    }
    assert!(compared > 1000 && undefined > 50, "{compared}, {undefined}");
}

/// There is something to fold, to merge, to delete, to hoist and to inline.
#[test]
fn there_is_work_for_every_pass() {
    let registry = registry();
    let (mut unused, mut twice, mut constant, mut calls, mut invariant) = (0, 0, 0, 0, 0);
    for case in cases(&Options::default().whole_programs(false), 4, 200) {
        let m = case.build(&registry);
        let mut seen = std::collections::BTreeSet::new();
        for op in m.walk(m.root(), WalkOrder::Pre) {
            let results = m.results(op);
            let operands: Vec<_> = m.operands(op).collect();
            let pure = m.is_pure(op) && !results.is_empty();
            unused += usize::from(pure && results.iter().all(|&v| m.uses(v).is_empty()));
            let key = (
                m.op_name(op).to_owned(),
                operands.clone(),
                m.props(op).to_vec(),
            );
            twice += usize::from(pure && !operands.is_empty() && !seen.insert(key));
            let known = |v: &ir::ValueId| m.constant_value(*v).is_some();
            constant += usize::from(pure && !operands.is_empty() && operands.iter().all(known));
            calls += usize::from(m.op_name(op) == "func.call");
            let in_loop = m.parent_op(op).is_some_and(|p| m.op_name(p) == "scf.for");
            let outside = |v: &ir::ValueId| match m.value_def(*v) {
                ir::ValueDef::Result(def, _) => m.op_block(def) != m.op_block(op),
                ir::ValueDef::Argument(b, _) => Some(b) != m.op_block(op),
            };
            invariant += usize::from(pure && in_loop && operands.iter().all(outside));
        }
    }
    let all = [unused, twice, constant, calls, invariant];
    assert!(all.iter().all(|&n| n > 50), "{all:?}");
}

#[test]
fn options_restrict_what_is_made() {
    let registry = vendor();
    let mut counts = BTreeMap::new();
    for case in cases(&Options::default().dialects(&["arith", "acme"]), 5, 60) {
        let m = case.build(&registry);
        verifies(&m);
        names(&m, &mut counts);
    }
    let allowed = |n: &String| {
        ["arith.", "acme.", "func.", "builtin."]
            .iter()
            .any(|d| n.starts_with(d))
    };
    assert!(counts.keys().all(allowed), "{counts:?}");
    assert!(counts.contains_key("acme.mac") && !counts.contains_key("func.call"));

    let mut counts = BTreeMap::new();
    let few = ["arith.addi", "arith.constant"];
    for case in cases(&Options::default().ops(&few), 6, 60) {
        names(&case.build(&registry), &mut counts);
    }
    let found: Vec<&str> = counts.keys().map(String::as_str).collect();
    assert_eq!(
        found,
        [
            "arith.addi",
            "arith.constant",
            "builtin.module",
            "func.func",
            "func.return"
        ]
    );
}

#[test]
fn unregistered_ops_only_when_asked_for() {
    let registry = registry();
    let allow = VerifyOptions {
        allow_unregistered: true,
    };
    let mut unknown = 0;
    for case in cases(&Options::default().unregistered(true), 7, 60) {
        let m = case.build(&registry);
        assert!(verify_with(&m, &allow).is_ok());
        let all = m.walk(m.root(), WalkOrder::Pre);
        unknown += all.iter().filter(|&&op| m.op_info(op).is_none()).count();
    }
    assert!(unknown > 60, "{unknown}");
}

#[test]
fn a_registry_without_functions_or_arithmetic_is_no_problem() {
    let empty = Arc::new(DialectRegistry::builder().freeze());
    let mut r = DialectRegistry::builder();
    ir::dialects::builtin::register(&mut r).unwrap();
    ir::dialects::func::register(&mut r).unwrap();
    r.op(MacOp::info()).unwrap();
    let small = Arc::new(r.freeze());
    for case in cases(&Options::default(), 8, 40) {
        let m = case.build(&empty);
        assert_eq!(m.ops(m.body()).count(), 0);
        verifies(&case.build(&small));
    }
}

#[test]
fn the_same_choices_make_the_same_module() {
    let registry = registry();
    let text = |case: &Case| ir::text::print_module(&case.build(&registry));
    let all = cases(&Options::default(), 9, 20);
    for (a, b) in all.iter().zip(cases(&Options::default(), 9, 30)) {
        assert_eq!(text(a), text(&b));
    }
    // A fuzzer's bytes, as far as they go.
    for length in [0, 3, 40, 400] {
        let bytes: Vec<u8> = (0..length).map(|i| (i * 37 % 251) as u8).collect();
        verifies(&Case::from_bytes(&bytes, Options::default()).build(&registry));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn drawn_modules_verify(case in strategy(Options::default())) {
        let m = case.build(&registry());
        prop_assert!(verify(&m).is_ok(), "{}", ir::text::print_module(&m));
    }
}
