//! Ops that are what their region computes.

use super::{Cx, bytes};
use crate::network::{Network, NetworkError};
use ir::interfaces::{Datum, EvalError, Results};

/// Evaluates the one block of an op's region.
pub(super) fn region(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let m = cx.op.module;
    let region = m.regions(cx.op.id).first();
    let block = region.and_then(|&r| m.blocks(r).first().copied());
    let block = block.ok_or_else(|| EvalError::Unsupported("its region is empty".to_owned()))?;
    let inputs: Vec<Vec<u8>> = cx.args.iter().map(|a| bytes(a).to_vec()).collect();
    let network = Network::of_block(m, block).map_err(error)?;
    let outputs = network.run(&inputs).map_err(error)?;
    let data = outputs.into_iter().map(|b| Datum::Bytes(b.into()));
    Ok(data.collect())
}

fn error(e: NetworkError) -> EvalError {
    match e {
        NetworkError::Op { error, .. } => error,
        other => EvalError::Unsupported(other.to_string()),
    }
}
