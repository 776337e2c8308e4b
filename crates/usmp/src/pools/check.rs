//! The judge of plans over several pools: compares every buffer with every other, and nothing else.
//!
//! Invariant: no function of the planner is used here.

use std::collections::BTreeSet;

use super::plan::PoolPlan;
use super::problem::PoolProblem;
use crate::checker::MAX_VIOLATIONS;
use crate::problem::Overlap;

/// One way in which a plan over several pools is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolViolation {
    /// Not as many places as buffers.
    #[error("the plan has {pools} pools and {offsets} offsets for {buffers} buffers")]
    Count {
        /// Buffers of the problem.
        buffers: usize,
        /// Pools in the plan.
        pools: usize,
        /// Offsets in the plan.
        offsets: usize,
    },
    /// A buffer is in a pool that may not hold it.
    #[error("buffer `{buffer}` is in pool {pool}, which may not hold it")]
    WrongPool {
        /// The buffer's name.
        buffer: String,
        /// Index of the pool.
        pool: usize,
    },
    /// An offset is not a multiple of the buffer's or the pool's alignment.
    #[error(
        "buffer `{buffer}` at offset {offset} of pool `{pool}` is not aligned to {align} bytes"
    )]
    Misaligned {
        /// The buffer's name.
        buffer: String,
        /// The pool's name.
        pool: String,
        /// Its offset, in bytes.
        offset: u64,
        /// The larger of the two alignments, in bytes.
        align: u64,
    },
    /// A buffer ends above the pool's size.
    #[error("buffer `{buffer}` ends at byte {end} of pool `{pool}`, which has {size}")]
    OverSize {
        /// The buffer's name.
        buffer: String,
        /// The pool's name.
        pool: String,
        /// Its offset plus its size, in bytes.
        end: u128,
        /// The pool's size, in bytes.
        size: u64,
    },
    /// Two buffers share bytes while both are live, and no allowance lets them; or a stated conflict forbids it at any time.
    #[error(
        "buffers `{first}` and `{second}` share bytes of pool `{pool}` that they must not share"
    )]
    Overlap {
        /// Name of the buffer with the lower index.
        first: String,
        /// Name of the buffer with the higher index.
        second: String,
        /// The pool's name.
        pool: String,
    },
    /// A buffer does not lie at its fixed offset.
    #[error("buffer `{buffer}` is at offset {offset}, its place is fixed at {fixed}")]
    Moved {
        /// The buffer's name.
        buffer: String,
        /// Its offset, in bytes.
        offset: u64,
        /// Where it must be, in bytes.
        fixed: u64,
    },
    /// The plan states another height of a pool than its offsets have.
    #[error(
        "the plan states a height of {stated} bytes for pool `{pool}`, its offsets have {actual}"
    )]
    Height {
        /// The pool's name.
        pool: String,
        /// The height that the plan states, in bytes.
        stated: u64,
        /// Largest offset plus size, in bytes.
        actual: u128,
    },
}

/// Everything that is wrong with `plan` as a plan for `problem`, at most [`MAX_VIOLATIONS`]; empty for a valid plan. O(n²).
pub fn check_pools(problem: &PoolProblem, plan: &PoolPlan) -> Vec<PoolViolation> {
    let buffers = problem.problem().buffers();
    let (pools, offsets) = (plan.pools(), plan.offsets());
    if pools.len() != buffers.len() || offsets.len() != buffers.len() {
        return vec![PoolViolation::Count {
            buffers: buffers.len(),
            pools: pools.len(),
            offsets: offsets.len(),
        }];
    }
    let mut violations = Vec::new();
    let end = |b: usize| u128::from(offsets[b]) + u128::from(buffers[b].size);
    for (b, buffer) in buffers.iter().enumerate() {
        let name = || buffer.name.clone();
        if !problem.buffers()[b].pools.contains(&pools[b]) {
            violations.push(PoolViolation::WrongPool {
                buffer: name(),
                pool: pools[b],
            });
            continue;
        }
        let pool = &problem.pools()[pools[b]];
        let align = pool.align.max(buffer.align);
        if offsets[b] % align != 0 {
            violations.push(PoolViolation::Misaligned {
                buffer: name(),
                pool: pool.name.clone(),
                offset: offsets[b],
                align,
            });
        }
        if let Some(size) = pool.size.filter(|&size| end(b) > u128::from(size)) {
            violations.push(PoolViolation::OverSize {
                buffer: name(),
                pool: pool.name.clone(),
                end: end(b),
                size,
            });
        }
    }
    for (b, fixed) in problem.problem().fixed_offsets() {
        if offsets[b] != fixed {
            violations.push(PoolViolation::Moved {
                buffer: buffers[b].name.clone(),
                offset: offsets[b],
                fixed,
            });
        }
    }
    let forbidden: BTreeSet<(usize, usize)> = problem.problem().stated_conflicts().collect();
    // The result runs into the operand from far enough below.
    let runs_in = |o: &Overlap| offsets[o.operand] >= offsets[o.result].saturating_add(o.lead);
    let in_place = problem.problem().overlaps().filter(|o| runs_in(o));
    let in_place: BTreeSet<(usize, usize)> = in_place
        .map(|o| (o.result.min(o.operand), o.result.max(o.operand)))
        .collect();
    for b in 0..buffers.len() {
        for a in 0..b {
            let live = buffers[a].start < buffers[b].end && buffers[b].start < buffers[a].end;
            let apart = live && !in_place.contains(&(a, b)) || forbidden.contains(&(a, b));
            let shared = u128::from(offsets[a]) < end(b) && u128::from(offsets[b]) < end(a);
            let bytes = buffers[a].size > 0 && buffers[b].size > 0;
            let together = pools[a] == pools[b] && bytes;
            if together && apart && shared && violations.len() < MAX_VIOLATIONS {
                let pool = problem.pools().get(pools[a]);
                violations.push(PoolViolation::Overlap {
                    first: buffers[a].name.clone(),
                    second: buffers[b].name.clone(),
                    pool: pool.map_or_else(String::new, |p| p.name.clone()),
                });
            }
        }
    }
    for (index, pool) in problem.pools().iter().enumerate() {
        let inside = (0..buffers.len()).filter(|&b| pools[b] == index);
        let actual = inside.map(end).max().unwrap_or(0);
        let stated = plan.heights().get(index).copied().unwrap_or(0);
        if u128::from(stated) != actual {
            violations.push(PoolViolation::Height {
                pool: pool.name.clone(),
                stated,
                actual,
            });
        }
    }
    violations.truncate(MAX_VIOLATIONS);
    violations
}
