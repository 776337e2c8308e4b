//! The SDK against the host, linked together: failures, panics, and interfaces.

#![allow(clippy::unwrap_used, reason = "tests")]

use ir::Module;
use ir::interfaces::{Effects, Folded};
use pass::{ManagerOptions, PassCx as HostCx, Pipeline, Registry, run_pipeline};
use plugin::sdk::{
    self, Cost, Cx, Error, KernelCx, Op, OpDecl, PassCx, PatternDecl, Registrar, Result, Schedule,
    ScheduleCx, value_kind,
};
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
    r.rules("test.rules", RULE)?;
    let decl = PatternDecl::new("test.function", "nn.relu6", "relu6(relu(x)) = relu6(x)");
    r.rule("(nn.relu6 (nn.relu ?x))", decl, without_relu)?;
    r.accelerator("A unit.", "(nn.relu ?x) (nn.relu6 (nn.relu ?x))", Unit)?;
    r.pattern("test.panics", "test.same", "none", |_, _| {
        panic!("in a pattern")
    })
}

const RULE: &str = "(rule test.text (left (nn.relu6 (as ?t (nn.relu ?x)))) (right (nn.relu6 ?x)) (when (same-type ?x ?t)))";

fn without_relu(cx: &Cx<'_>, relu6: Op) -> Result<bool> {
    let inner = cx.operand(relu6, 0)?;
    let relu = cx
        .defining_op(inner)?
        .ok_or_else(|| Error::new("no relu"))?;
    let (x, ty) = (cx.operand(relu, 0)?, cx.type_of(inner)?);
    if cx.type_of(x)? != ty {
        return Ok(false);
    }
    let new = cx.op("nn.relu6").operands(&[x]).results(&[ty]);
    cx.replace(relu6, &[new.value_before(relu6)?])?;
    Ok(true)
}

/// An accelerator that only counts the ops of a claim, and builds a kernel in two halves.
struct Unit;

impl Schedule for Unit {
    fn name(&self) -> &str {
        "test-unit"
    }

    fn op(&self) -> &str {
        "nn.offload"
    }

    fn applies(&self, _: &Cx<'_>, _: Op) -> Result<std::result::Result<(), String>> {
        Ok(Ok(()))
    }

    fn cost(&self, cx: &ScheduleCx<'_>, op: Op) -> Result<Cost> {
        Ok(Cost {
            cycles: cx.walk(op)?.len() as u64,
            flash: 0,
            ram: 0,
        })
    }

    fn lower(&self, cx: &KernelCx<'_>, _: Op) -> Result<()> {
        let (input, output) = (cx.input(0, &[4])?, cx.output(0, &[4])?);
        let second = cx.wait()?;
        let arguments = cx.block_args(second)?;
        cx.op("memref.copy")
            .operands(&[input, output])
            .at_end(cx.body()?)?;
        cx.op("memref.copy").operands(&arguments).at_end(second)?;
        Ok(())
    }
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

/// Two networks: a clamp of a clamp, and the first of them claimed.
const NETWORK: &str = r#"
"func.func"() <{function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"}> ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.relu6"(%0) : (tensor<4xf32>) -> tensor<4xf32>
  %2 = "nn.offload"(%1) <{accelerator = "test-unit"}> ({
  ^bb0(%a: tensor<4xf32>):
    %r = "nn.relu"(%a) : (tensor<4xf32>) -> tensor<4xf32>
    "nn.yield"(%r) : (tensor<4xf32>) -> ()
  }) : (tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%2) : (tensor<4xf32>) -> ()
}) : () -> ()"#;

fn network(registry: &Registry, wanted: &str) -> (Module, ir::OpId) {
    let dialects = registry.dialects().clone();
    let m = ir::text::parse(NETWORK, "t.mlir", dialects, &Default::default()).unwrap();
    let mut ops = m.walk(m.root(), ir::WalkOrder::Pre).into_iter();
    let op = ops.find(|&op| m.op_name(op) == wanted).unwrap();
    (m, op)
}

#[test]
fn rules_rewrite() {
    let registry = registry();
    let names: Vec<&str> = registry.rewrite_rules().iter().map(|r| r.name()).collect();
    assert_eq!(names, ["test.text", "test.function"]);
    for rule in registry.rewrite_rules() {
        let (mut m, relu6) = network(&registry, "nn.relu6");
        assert!(rule.apply(&mut m, relu6, pass::When::Holds).is_some());
        assert!(ir::verify::verify(&m).is_ok());
        let main = m.lookup_symbol("main").unwrap();
        let argument = m.block_args(m.entry_block(main).unwrap())[0];
        let users: Vec<&str> = m.uses(argument).iter().map(|u| m.op_name(u.0)).collect();
        assert!(users.contains(&"nn.relu6"), "{}: {users:?}", rule.name());
    }
}

#[test]
fn accelerators_lower_claims_in_two_halves() {
    let registry = registry();
    let [unit] = registry.accelerators() else {
        panic!("one accelerator")
    };
    let claims: Vec<String> = unit.claims().iter().map(|c| c.to_string()).collect();
    assert_eq!(claims, ["(nn.relu ?x)", "(nn.relu6 (nn.relu ?x))"]);
    let (mut m, claim) = network(&registry, "nn.offload");
    let target = registry.targets().get("host").unwrap();
    let knobs = pass::Knobs::default();
    assert_eq!(unit.schedule().applies(m.op(claim), target), Ok(()));
    // The claim, what it computes, and its end.
    assert_eq!(unit.schedule().cost(m.op(claim), &knobs, target).cycles, 3);
    let mut k = pass::KernelBuilder::new(&mut m, claim);
    unit.schedule()
        .lower(claim, &knobs, target, &mut k)
        .unwrap();
    let kernel = k.finish();
    let second = kernel.wait.unwrap();
    for half in [kernel.func, second] {
        let block = m.entry_block(half).unwrap();
        assert_eq!(m.block_args(block).len(), 2);
        assert_eq!(m.ops(block).count(), 2);
    }
    assert!(ir::verify::verify(&m).is_ok());
}
