//! The properties of passes: a good pass keeps them all, and each kind of bad pass is caught by the property that it breaks, with a
//! small module.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::{Module, OpId, WalkOrder};
use pass::{Failed, PassCx, PassInfo, Registry};
use std::sync::atomic::{AtomicUsize, Ordering};
use target::Targets;
use testgen::properties::{Failure, Properties, Property};

type Function = fn(&mut Module, OpId, &mut PassCx<'_>) -> Result<(), Failed>;

fn is_unused(m: &Module, op: OpId) -> bool {
    m.results(op).iter().all(|&v| m.uses(v).is_empty())
}

fn ops(m: &Module, op: OpId) -> Vec<OpId> {
    m.walk(op, WalkOrder::Pre)
}

/// Erases pure ops that nothing uses.
fn sweep(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    for o in ops(m, op).into_iter().rev() {
        if is_unused(m, o) && m.op_info(o).is_some_and(|i| i.traits.pure) {
            m.erase(o);
        }
    }
    Ok(())
}

/// Erases unused ops that may have effects.
fn sweep_too_much(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    for o in ops(m, op).into_iter().rev() {
        if m.contains(o) && is_unused(m, o) && m.op_info(o).is_none() && m.op_block(o).is_some() {
            m.erase(o);
        }
    }
    Ok(())
}

/// Lets the first operand stand for a sum that is used.
fn drop_used(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    for o in ops(m, op) {
        if m.op_name(o) == "arith.addi" {
            let x = m.operand(o, 0);
            m.replace_op(o, &[x]);
        }
    }
    Ok(())
}

/// Adds one to every i32 constant.
fn change_constant(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    let i32 = m.i32();
    for o in ops(m, op) {
        let value = m.prop(o, "value").and_then(|a| m.attr_int(a));
        let wide = m
            .results(o)
            .first()
            .is_some_and(|&v| m.value_type(v) == i32);
        if let Some(x) = value.filter(|&x| wide && x < 100) {
            let value = m.int_attr(x + 1, i32);
            m.set_prop(o, "value", value);
        }
    }
    Ok(())
}

/// Counts its runs, and says so in the module.
fn nondeterministic(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let n = m.i64_attr(RUNS.fetch_add(1, Ordering::Relaxed) as i64);
    m.set_discardable(op, "acme.run", n);
    Ok(())
}

/// Panics at a select.
fn panicking(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    assert!(
        ops(m, op)
            .into_iter()
            .all(|o| m.op_name(o) != "arith.select"),
        "no select was expected"
    );
    Ok(())
}

/// Leaves a function's type behind when it drops what it returns.
fn breaking(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    let last = m.entry_block(op).and_then(|b| m.last_op(b));
    if let Some(ret) = last {
        m.set_operands(ret, &[]);
    }
    Ok(())
}

/// Is declared idempotent, and adds a zero to each attribute.
fn growing(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    let text = m.discardable(op, "acme.zeros").and_then(|a| m.attr_str(a));
    let text = format!("{}0", text.unwrap_or_default());
    let attr = m.str_attr(&text);
    m.set_discardable(op, "acme.zeros", attr);
    Ok(())
}

/// Deletes every second function.
fn forgetful(m: &mut Module, _: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    let all = ir::dialects::func::functions(m);
    let called = |m: &Module, f: OpId| {
        let name = m.symbol_name(f);
        let mut callees = ops(m, m.root())
            .into_iter()
            .filter_map(|o| m.prop(o, "callee"));
        callees.any(|c| m.attr_symbol(c) == name)
    };
    for f in all.into_iter().skip(1) {
        if !called(m, f) {
            m.erase(f);
        }
    }
    Ok(())
}

/// Refuses everything.
fn refusing(_: &mut Module, _: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    cx.fail(ir::Diagnostic::error("A001", "not today"))
}

const PASSES: [(&str, &str, Function); 10] = [
    ("sweep", "func.func", sweep),
    ("sweep-too-much", "func.func", sweep_too_much),
    ("drop-used", "func.func", drop_used),
    ("change-constant", "func.func", change_constant),
    ("count-runs", "func.func", nondeterministic),
    ("panic", "func.func", panicking),
    ("break", "func.func", breaking),
    ("grow", "func.func", growing),
    ("forget", "builtin.module", forgetful),
    ("refuse", "builtin.module", refusing),
];

fn registry() -> Registry {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    interp::register(&mut r.dialects).unwrap();
    passes::register(&mut r).unwrap();
    for (name, anchor, run) in PASSES {
        let info = PassInfo::new(name, anchor, "For tests.", run);
        let idempotent = name == "sweep" || name == "grow";
        r.pass(if idempotent { info.idempotent() } else { info })
            .unwrap();
    }
    r.freeze()
}

testgen::pass_properties!(
    good_pass,
    registry = registry(),
    pass = "sweep",
    cases = 100
);
testgen::pass_properties!(
    pipeline,
    registry = registry(),
    pass = "func.func(sweep,dce),sweep",
    cases = 30,
    seed = 5,
    samples = 2,
    target = "cortex-m0plus",
    options = testgen::modules::Options::default().dialects(&["arith", "scf"]),
);

fn fails(pass: &str, property: Property) -> Failure {
    failure(Properties::new(registry, pass).cases(60), pass, property)
}

fn failure(properties: Properties, pass: &str, property: Property) -> Failure {
    let failure = properties.check(property).expect_err(pass);
    assert_eq!(failure.property, property);
    *failure
}

/// The failure of a property, whose module has at most so many ops.
fn caught(pass: &str, property: Property, size: usize) -> Failure {
    small(fails(pass, property), size)
}

fn small(failure: Failure, size: usize) -> Failure {
    assert!(failure.case.is_some());
    let count = failure.module.matches("loc(#").count();
    assert!(count <= size, "{count} ops\n{failure}");
    failure
}

#[test]
fn an_op_that_is_used_and_dropped() {
    // Of arithmetic alone: the effect of the op on memory takes ops of its own to show.
    let arithmetic = testgen::modules::Options::default().dialects(&["arith"]);
    let properties = Properties::new(registry, "drop-used").options(arithmetic);
    let found = failure(
        properties.cases(60),
        "drop-used",
        Property::ResultsUnchanged,
    );
    // A function, its caller with the op that is dropped, and the module.
    let f = small(found, 8);
    assert!(
        f.module.contains("arith.addi") && f.message.contains("before"),
        "{f}"
    );
}

#[test]
fn a_constant_that_changes() {
    let f = caught("change-constant", Property::ResultsUnchanged, 12);
    assert!(f.module.contains("arith.constant"), "{f}");
}

#[test]
fn another_result_every_time() {
    caught("count-runs", Property::Deterministic, 4);
}

#[test]
fn a_panic() {
    let f = caught("panic", Property::NeverPanics, 8);
    assert!(f.module.contains("arith.select"), "{f}");
    assert!(f.message.contains("no select was expected"), "{f}");
}

#[test]
fn an_unknown_op_that_is_deleted() {
    let f = caught("sweep-too-much", Property::Conservative, 5);
    assert!(f.module.contains("\"unknown.op_"), "{f}");
}

#[test]
fn a_module_that_does_not_verify() {
    let f = caught("break", Property::OutputVerifies, 5);
    assert!(f.message.contains("V021"), "{f}");
}

#[test]
fn a_second_run_that_changes_something() {
    caught("grow", Property::Idempotent, 4);
    // Not declared so, it need not be.
    let properties = Properties::new(registry, "count-runs").cases(3);
    assert!(properties.check(Property::Idempotent).is_ok());
}

#[test]
fn a_public_function_that_is_gone() {
    let f = caught("forget", Property::ResultsUnchanged, 6);
    assert!(f.message.contains("is gone"), "{f}");
}

#[test]
fn a_test_that_tests_nothing() {
    let f = fails("refuse", Property::OutputVerifies);
    assert!(
        f.message.contains("refuses every module") && f.message.contains("not today"),
        "{f}"
    );
    let f = fails("no-such-pass", Property::OutputVerifies);
    assert!(f.message.contains("no pass `no-such-pass`"), "{f}");
}

/// The bad passes fail where they are bad, and the good one nowhere.
#[test]
fn bad_passes_keep_the_other_promises() {
    let keeps = |pass: &str, property| {
        let result = Properties::new(registry, pass).cases(20).check(property);
        assert!(result.is_ok(), "{pass}: {}", result.unwrap_err());
    };
    keeps("drop-used", Property::OutputVerifies);
    keeps("change-constant", Property::Deterministic);
    keeps("count-runs", Property::ResultsUnchanged);
    keeps("sweep-too-much", Property::ResultsUnchanged);
    keeps("grow", Property::NeverPanics);
}
