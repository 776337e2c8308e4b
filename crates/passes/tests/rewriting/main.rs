//! Folds, patterns and the passes that use them: nothing computes anything else afterwards.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../registry/mod.rs"]
mod registry;

mod buffers;
mod chains;
mod completeness;
mod conservative;
mod conversions;
mod floats;
mod integers;
mod laws;
mod loops;
mod network;
mod options;

mod random;
mod texts;

use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use registry::registry;

fn parse(registry: &Registry, source: &str) -> ir::Module {
    let options = ir::text::ParseOptions {
        allow_unregistered: true,
    };
    let dialects = registry.dialects().clone();
    ir::text::parse(source, "test.mlir", dialects, &options)
        .unwrap_or_else(|e| panic!("{e}\n{source}"))
}

/// Runs a pipeline that must succeed, verifying after each pass; what passes counted.
fn run(registry: &Registry, m: &mut ir::Module, pipeline: &str) -> pass::Statistics {
    let mut cx = PassCx::new(registry, registry.targets().get("host").unwrap());
    let options = ManagerOptions {
        verify_each: true,
        allow_unregistered: true,
        ..ManagerOptions::default()
    };
    let pipeline = Pipeline::parse(pipeline).unwrap();
    let result = pass::run_pipeline(&pipeline, m, &mut cx, options, &mut ());
    assert!(
        result.is_ok(),
        "{}\n{}",
        cx.diagnostics,
        ir::text::print_module(m)
    );
    assert!(cx.diagnostics.is_empty(), "{}", cx.diagnostics);
    cx.statistics
}
