//! The Acme NPU, an accelerator that does not exist: an array of multiply–accumulate units for int8 convolutions, with max and average
//! pools behind it.
//!
//! [`register`] is all that others need. [`layer`] reads what the NPU is asked to do, [`program`] writes it in the NPU's own terms, and
//! [`schedule`] says when the NPU can, what that costs, and which C is called. `docs/accelerator.md` builds one from nothing.

pub mod layer;
pub mod program;
pub mod schedule;

use pass::{Accelerator, DriverCode, RegistryBuilder, RegistryError};
use std::path::Path;

/// What the NPU may claim. Claims that feed each other become one.
const CLAIMS: [&str; 5] = [
    "(nn.conv_2d ?x ..)",
    "(nn.max_pool_2d ?x)",
    "(nn.average_pool_2d ?x)",
    "(nn.max_pool_2d (nn.conv_2d ?x ..))",
    "(nn.average_pool_2d (nn.conv_2d ?x ..))",
];

/// Registers the NPU.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    // On a part, the model is silicon: projects link the driver alone.
    let sources = ["acme_npu.c", "acme_npu_model.c"];
    let npu = accelerator(schedule::Npu::default())?.code(code(&sources));
    r.accelerator(npu)?;
    Ok(())
}

/// The NPU without its C, as fast as the schedule says.
///
/// # Errors
/// Never; a claim that is no term would be one.
pub fn accelerator(schedule: schedule::Npu) -> Result<Accelerator, RegistryError> {
    let summary = "An array of 64 multiply–accumulate units for int8, with 32 KiB of its own.";
    let mut npu = Accelerator::new(summary, schedule);
    for claim in CLAIMS {
        let wrong = |e| RegistryError::Other(format!("acme-npu: {e}"));
        npu = npu.claim(claim).map_err(wrong)?;
    }
    Ok(npu)
}

/// C files of `driver`.
pub fn code(sources: &[&str]) -> DriverCode {
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("driver");
    DriverCode {
        library: schedule::LIBRARY.to_owned(),
        sources: sources.iter().map(|f| driver.join(f)).collect(),
        include: vec![driver],
    }
}
