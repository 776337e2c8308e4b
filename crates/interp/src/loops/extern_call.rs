//! An external call, executed by its region: what the C function is said to compute.

use super::POISON;
use super::code::{ExternSite, Reg};
use super::error::Fault;
use super::memory::Memory;
use super::watch::Watch;
use crate::network::{Network, NetworkError};
use ir::Module;
use ir::dialects::mcu::BufferRole;
use ir::interfaces::EvalError;
use std::ops::Range;

/// Runs the region on the bytes of the inputs and writes the outputs; workspace holds poison afterwards, as nobody may read it.
pub fn run(
    m: &Module,
    site: &ExternSite,
    memory: &mut Memory,
    watch: &mut impl Watch,
    regs: &[i64],
) -> Result<(), Fault> {
    let extents: Vec<(Range<usize>, BufferRole)> = site
        .buffers
        .iter()
        .map(|&(r, role)| (extent(regs, r), role))
        .collect();
    check(&extents, memory.constants_end)?;
    for (range, role) in &extents {
        match role {
            BufferRole::Input | BufferRole::Table => watch.load(range.clone()),
            BufferRole::Workspace | BufferRole::Output => watch.store(range.clone()),
        }
    }
    let inputs: Vec<Vec<u8>> = extents
        .iter()
        .filter(|e| e.1 == BufferRole::Input)
        .map(|e| memory.bytes[e.0.clone()].to_vec())
        .collect();
    let region = Network::of_block(m, site.body).map_err(fault)?;
    let mut outputs = region.run(&inputs).map_err(fault)?.into_iter();
    for (range, role) in extents {
        match role {
            BufferRole::Input | BufferRole::Table => {}
            BufferRole::Workspace => memory.bytes[range].fill(POISON),
            BufferRole::Output => {
                let bytes = outputs.next().unwrap_or_default();
                if bytes.len() != range.len() {
                    return Err(Fault::OutOfBounds {
                        offset: 0,
                        size: bytes.len() as u64,
                        len: range.len() as u64,
                    });
                }
                memory.bytes[range].copy_from_slice(&bytes);
            }
        }
    }
    Ok(())
}

fn extent(regs: &[i64], r: Reg) -> Range<usize> {
    let r = r as usize;
    regs[r] as usize..regs[r + 1] as usize
}

/// What is written is no constant, and apart from every other buffer of the call.
fn check(extents: &[(Range<usize>, BufferRole)], constants_end: usize) -> Result<(), Fault> {
    for (i, (a, role)) in extents.iter().enumerate() {
        if !role.is_written() || a.is_empty() {
            continue;
        }
        if a.start < constants_end {
            return Err(Fault::WriteToConstant);
        }
        for (j, (b, _)) in extents.iter().enumerate() {
            if i != j && a.start < b.end && b.start < a.end {
                return Err(Fault::OverlappingBuffers(i.min(j), i.max(j)));
            }
        }
    }
    Ok(())
}

fn fault(error: NetworkError) -> Fault {
    Fault::Eval(match error {
        NetworkError::Op { error, .. } => error,
        other => EvalError::Unsupported(other.to_string()),
    })
}
