//! Several memories: which buffer goes into which pool, and where in it.
//!
//! A [`PoolProblem`] is a [`Problem`] with the memories that there are, which of them may hold each buffer, and how often each
//! buffer is read and written. [`plan_pools`] assigns buffers to pools and lets an [`Algorithm`](crate::Algorithm) place each pool's
//! part, which is an ordinary problem: whether a part fits is asked of the algorithm, not guessed from sums of sizes. [`check_pools`]
//! judges the result and shares no code with the planner.
//!
//! The cost of a plan is the sum over all buffers of `reads × read_cost + writes × write_cost` of the buffer's pool. A buffer thus
//! gains more from a fast memory the more often it is accessed, and takes its place from others for as long as it lives.
//!
//! ```
//! use usmp::pools::{Access, Pool, PoolBuffer, PoolProblem, check_pools, plan_pools};
//! use usmp::{Buffer, BufferKind, GreedyBySize, Problem};
//!
//! let buffer = |name: &str, size, start, end| Buffer {
//!     name: name.to_owned(), size, align: 4, start, end, kind: BufferKind::Activation,
//! };
//! let problem = Problem::new(vec![buffer("image", 9000, 0, 1), buffer("map", 6000, 0, 2), buffer("scores", 40, 1, 2)])?;
//! let pools = vec![
//!     Pool { name: "tcm".to_owned(), size: Some(8000), align: 1, read_cost: 0, write_cost: 0 },
//!     Pool { name: "sram".to_owned(), size: Some(64_000), align: 1, read_cost: 2, write_cost: 1 },
//! ];
//! let words = [(2250, 0), (13_500, 1500), (10, 10)];
//! let buffers = words.map(|(reads, writes)| PoolBuffer { pools: vec![0, 1], access: Access { reads, writes } });
//! let problem = PoolProblem::new(problem, pools, buffers.to_vec())?;
//!
//! let plan = plan_pools(&problem, &GreedyBySize).map_err(|e| e.to_string())?;
//! assert!(check_pools(&problem, &plan).is_empty());
//! // The image does not fit into the fast memory; what is read most goes there.
//! assert_eq!(plan.pools(), [1, 0, 0]);
//! assert_eq!(plan.heights(), [6040, 9000]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `problem` | the data, validated once |
//! | `part` | one pool's part of the problem, and what the algorithm makes of it |
//! | `assign` | the heuristic: everything into the cheapest pool, spill what is least worth it, improve by moves and swaps |
//! | `search` | branch and bound over assignments, for small problems and for a last attempt |
//! | `plan` | the result |
//! | `does_not_fit` | the result when there is none |
//! | `check` | the judge |
//! | `fill` | constants into what the buffers left |

mod assign;
mod check;
mod does_not_fit;
mod fill;
mod part;
mod plan;
mod problem;
mod search;

pub use assign::plan_pools;
pub use check::{PoolViolation, check_pools};
pub use does_not_fit::{DoesNotFit, PoolNeed};
pub use fill::{Item, Room, fill};
pub use plan::PoolPlan;
pub use problem::{Access, Pool, PoolBuffer, PoolProblem, PoolProblemError};

#[cfg(doc)]
use crate::problem::Problem;
