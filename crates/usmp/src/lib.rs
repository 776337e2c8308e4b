//! Unified static memory planner: buffers with lifetimes in, byte offsets out.
//!
//! The crate is pure data in, pure data out and knows nothing of the compiler's IR. A caller states its buffers in a
//! [`Problem`], picks an [`Algorithm`] by name from [`Algorithms`], and has the resulting [`Plan`] judged by
//! [`check`], which shares no code with any algorithm.
//!
//! ```
//! use usmp::{Algorithms, Buffer, BufferKind, Liveness, Problem, check};
//!
//! let buffer = |name: &str, size, start, end| Buffer {
//!     name: name.to_owned(), size, align: 16, start, end, kind: BufferKind::Activation,
//! };
//! // A chain of three layers: each result lives until the next layer has read it.
//! let problem = Problem::new(vec![
//!     buffer("conv_1", 8000, 0, 2),
//!     buffer("conv_2", 8000, 1, 3),
//!     buffer("dense", 64, 2, 4),
//! ])?
//! .with_capacity(20_000);
//!
//! let algorithms = Algorithms::builtin();
//! let plan = algorithms.get("greedy-by-size")?.plan(&problem);
//! assert!(check(&problem, &plan).is_empty());
//! assert_eq!(plan.offsets(), [0, 8000, 0]);
//! assert_eq!(plan.height(), 16_000);
//! assert_eq!(plan.height(), Liveness::of(&problem).bound());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Terms
//! Time is the index of an operator in execution order. A buffer is *live* at `start <= t < end`. Two buffers
//! *conflict* when they are live at a common time, or when a problem says so; conflicting buffers must not share a byte,
//! but where an [overlap allowance](Overlap) lets a result run into its operand. The *height* of a plan is its largest
//! `offset + size`. The [*liveness bound*](Liveness::bound) is a height that no plan for the given order of
//! operators can be below.
//!
//! # How the parts fit
//! | module | holds |
//! |---|---|
//! | [`buffer`], [`problem`] | what is to be planned, validated once |
//! | [`plan`] | what an algorithm returns |
//! | [`liveness`] | the bound, the profile over time, what is live at the peak |
//! | [`algorithm`] | the trait, and the algorithms by registered name |
//! | [`first_fit`] | the placement step: buffers in a given order, each at its lowest free address |
//! | [`greedy_by_size`], [`greedy_by_conflicts`] | orders over that step: largest first, most conflicts first |
//! | [`hill_climb`] | local search over orders |
//! | [`best_fit`] | largest first, each in the smallest gap that takes it |
//! | [`exact`] | branch and bound: the optimum with its proof, or the best found with its gap |
//! | [`order`] | the order of operators of least peak, which lifetimes follow from |
//! | [`outcome`] | a plan together with a proved lower bound |
//! | [`checker`] | the independent judge of a plan |
//! | [`pools`] | several memories: which buffer goes where, with the planner inside |
//! | [`csv`] | minimalloc's interchange format |
//!
//! Invariant: [`checker`] uses only the data types; it calls nothing in [`liveness`], [`first_fit`] or an algorithm.
//!
//! Invariant: a [`Problem`] is valid by construction, so that algorithms are total functions: they neither fail nor
//! overflow, and never look at a clock.

pub mod algorithm;
pub mod best_fit;
pub mod buffer;
pub mod checker;
pub mod csv;
pub mod exact;
pub mod first_fit;
pub mod greedy_by_conflicts;
pub mod greedy_by_size;
pub mod hill_climb;
pub mod liveness;
pub mod order;
pub mod outcome;
pub mod plan;
pub mod pools;
pub mod problem;

mod address_set;
mod occupancy;
mod pairwise;
mod random;

pub use algorithm::{Algorithm, Algorithms, DuplicateAlgorithm, UnknownAlgorithm};
pub use best_fit::BestFit;
pub use buffer::{Buffer, BufferKind};
pub use checker::{Violation, check};
pub use exact::{Exact, Fit};
pub use greedy_by_conflicts::GreedyByConflicts;
pub use greedy_by_size::GreedyBySize;
pub use hill_climb::HillClimb;
pub use liveness::{Liveness, Moment};
pub use outcome::Outcome;
pub use plan::Plan;
pub use pools::{PoolPlan, PoolProblem, check_pools, plan_pools};
pub use problem::{Overlap, Problem, ProblemError, ProblemErrors};
