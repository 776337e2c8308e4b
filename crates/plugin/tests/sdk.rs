//! The SDK against the host, linked together: failures, panics, and interfaces.

#![allow(clippy::unwrap_used, reason = "tests")]

use ir::Module;
use ir::interfaces::{Effects, Folded};
use pass::{ManagerOptions, PassCx as HostCx, Pipeline, Registry, run_pipeline};
use plugin::sdk::{self, Error, Op, OpDecl, PassCx, Registrar, Result, value_kind};
use std::path::Path;
use target::Targets;

plugin::export_plugin! {
    name: "test",
    summary: "What can go wrong.",
    register: register,
}

fn register(r: &Registrar<'_>) -> Result<()> {
    r.pass("test-panics", "any", "Panics.", panics)?;
    r.pass("test-fails", "any", "Fails.", |_, _| {
        Err(Error::new("no luck today"))
    })?;
    r.pass(
        "test-ignores",
        "any",
        "Goes on after an error of the host.",
        |cx, op| {
            assert!(cx.erase(op).is_err());
            cx.count("survived", 1)
        },
    )?;
    let op = OpDecl::new("test.same", "The value itself.")
        .operand("value", value_kind::ANY)
        .result("result", value_kind::ANY);
    r.op(op)?;
    r.fold("test.same", |cx, op| {
        Ok(Some(vec![sdk::Folded::Value(cx.operand(op, 0)?)]))
    })?;
    r.effects("test.same", |_, _| Ok(sdk::Effects::Read))?;
    r.pattern("test.panics", "test.same", "none", |_, _| {
        panic!("in a pattern")
    })
}

fn panics(_: &PassCx<'_>, _: Op) -> Result<()> {
    panic!("the moon is {}", "wrong")
}

fn registry() -> Registry {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    // SAFETY: the entry is the SDK's.
    let info = unsafe { plugin::host::link(Path::new("linked"), tw_plugin_query, &mut r) }.unwrap();
    assert_eq!((info.name.as_str(), info.version), ("test", 2));
    r.freeze()
}

const MODULE: &str = r#"
"func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({
^bb0(%x: i32):
  %0 = "test.same"(%x) : (i32) -> i32
  "func.return"(%0) : (i32) -> ()
}) : () -> ()"#;

fn module(registry: &Registry) -> Module {
    let dialects = registry.dialects().clone();
    ir::text::parse(MODULE, "t.mlir", dialects, &Default::default()).unwrap()
}

/// The diagnostics of a pipeline, and its reproducer's.
fn run(pipeline: &str) -> String {
    let registry = registry();
    let mut m = module(&registry);
    let mut cx = HostCx::new(&registry, registry.targets().get("host").unwrap());
    let pipeline = Pipeline::parse(pipeline).unwrap();
    let result = run_pipeline(
        &pipeline,
        &mut m,
        &mut cx,
        ManagerOptions::default(),
        &mut (),
    );
    assert_eq!(result.is_err(), cx.diagnostics.has_errors());
    if result.is_ok() {
        assert_eq!(cx.statistics.get("test-ignores", "survived"), 1);
    }
    cx.diagnostics.to_string()
}

#[test]
fn failures_and_panics_are_errors_of_the_pass() {
    for (pass, says) in [
        (
            "test-fails",
            "error[K001]: pass `test-fails` of plug-in `test`: no luck today",
        ),
        (
            "test-panics",
            "error[K001]: pass `test-panics` of plug-in `test`: panicked: the moon is wrong",
        ),
        ("test-ignores", ""),
    ] {
        let said = run(&format!("builtin.module(func.func({pass}))"));
        assert_eq!(said, says);
    }
}

#[test]
fn a_panic_in_a_pattern_ends_the_pass_that_applies_it() {
    let registry = registry();
    let pattern = registry
        .patterns()
        .iter()
        .find(|p| p.name() == "test.panics")
        .unwrap();
    let mut m = module(&registry);
    let f = m.lookup_symbol("f").unwrap();
    let op = m.walk(f, ir::WalkOrder::Pre)[1];
    let ended =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pattern.apply(&mut m, op)));
    let error = ended.unwrap_err().downcast::<ir::Diagnostic>().unwrap();
    assert_eq!(error.code, "K001");
    assert!(
        error
            .message
            .contains("pattern `test.panics` of plug-in `test`: panicked: in a pattern")
    );
}

#[test]
fn interfaces_answer() {
    let registry = registry();
    let mut m = module(&registry);
    let f = m.lookup_symbol("f").unwrap();
    let op = m.walk(f, ir::WalkOrder::Pre)[1];
    assert_eq!(m.effects(op), Effects::Read);
    let x = m.operand(op, 0);
    let fold = registry.dialects().fold("test.same").unwrap().clone();
    let folded = fold.fold(&mut m, op).unwrap();
    assert_eq!(folded.to_vec(), [Folded::Value(x)]);
}

#[test]
fn an_older_host_is_told_no() {
    // SAFETY: the entry is the SDK's, and looks at nothing of a host that it cannot serve.
    assert!(unsafe { tw_plugin_query(0, std::ptr::null()) }.is_null());
}
