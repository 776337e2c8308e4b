//! `nn.fully_connected` of float32: a convolution of one tap over rows as pixels, see [`conv_2d_f32`](super::conv_2d_f32).

use super::conv_2d_f32::Extents;
use super::parameters::{kernel_name, refused, require};
use super::taps::Axis;
use interp::nn::{FullyConnectedParams, fully_connected_params};
use interp::numerics::ClampF32;
use ir::dialects::nn::Element;
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers every float32 `nn.fully_connected`.
struct FullyConnectedF32;

fn extents(op: OpRef<'_>) -> Option<(Extents, ClampF32)> {
    let Ok(FullyConnectedParams::F32 { shape, clamp }) = fully_connected_params(op) else {
        return None;
    };
    let line = |n: usize| Axis {
        input: n as i64,
        output: n as i64,
        kernel: 1,
        stride: 1,
        dilation: 1,
        before: 0,
    };
    let e = Extents {
        batches: 1,
        rows: line(1),
        columns: line(shape.batches),
        in_channels: shape.depth as i64,
        out_channels: shape.channels as i64,
    };
    Some((e, clamp))
}

impl Schedule for FullyConnectedF32 {
    fn name(&self) -> &str {
        "fully-connected-f32"
    }

    fn op(&self) -> &str {
        "nn.fully_connected"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::F32, Element::F32)?;
        fully_connected_params(op)
            .map(|_| ())
            .map_err(|e| e.to_string())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        extents(op).map_or(Cost::default(), |(e, _)| e.cost(target))
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        fully_connected_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let (e, clamp) = extents(m.op(op)).expect("invariant: the schedule applies");
        k.set_name(&kernel_name(format!(
            "fully_connected_f32_{}_{}",
            e.in_channels, e.out_channels
        )));
        e.lower(op, clamp, k);
        Ok(())
    }
}

/// Registers the schedule.
///
/// # Errors
/// If its name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(FullyConnectedF32)?;
    Ok(())
}
