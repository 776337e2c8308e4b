//! Why a problem fits into no pools.

use std::fmt;

/// What the attempt that came nearest leaves over.
///
/// In that attempt what fits nowhere is in the largest of its pools, so at least one pool is too small for its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoesNotFit {
    /// Every pool that may hold a buffer, in the problem's order.
    pub pools: Vec<PoolNeed>,
    /// First time at which most bytes are live in a pool that is too small.
    pub peak: u32,
    /// Indices of the buffers that are live then, in all pools, largest first.
    pub live: Vec<usize>,
    /// Bytes by which all pools together are too small in the attempt that came nearest.
    pub missing: u64,
    /// Whether it is proved that there is no plan; else one might exist that was not found.
    pub proved: bool,
}

/// What a pool was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolNeed {
    /// The pool's name.
    pub name: String,
    /// Its size in bytes; `None` if it is not limited.
    pub size: Option<u64>,
    /// Bytes that its part of the attempt takes: the height of the algorithm's plan.
    pub height: u64,
}

impl PoolNeed {
    /// Bytes that the pool is too small by.
    pub fn missing(&self) -> u64 {
        self.size.map_or(0, |size| self.height.saturating_sub(size))
    }
}

impl fmt::Display for DoesNotFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes are missing at time {}",
            self.missing, self.peak
        )?;
        for need in &self.pools {
            let (name, height) = (&need.name, need.height);
            match need.size {
                Some(size) => write!(f, "; pool `{name}` has {size} bytes, {height} are needed")?,
                None => write!(f, "; pool `{name}` takes {height} bytes")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for DoesNotFit {}
