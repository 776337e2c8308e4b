//! `nn.offload`: what its region computes.

use super::{Cx, bytes};
use crate::network::{Network, NetworkError};
use ir::dialects::nn::OffloadOp;
use ir::interfaces::{Datum, EvalError, Results};

pub(super) fn offload(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let m = cx.op.module;
    let block = OffloadOp(cx.op.id).block(m);
    let block = block.ok_or_else(|| EvalError::Unsupported("its region is empty".to_owned()))?;
    let inputs: Vec<Vec<u8>> = cx.args.iter().map(|a| bytes(a).to_vec()).collect();
    let network = Network::of_block(m, block).map_err(error)?;
    let outputs = network.run(&inputs).map_err(error)?;
    Ok(outputs
        .into_iter()
        .map(|b| Datum::Bytes(b.into()))
        .collect())
}

fn error(e: NetworkError) -> EvalError {
    match e {
        NetworkError::Op { error, .. } => error,
        other => EvalError::Unsupported(other.to_string()),
    }
}
