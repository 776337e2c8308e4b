//! The problem with several pools, validated.

use crate::problem::{Problem, ProblemErrors};

/// A memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name, unique in a problem.
    pub name: String,
    /// Bytes of it that buffers may take; `None` if it is not limited.
    pub size: Option<u64>,
    /// Offsets in it are multiples of this number of bytes, and of the buffer's own alignment; a power of two.
    pub align: u64,
    /// Cycles that reading a word takes beyond the cheapest memory.
    pub read_cost: u32,
    /// Cycles that writing a word takes beyond the cheapest memory.
    pub write_cost: u32,
}

/// How often a buffer is accessed in one run, in words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Words read.
    pub reads: u64,
    /// Words written.
    pub writes: u64,
}

/// What is to be known of a buffer beyond its size and lifetime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolBuffer {
    /// Indices of the pools that may hold it.
    pub pools: Vec<usize>,
    /// How often it is accessed.
    pub access: Access,
}

/// Buffers to be placed into several memories.
///
/// Valid by construction: every buffer has a pool that may hold it, names of pools are unique, alignments are powers of two, and each
/// pool's buffers are an ordinary problem, whose sums overflow nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolProblem {
    problem: Problem,
    pools: Vec<Pool>,
    buffers: Vec<PoolBuffer>,
}

impl PoolProblem {
    /// Validates pools and what is said of each buffer; `buffers` are in the order of the problem's. A capacity of `problem` means nothing
    /// here: the pools have theirs.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn new(
        problem: Problem,
        pools: Vec<Pool>,
        mut buffers: Vec<PoolBuffer>,
    ) -> Result<PoolProblem, PoolProblemError> {
        let expected = problem.buffers().len();
        if buffers.len() != expected {
            let found = buffers.len();
            return Err(PoolProblemError::Count { expected, found });
        }
        for (index, pool) in pools.iter().enumerate() {
            let name = || pool.name.clone();
            if pools[..index].iter().any(|other| other.name == pool.name) {
                return Err(PoolProblemError::DuplicateName { name: name() });
            }
            if !pool.align.is_power_of_two() {
                let align = pool.align;
                return Err(PoolProblemError::Alignment {
                    name: name(),
                    align,
                });
            }
        }
        for (index, buffer) in buffers.iter_mut().enumerate() {
            buffer.pools.sort_unstable();
            buffer.pools.dedup();
            let name = || problem.buffers()[index].name.clone();
            match buffer.pools.last() {
                None => return Err(PoolProblemError::NoPool { name: name() }),
                Some(&pool) if pool >= pools.len() => {
                    return Err(PoolProblemError::UnknownPool { name: name(), pool });
                }
                Some(_) => {}
            }
        }
        for (index, pool) in pools.iter().enumerate() {
            let held: Vec<usize> = (0..buffers.len())
                .filter(|&i| buffers[i].pools.contains(&index))
                .collect();
            problem
                .part(&held, pool.align)
                .map_err(|errors| PoolProblemError::Part {
                    name: pool.name.clone(),
                    errors,
                })?;
        }
        Ok(PoolProblem {
            problem,
            pools,
            buffers,
        })
    }

    /// The buffers with their lifetimes, as one problem.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The pools.
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// What is said of each buffer, by its index in the problem; each list of pools is ascending.
    pub fn buffers(&self) -> &[PoolBuffer] {
        &self.buffers
    }

    /// Wait cycles that a buffer costs in a pool in one run.
    ///
    /// # Panics
    /// When an index is out of range.
    pub fn cost(&self, buffer: usize, pool: usize) -> u128 {
        let (access, pool) = (self.buffers[buffer].access, &self.pools[pool]);
        u128::from(access.reads) * u128::from(pool.read_cost)
            + u128::from(access.writes) * u128::from(pool.write_cost)
    }
}

/// Why pools and buffers are not a problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolProblemError {
    /// Not as many descriptions as buffers.
    #[error("there are {expected} buffers, and pools for {found}")]
    Count {
        /// Buffers of the problem.
        expected: usize,
        /// Descriptions given.
        found: usize,
    },
    /// Two pools have one name.
    #[error("two pools have the name `{name}`")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A pool's alignment is not a power of two.
    #[error("pool `{name}` has the alignment {align}, which is not a power of two")]
    Alignment {
        /// The pool's name.
        name: String,
        /// The alignment, in bytes.
        align: u64,
    },
    /// No pool may hold a buffer.
    #[error("no pool may hold buffer `{name}`")]
    NoPool {
        /// The buffer's name.
        name: String,
    },
    /// A buffer refers to a pool that is not there.
    #[error("buffer `{name}` refers to pool {pool}, which there is not")]
    UnknownPool {
        /// The buffer's name.
        name: String,
        /// The index that was given.
        pool: usize,
    },
    /// The buffers of a pool are no problem.
    #[error("pool `{name}`: {errors}")]
    Part {
        /// The pool's name.
        name: String,
        /// What is wrong.
        errors: ProblemErrors,
    },
}
