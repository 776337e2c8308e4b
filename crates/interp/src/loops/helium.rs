//! Instructions of Helium on the executor's registers and memory.

use super::code::{HeliumSite, Reg, TransferSite};
use super::error::Fault;
use super::machine::{address, aligned};
use super::memory::Memory;
use super::watch::Watch;
use crate::helium::Place;
use crate::numerics::helium::{self, Output, Vector};
use crate::scalar::Undefined;

#[inline]
fn vector(regs: &[i64], r: Reg) -> Vector {
    let mut v = [0; 16];
    v[..8].copy_from_slice(&regs[r as usize].to_le_bytes());
    v[8..].copy_from_slice(&regs[r as usize + 1].to_le_bytes());
    v
}

#[inline]
fn put(regs: &mut [i64], r: Reg, v: &Vector) {
    for (i, chunk) in v.chunks_exact(8).enumerate() {
        let mut raw = [0; 8];
        raw.copy_from_slice(chunk);
        regs[r as usize + i] = i64::from_le_bytes(raw);
    }
}

/// An instruction on registers.
pub fn run(site: &HeliumSite, regs: &mut [i64]) -> Result<(), Fault> {
    let resolved = &site.resolved;
    let mut operands = resolved.start;
    for (&r, &place) in site.args.iter().zip(&resolved.places) {
        match place {
            Place::Vector(i) => operands.vectors[i] = vector(regs, r),
            place => resolved.put(&mut operands, place, regs[r as usize]),
        }
    }
    match (resolved.instruction)(&operands).map_err(Undefined::from)? {
        Output::Vector(v) => put(regs, site.result, &v),
        Output::Word(x) => regs[site.result as usize] = x,
    }
    Ok(())
}

/// A load or store, each active lane on its own; the memref is in registers `m`, `m + 1`.
pub fn transfer(
    site: &TransferSite,
    memory: &mut Memory,
    watch: &mut impl Watch,
    regs: &mut [i64],
    m: Reg,
    offset: i64,
) -> Result<(), Fault> {
    let size = site.element as usize / 8;
    let predicate = site.predicate.map(|r| regs[r as usize] as u16);
    let offsets = site.offsets.map(|r| vector(regs, r));
    let mut v = match site.store {
        true => vector(regs, site.vector),
        false => [0; 16],
    };
    for i in 0..128 / site.width as usize {
        if let Some(p) = predicate
            && !helium::is_active(p, i, site.width).map_err(Undefined::from)?
        {
            continue;
        }
        let behind = match &offsets {
            None => i as i64,
            Some(o) => crate::scalar::zero_extend(helium::lane(o, i, site.width), site.width),
        };
        let place = offset.saturating_add(behind * size as i64);
        let at = address(regs, m, place, size as u64)?;
        aligned(at, size)?;
        let bytes = at..at + size;
        if site.store {
            if at < memory.constants_end {
                return Err(Fault::WriteToConstant);
            }
            watch.store(bytes.clone());
            let lane = helium::lane(&v, i, site.width).to_le_bytes();
            memory.bytes[bytes].copy_from_slice(&lane[..size]);
        } else {
            watch.load(bytes.clone());
            let lane = helium::extend(&memory.bytes[bytes]);
            helium::set_lane(&mut v, i, site.width, lane);
        }
    }
    if !site.store {
        put(regs, site.vector, &v);
    }
    Ok(())
}
