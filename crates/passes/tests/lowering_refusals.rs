//! What verifies but is no network that can be lowered is refused with an error that says so.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::text::{ParseOptions, parse};
use pass::{ManagerOptions, PassCx, Pipeline, Registry, run_pipeline};
use target::Targets;

/// The message of the only error of the lowering, which is this one.
fn refused(code: &str, functions: &str) -> String {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    interp::register(&mut r.dialects).unwrap();
    passes::register(&mut r).unwrap();
    let registry = r.freeze();
    let text = format!("\"builtin.module\"() ({{\n{functions}}}) : () -> ()");
    let dialects = registry.dialects().clone();
    let mut m = parse(&text, "t.mlir", dialects, &ParseOptions::default()).unwrap();
    assert!(ir::verify::verify(&m).is_ok());
    let target = registry.targets().get("cortex-m4").unwrap();
    let mut cx = PassCx::new(&registry, target);
    let pipeline =
        Pipeline::parse("builtin.module(func.func(order-operators),lower-nn,plan-memory)").unwrap();
    let options = ManagerOptions::default();
    assert!(run_pipeline(&pipeline, &mut m, &mut cx, options, &mut ()).is_err());
    let all = cx.diagnostics.iter();
    let errors: Vec<_> = all.filter(|d| d.severity == ir::Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{}", cx.diagnostics);
    assert_eq!(&*errors[0].code, code);
    errors[0].message.clone()
}

/// A function that returns its argument.
fn identity(name: &str, ty: &str) -> String {
    format!(
        "\"func.func\"() <{{function_type = ({ty}) -> {ty}, sym_name = \"{name}\"}}> ({{\n^bb0(%a: {ty}):\n  \
         \"func.return\"(%a) : ({ty}) -> ()\n}}) : () -> ()\n"
    )
}

#[test]
fn a_scalar_is_no_tensor() {
    let message = refused("L001", &identity("main", "i32"));
    assert_eq!(
        message,
        "@main takes or returns i32; a network's values are tensors"
    );
}

#[test]
fn there_is_one_network() {
    let both = identity("main", "tensor<4xf32>") + &identity("other", "tensor<4xf32>");
    assert_eq!(
        refused("L001", &both),
        "@other takes or returns tensors; a network has the one function @main"
    );
}

#[test]
fn tensors_fit_the_address_space() {
    for ty in [
        "tensor<536870912xf32>",
        "tensor<4611686018427387903xf32>",
        "tensor<0x9223372036854775807x9223372036854775807xf32>",
    ] {
        let message = refused("L001", &identity("main", ty));
        assert_eq!(
            message,
            format!("{ty} is larger than what 32 bits can address")
        );
    }
}

/// The sizes of two results overflow together.
#[test]
fn sizes_are_added_up_without_overflow() {
    let t = "tensor<4611686018427387903xf32>";
    let body = format!(
        "\"func.func\"() <{{function_type = ({t}, {t}) -> {t}, sym_name = \"main\"}}> ({{\n^bb0(%a: {t}, %b: {t}):\n  \
         %0 = \"nn.relu\"(%a) : ({t}) -> {t}\n  %1 = \"nn.relu\"(%b) : ({t}) -> {t}\n  \
         %2 = \"nn.add\"(%0, %1) <{{activation = \"none\"}}> : ({t}, {t}) -> {t}\n  \"func.return\"(%2) : ({t}) -> ()\n}}) : () -> ()\n"
    );
    assert_eq!(
        refused("L001", &body),
        format!("{t} is larger than what 32 bits can address")
    );
}

/// Also an arena of no bytes, or what is no arena at all.
#[test]
fn the_arenas_name_is_not_taken() {
    for arena in [
        "\"memref.global\"() <{initial_value, sym_name = \"arena\", sym_visibility = \"private\", type = memref<0xi8>}> : () -> ()\n",
        "\"func.func\"() <{function_type = () -> (), sym_name = \"arena\", sym_visibility = \"private\"}> ({}) : () -> ()\n",
    ] {
        let message = refused("M003", &(identity("main", "tensor<4xf32>") + arena));
        assert!(message.contains("@arena"), "{message}");
    }
}
