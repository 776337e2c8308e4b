//! Acme's compiler: Thumbwright, and a pass that marks the layers which Acme's accelerator can run.

use ir::{Module, OpId, WalkOrder};
use pass::{Failed, PassCx, PassInfo, RegistryBuilder, RegistryError};
use std::process::ExitCode;

/// Marks convolutions whose output channels fill the accelerator's 16 lanes.
fn mark(m: &mut Module, func: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    for op in m.walk(func, WalkOrder::Pre) {
        if m.op_name(op) != "nn.conv_2d" {
            continue;
        }
        let output = m.type_data(m.value_type(m.result(op, 0)));
        let channels = output.shape().and_then(|s| s.last().copied());
        if channels.is_some_and(|c| c % 16 == 0) && cx.fuel.take() {
            let yes = m.unit_attr();
            m.set_discardable(op, "acme.accelerate", yes);
            cx.count("layers marked", 1);
        }
    }
    Ok(())
}

/// What Acme adds.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    let summary = "Mark the layers that the accelerator can run.";
    r.pass(PassInfo::new("acme-mark", "func.func", summary, mark).idempotent())?;
    Ok(())
}

fn main() -> ExitCode {
    thumbwright::cli::main_with(register)
}
