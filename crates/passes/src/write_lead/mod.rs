//! How far the writes of a kernel run ahead of its reads: the analysis behind in-place planning.
//!
//! Take an argument `x` that the kernel only reads and an argument `y` that it only writes. Their *write lead* is the largest, over all
//! moments of the kernel, of the end of the bytes of `y` that are written by then less the first byte of `x` that is read later. If `x`
//! starts at the start of `y` plus the lead or later, then no write destroys a byte of `x` that is still to be read: at each moment
//! what is written of `y` ends at or below the first byte of `x` that still counts.
//!
//! Traces of accesses form a monoid that knows leads ([`trace`]): that of a loop nest is computed without a list of its accesses. The nest
//! is reduced to what decides addresses ([`nest`]), then executed on intervals of integers ([`walk`]): a loop that touches both `x` and
//! `y` is run iteration by iteration, so that its subscripts are numbers, a loop that touches one of them is run once with its counter
//! as an interval. A budget bounds the work; where it does not suffice, inner loops are run once, too, which can only make the lead larger.
//!
//! Sound for whatever passes the verifier: what is not understood reads and writes all that it can reach, or has no lead.

mod nest;
mod range;
mod trace;
mod walk;

use ir::dialects::func::CallOp;
use ir::{DialectRegistryBuilder, Module, OpId, OpRef, RegistryError, ValueId};

/// Steps of one analysis at most: a step is one access or one integer op that decides an address.
const STEPS: u64 = 1 << 18;

/// Calls that a kernel nests at most, beyond which nothing is known.
const MAX_DEPTH: usize = 8;

/// Attaches [`InPlace`](ir::interfaces::InPlace) to `func.call`: the analysis of the callee.
///
/// # Errors
/// If the op has one already.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.in_place(
        CallOp::NAME,
        |op: OpRef<'_>, read: usize, written: usize| of_call(op.module, op.id, read, written, 0),
    )?;
    Ok(())
}

/// The write lead of argument `written` of a function over argument `read`, in bytes.
///
/// `None` if the function reads what it should only write or writes what it should only read, if either is of no static size, or if
/// something else than loads, stores and ops with a write lead of their own uses them.
pub fn write_lead(m: &Module, function: OpId, read: usize, written: usize) -> Option<u64> {
    lead(m, function, read, written, 0)
}

fn lead(m: &Module, function: OpId, read: usize, written: usize, depth: usize) -> Option<u64> {
    let entry = m.entry_block(function)?;
    let args = m.block_args(entry);
    let (x, y) = (*args.get(read)?, *args.get(written)?);
    let opaque = |op: OpId| opaque_lead(m, op, (x, y), depth);
    let nest = nest::Nest::of(m, entry, (x, y), &opaque)?;
    Some(walk::run(&nest, STEPS).lead())
}

fn of_call(m: &Module, call: OpId, read: usize, written: usize, depth: usize) -> Option<u64> {
    let callee = CallOp::cast(m, call).and_then(|c| m.lookup_symbol(&c.callee(m)))?;
    (depth < MAX_DEPTH).then(|| lead(m, callee, read, written, depth + 1))?
}

/// The lead of an op on buffers that is neither load nor store; `None` if it says nothing.
fn opaque_lead(m: &Module, op: OpId, (x, y): (ValueId, ValueId), depth: usize) -> Option<u64> {
    let positions = |v: ValueId| {
        let all = m.operands(op).enumerate();
        let found: Vec<usize> = all
            .filter(|o| nest::base(m, o.1) == v)
            .map(|o| o.0)
            .collect();
        found
    };
    let mut most = 0;
    for read in positions(x) {
        for written in positions(y) {
            let lead = if m.op_name(op) == CallOp::NAME {
                of_call(m, op, read, written, depth)
            } else {
                m.registry()
                    .in_place(m.op_name(op))?
                    .write_lead(m.op(op), read, written)
            };
            most = most.max(lead?);
        }
    }
    Some(most)
}
