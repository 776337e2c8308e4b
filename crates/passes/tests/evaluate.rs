//! A network on tensors computes the same after every pass of the default pipeline, as `interp::evaluate` compares modules; and a
//! changed weight is seen.
#![allow(clippy::unwrap_used, reason = "tests")]

mod registry;

use interp::evaluate::{Observation, Settings, Verdict, equivalent, observe};
use ir::{AttrData, Diagnostic, Diagnostics, Module, WalkOrder};
use pass::{Instrumentation, ManagerOptions, PassCx, PassRun};
use registry::registry;

/// Compares the module after every pass with what it was at first.
struct Validate {
    settings: Settings,
    first: Observation,
    compared: usize,
}

impl Instrumentation for Validate {
    fn after(&mut self, run: &PassRun<'_>, m: &Module) -> Result<(), Diagnostics> {
        let now = observe(m, &self.settings)?;
        match self.first.compare(&now) {
            Verdict::Equal(coverage) => {
                self.compared += coverage.compared;
                Ok(())
            }
            other => {
                let message = format!("after {}: {other}", run.pass);
                Err(Diagnostic::error("V999", message).into())
            }
        }
    }
}

#[test]
fn networks_stay_equal_through_the_default_pipeline() {
    let registry = registry();
    let target = registry.targets().get("cortex-m4").unwrap();
    let settings = Settings::new(7, 3);
    let (mut compared, mut changed) = (0, 0);
    for network in testgen::network::networks(17, 40) {
        let before = network.build(registry.dialects());
        let mut m = before.clone();
        let mut validate = Validate {
            settings,
            first: observe(&m, &settings).unwrap(),
            compared: 0,
        };
        let pipeline = passes::default_pipeline(&registry, &passes::PipelineOptions::default());
        let mut cx = PassCx::new(&registry, target);
        let options = ManagerOptions::default();
        let ran = pass::run_pipeline(&pipeline, &mut m, &mut cx, options, &mut validate);
        assert!(
            ran.is_ok(),
            "{}\n{}",
            cx.diagnostics,
            ir::text::print_module(&before)
        );
        compared += validate.compared;
        changed += usize::from(sabotage(&mut m) && is_different(&before, &m, &settings));
    }
    // Three samples of forty networks after at least six passes.
    assert!(compared >= 3 * 40 * 6, "{compared}");
    // Most constants matter for some input.
    assert!(changed >= 20, "{changed} changed tables were seen");
}

fn is_different(before: &Module, after: &Module, settings: &Settings) -> bool {
    matches!(equivalent(before, after, settings), Verdict::Differs(_))
}

/// Flips bits of the first constant table.
fn sabotage(m: &mut Module) -> bool {
    for op in m.walk(m.root(), WalkOrder::Pre) {
        if m.op_name(op) != "memref.global" {
            continue;
        }
        let Some(value) = m.prop(op, "initial_value") else {
            continue;
        };
        let Some((ty, bytes)) = m.attr_elements(value) else {
            continue;
        };
        let bytes: Vec<u8> = bytes.iter().map(|b| b ^ 0x41).collect();
        let elements = ir::Elements {
            ty,
            bytes: bytes.into(),
        };
        let value = m.attr(AttrData::Dense(elements));
        m.set_prop(op, "initial_value", value);
        return true;
    }
    false
}
