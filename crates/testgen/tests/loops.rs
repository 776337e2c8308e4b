//! Loop-level modules: they verify, `mlir-opt` prints them as we do, and the executor finds nothing undefined in them.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::dialects::memref::GlobalOp;
use ir::{DialectRegistry, Module, WalkOrder};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use testgen::loops::{Case, Features, cases};

fn registry() -> Arc<DialectRegistry> {
    let mut r = DialectRegistry::builder();
    ir::dialects::register_all(&mut r).unwrap();
    interp::register(&mut r).unwrap();
    Arc::new(r.freeze())
}

/// Verifies and runs a module on two samples; the outputs.
fn check(m: &Module) -> Vec<Vec<u8>> {
    let verified =
        ir::verify::verify(m).unwrap_or_else(|e| panic!("{}\n{e:?}", ir::text::print_module(m)));
    let program = interp::loops::Program::compile(verified).unwrap();
    let run = |sample| {
        let inputs = testgen::loops::inputs(m, sample);
        let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        program
            .run(&inputs)
            .unwrap_or_else(|e| panic!("{}\n{e}", ir::text::print_module(m)))
    };
    run(0);
    let outputs = run(1);
    // Nothing of an earlier run is seen.
    assert_eq!(run(1), outputs);
    outputs
}

#[test]
fn modules_verify_and_run() {
    let registry = registry();
    for case in cases(Features::ALL, 1, 3000) {
        assert!(!check(&case.build(&registry)).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn drawn_modules_verify_and_run(case in testgen::loops::strategy(Features::ALL)) {
        check(&case.build(&registry()));
    }

    #[test]
    fn any_bytes_make_a_module(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let case = Case::new(testgen::Choices::from_bytes(&bytes), Features::ALL);
        check(&case.build(&registry()));
    }
}

fn op_counts(features: Features, count: usize) -> BTreeMap<String, usize> {
    let registry = registry();
    let mut counts = BTreeMap::new();
    for case in cases(features, 2, count) {
        let m = case.build(&registry);
        for op in m.walk(m.root(), WalkOrder::Pre) {
            *counts.entry(m.op_name(op).to_owned()).or_insert(0) += 1;
            if m.discardable(op, "mcu.align").is_some() {
                *counts.entry("mcu.align".to_owned()).or_insert(0) += 1;
            }
            if ir::dialects::arith::is_nsw(&m, op) {
                *counts.entry("nsw".to_owned()).or_insert(0) += 1;
            }
        }
    }
    counts
}

#[test]
fn every_op_of_the_loop_level_is_drawn() {
    let counts = op_counts(Features::ALL, 300);
    let registry = registry();
    let level = ["arith.", "scf.", "vector.", "math.", "memref.", "func."];
    // A placed module has no allocations.
    let missing: Vec<&str> = registry
        .ops()
        .map(|o| &*o.name)
        .filter(|n| level.iter().any(|l| n.starts_with(l)) && *n != "memref.alloc")
        .filter(|n| counts.get(*n).copied().unwrap_or(0) < 5)
        .collect();
    assert!(
        missing.is_empty(),
        "hardly drawn: {missing:?} of {counts:#?}"
    );
}

#[test]
fn features_are_kept() {
    let none = Features {
        floats: false,
        exp: false,
        vectors: false,
        integer_loops: false,
    };
    let registry = registry();
    for name in op_counts(none, 100).keys() {
        let float =
            ["arith.addf", "arith.cmpf", "arith.sitofp", "arith.fptosi"].contains(&name.as_str());
        assert!(
            !float && !name.starts_with("vector.") && !name.starts_with("math."),
            "{name}"
        );
    }
    for case in cases(none, 2, 20) {
        check(&case.build(&registry));
    }
    assert!(!op_counts(Features::PORTABLE, 100).contains_key("math.exp"));
}

#[test]
fn a_seed_says_everything() {
    let registry = registry();
    let text = |case: &Case| ir::text::print_module(&case.build(&registry));
    let (few, more) = (cases(Features::ALL, 3, 3), cases(Features::ALL, 3, 5));
    for (a, b) in few.iter().zip(&more) {
        assert_eq!(text(a), text(b));
    }
    assert_ne!(text(&more[0]), text(&more[1]));
}

/// No activation is read before it is written: what is in the arena before a run changes no output.
#[test]
fn nothing_unwritten_is_read() {
    let registry = registry();
    let mut compared = 0;
    for case in cases(Features::ALL, 6, 1000) {
        let run = |fill: u8| {
            let mut m = case.build(&registry);
            let inputs = testgen::loops::inputs(&m, 0);
            let main = m.lookup_symbol("main").unwrap();
            m.remove_prop(main, "arg_attrs");
            let arena = m.lookup_symbol("arena")?;
            let ty = GlobalOp::cast(&m, arena).unwrap().memref_type(&m);
            let size = m.size_bytes(ty).unwrap();
            let i8 = m.i8();
            let stored = m.tensor(&[size as i64], i8);
            let value = m.dense_attr(stored, vec![fill; size as usize]);
            m.set_prop(arena, "initial_value", value);
            let program = interp::loops::Program::compile(ir::verify::verify(&m).unwrap()).unwrap();
            Some(
                program
                    .run(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>())
                    .unwrap(),
            )
        };
        let first = run(0);
        compared += usize::from(first.is_some());
        for fill in [0x5a, 0xff] {
            assert_eq!(
                run(fill),
                first,
                "{}",
                ir::text::print_module(&case.build(&registry))
            );
        }
    }
    assert!(compared > 500);
}

/// Results depend on what goes in: most modules give other bytes for other inputs.
#[test]
fn outputs_depend_on_inputs() {
    let registry = registry();
    let mut changed = 0;
    for case in cases(Features::ALL, 4, 100) {
        let m = case.build(&registry);
        let program = interp::loops::Program::compile(ir::verify::verify(&m).unwrap()).unwrap();
        let run = |sample| {
            let inputs = testgen::loops::inputs(&m, sample);
            program
                .run(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>())
                .unwrap()
        };
        changed += usize::from((1..4).any(|s| run(s) != run(0)));
    }
    assert!(changed >= 60, "{changed} of 100");
}

#[test]
fn mlir_opt_prints_the_same() {
    if !prerequisites::programs("mlir_opt_prints_the_same (loops)", &["mlir-opt-19"]) {
        return;
    }
    let registry = registry();
    for case in cases(Features::ALL, 5, 50) {
        let text = ir::text::print_module(&case.build(&registry));
        let theirs = prerequisites::mlir_opt(&text, &["--mlir-print-debuginfo"]).unwrap();
        assert_eq!(text, theirs);
    }
}
