//! Options of passes, and what they report.

use crate::{parse, registry, run};
use ir::rewrite::pattern;
use ir::{Diagnostics, Module};
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use target::Targets;

const SUM: &str = r#"
"func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({
^bb0(%x: i32):
  %c = "arith.constant"() <{value = 5 : i32}> : () -> i32
  %y = "arith.addi"(%c, %x) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  "func.return"(%y) : (i32) -> ()
}) : () -> ()
"#;

fn reported(registry: &Registry, m: &mut Module, pipeline: &str) -> (bool, Diagnostics) {
    let mut cx = PassCx::new(registry, registry.targets().get("host").unwrap());
    let pipeline = Pipeline::parse(pipeline).unwrap();
    let result = pass::run_pipeline(&pipeline, m, &mut cx, ManagerOptions::default(), &mut ());
    (result.is_ok(), cx.diagnostics)
}

#[test]
fn a_disabled_pattern_is_not_applied() {
    let registry = registry();
    let mut m = parse(&registry, SUM);
    let without =
        "builtin.module(canonicalize{disable=arith.muli-of-muli,arith.addi-constant-right})";
    let statistics = run(&registry, &mut m, without);
    assert_eq!(statistics.iter().count(), 0);
    let statistics = run(&registry, &mut m, "builtin.module(canonicalize)");
    assert_eq!(
        statistics.get("canonicalize", "arith.addi-constant-right"),
        1
    );
}

#[test]
fn an_unknown_pattern_is_an_error_that_names_the_nearest() {
    let registry = registry();
    let mut m = parse(&registry, SUM);
    let (ok, diagnostics) = reported(
        &registry,
        &mut m,
        "builtin.module(canonicalize{disable=arith.addi-constant-rihgt})",
    );
    assert!(!ok);
    let text = diagnostics.to_string();
    assert!(
        text.contains("error[P001]: `canonicalize` cannot disable `arith.addi-constant-rihgt`"),
        "{text}"
    );
    assert!(
        text.contains("did you mean `arith.addi-constant-right`?"),
        "{text}"
    );
}

#[test]
fn patterns_that_undo_each_other_are_named() {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    r.pass(passes::canonicalize::info()).unwrap();
    let swap = |m: &mut Module, op| {
        let operands: Vec<_> = m.operands(op).collect();
        m.set_operands(op, &[operands[1], operands[0]]);
        Some(())
    };
    r.pattern(pattern("acme.swap", "arith.addi", "a + b = b + a", swap))
        .unwrap();
    let registry = r.freeze();
    let mut m = parse(&registry, SUM);
    let (ok, diagnostics) = reported(&registry, &mut m, "builtin.module(canonicalize)");
    assert!(ok);
    let text = diagnostics.to_string();
    assert!(text.contains("remark[remark.not-converged]"), "{text}");
    assert!(text.contains("canonicalize{disable=acme.swap}"), "{text}");
}
