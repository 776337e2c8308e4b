//! The target's memories as the planner's pools.

use super::limits::Limits;
use crate::access_counts::AccessCounts;
use crate::memory_map::MemoryMap;
use ir::{Diagnostic, Module};
use target::{Memory, Target};
use usmp::Problem;
use usmp::pools::{Pool, PoolBuffer, PoolProblem};

/// Bytes of the largest object on a target without memories: what a signed 32-bit difference of addresses spans.
pub(super) const LARGEST_OBJECT: u64 = i32::MAX as u64;

/// A pool, and the memory that it is on a target that has memories.
pub(super) struct Place<'t> {
    pub memory: Option<&'t Memory>,
    pub pool: Pool,
}

/// Where buffers may be, in the target's order; never empty.
pub(super) struct Memories<'t>(pub Vec<Place<'t>>);

impl<'t> Memories<'t> {
    /// The memories that may hold buffers, with what `limits` leave of them; on a target without memories one pool of any size.
    pub(super) fn of(target: &'t Target, limits: &Limits) -> Result<Memories<'t>, Diagnostic> {
        limits.check(target)?;
        let places: Vec<Place<'t>> = target
            .memories
            .iter()
            .filter(|memory| memory.kind.holds_buffers())
            .filter_map(|memory| {
                let all = u64::from(memory.size);
                let size = limits.get(&memory.name).map_or(all, |n| n.min(all));
                // What is limited to nothing is not used at all.
                (size > 0).then(|| Place {
                    memory: Some(memory),
                    pool: Pool {
                        name: memory.name.clone(),
                        size: Some(size),
                        align: u64::from(memory.alignment),
                        read_cost: memory.read_wait,
                        write_cost: memory.write_wait,
                    },
                })
            })
            .collect();
        if !places.is_empty() {
            return Ok(Memories(places));
        }
        let pool = Pool {
            name: "arena".to_owned(),
            size: Some(match target.memories.is_empty() {
                true => LARGEST_OBJECT,
                false => 0,
            }),
            align: 1,
            read_cost: 0,
            write_cost: 0,
        };
        Ok(Memories(vec![Place { memory: None, pool }]))
    }

    /// Takes bytes for what is not planned with the buffers from where most are; the memory that is. `None` if it has fewer.
    pub(super) fn reserve(&mut self, bytes: u64) -> Option<Option<&'t Memory>> {
        let size = |p: &Place<'_>| p.pool.size.unwrap_or(0);
        let largest = self.0.iter().map(size).max()?;
        let left = largest.checked_sub(bytes)?;
        let place = self.0.iter_mut().find(|p| size(p) == largest)?;
        place.pool.size = Some(left);
        Some(place.memory)
    }

    /// The planner's problem: every buffer may be in every pool, and costs what it is accessed.
    pub(super) fn problem(
        &self,
        m: &Module,
        map: &MemoryMap,
        counts: &AccessCounts,
        problem: Problem,
        which: &[usize],
    ) -> Result<PoolProblem, Diagnostic> {
        let pools: Vec<Pool> = self.0.iter().map(|place| place.pool.clone()).collect();
        let all: Vec<usize> = (0..pools.len()).collect();
        let buffers = which.iter().map(|&i| PoolBuffer {
            pools: all.clone(),
            access: counts.buffer(m, map.buffers[i].value),
        });
        let buffers = buffers.collect();
        PoolProblem::new(problem, pools, buffers)
            .map_err(|e| Diagnostic::error("M001", format!("cannot plan the memory: {e}")))
    }
}
