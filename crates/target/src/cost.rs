//! What simple operations cost on a core, in cycles, for the choice between schedules.

use serde::Deserialize;

/// Cycles of the classes of simple operations that a schedule estimates its loops with.
///
/// Without caches and flash wait states, as in the emulator's profile model, so that an estimate can be checked
/// against a profile; where the two differ, the table follows the core's manual. What a core computes by a library call (a wide
/// multiplication on Armv6-M, floating point without a unit) has the cost of that call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostTable {
    /// 32-bit add, logic, shift, compare, move.
    pub alu: u32,
    /// 32-bit multiplication, with or without accumulation.
    pub mul: u32,
    /// 32 × 32 → 64-bit multiplication, with or without accumulation.
    pub wide_mul: u32,
    /// 64-bit addition or subtraction.
    pub wide_add: u32,
    /// 64-bit shift by a constant.
    pub wide_shift: u32,
    /// 32-bit division.
    pub div: u32,
    /// Load of up to 32 bits that does not follow another memory access.
    pub load: u32,
    /// Load of up to 32 bits right after another memory access.
    pub load_after_load: u32,
    /// Store of up to 32 bits.
    pub store: u32,
    /// Branch that is taken, its pipeline refill included.
    pub branch_taken: u32,
    /// Call and return of a function with few arguments, its saved registers included.
    pub call: u32,
    /// Single-precision addition or subtraction.
    pub float_add: u32,
    /// Single-precision multiplication.
    pub float_mul: u32,
    /// Single-precision division.
    pub float_div: u32,
    /// Dual 16-bit operations of the DSP extension; `None` where the core has none.
    pub simd: Option<SimdCost>,
    /// 128-bit operations of Helium; `None` where the core has none.
    pub vector: Option<VectorCost>,
}

/// Cycles of the DSP extension's operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimdCost {
    /// `SMLAD` and its kin: two 16-bit multiplications and two additions.
    pub dual_mac: u32,
    /// `SXTB16`, `PKHBT` and other rearrangements.
    pub permute: u32,
}

/// Cycles of Helium's operations when loads and arithmetic do not alternate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorCost {
    /// 128-bit load.
    pub load: u32,
    /// 128-bit store.
    pub store: u32,
    /// 128-bit arithmetic.
    pub op: u32,
}
