//! The order of operators that needs the least memory at its peak.
//!
//! A plan can be no lower than the bytes that are live at one time, and where a network branches, that depends on the order in which its
//! operators run. [`Search`] takes an [`OperatorGraph`] (what each operator reads and writes) and returns an order of least peak, or
//! the best found and a bound, where its budget ends. [`check_order`] judges an order and shares no code with the search.
//!
//! ```
//! use usmp::order::{GraphBuffer, Operator, OperatorGraph, Search, check_order};
//!
//! // Two branches from one input; the order given makes both large buffers before it shrinks either.
//! let buffer = |size| GraphBuffer { size, ..GraphBuffer::default() };
//! let input = GraphBuffer { size: 4, is_input: true, is_output: false };
//! let output = GraphBuffer { size: 4, is_input: false, is_output: true };
//! let buffers = vec![input, buffer(256), buffer(256), buffer(4), buffer(4), output];
//! let graph = OperatorGraph::new(buffers, vec![
//!     Operator::new(&[0], &[1]),
//!     Operator::new(&[0], &[2]),
//!     Operator::new(&[1], &[3]),
//!     Operator::new(&[2], &[4]),
//!     Operator::new(&[3, 4], &[5]),
//! ])?;
//! let found = Search::default().solve(&graph);
//! assert_eq!(check_order(&graph, &[0, 1, 2, 3, 4]), Ok(4 + 256 + 256));
//! assert_eq!(check_order(&graph, found.order()), Ok(4 + 4 + 256));
//! assert!(found.is_optimal());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How the search works
//! What is live depends on the *set* of operators that have run, not on their order, so the search goes over sets; a set that was
//! searched once is never entered again. Three things keep the sets few:
//! - **Segments** (`segments`): sets that every order passes through cut the graph into parts that are solved one by one, and only
//!   where the order given is above the peak of the others.
//! - **Thresholds** (`threshold`): the question is only whether there is an order of at most so many bytes. A refusal says which
//!   threshold is worth the next try, and so raises the bound.
//! - **Free moves** (`threshold`): an operator, or a chain of them, behind which no more bytes are live than before and whose peak is
//!   below the threshold runs at once; the proof is there.
//!
//! | file | holds |
//! |---|---|
//! | `graph` | what is to be ordered, validated once |
//! | `state` | the operators that have run, and what is live then |
//! | `segments` | the cuts |
//! | `bound` | bytes that no order of a segment can be below |
//! | `threshold` | the exact search |
//! | `heuristics` | list scheduling and beam search |
//! | `search` | bounds from below and above, until they meet or the budget ends |
//! | `check` | the independent judge, lifetimes, the planning problem of an order |

mod bound;
mod check;
mod graph;
mod heuristics;
mod search;
mod segments;
mod state;
mod threshold;

pub use check::{OrderViolation, check_order, planning_problem};
pub use graph::{GraphBuffer, GraphError, InPlaceCredit, Operator, OperatorGraph};
pub use heuristics::greedy;
pub use search::{OperatorOrder, Search};
