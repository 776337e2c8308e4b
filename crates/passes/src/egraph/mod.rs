//! Rewriting of networks by equality saturation: all rules are applied without a choice, then the cheapest equivalent network is taken.
//!
//! [`encode`](encode::encode) makes terms of a function's pure `nn` ops in an e-graph of the crate `egg`; classes of equal terms have one
//! type ([`graph::Facts`], which a merge asserts). [`saturate`](saturate::saturate) applies [`rules`] within named limits of terms and
//! rounds. [`extract`] chooses a term of each class by the costs of the target's schedules, a shared term once, for the best networks one
//! after the other; [`decode`](decode::decode) makes ops of them again, with the locations of all layers that they stand for. [`measure`]
//! orders each, plans its memory, and decides which is best; if none is better, the input stands. The pass is [`rewrite_graph`](crate::rewrite_graph).
//!
//! What the registered folds know is asked for as it is; no rule repeats it. A rule is for what needs a choice: both sides may be better,
//! depending on the target or on what else uses their parts.
//!
//! [`claim`] offers parts of the network to accelerators, as terms that cost what the accelerator says; [`merge`](merge::merge) makes one call
//! of claims that feed each other.
//!
//! Constants are numbers of a table. What is computed from constants only is a constant, whose elements are computed when somebody asks: for
//! a cost that depends on them, or in the end, if the constant is taken.

pub mod body;
pub mod claim;
pub mod cost;
pub mod decode;
pub mod encode;
pub mod extract;
pub mod graph;
pub mod matching;
pub mod measure;
pub mod merge;
pub mod registered;
pub mod rule;
pub mod rules;
pub mod saturate;
pub mod term;

pub use rule::{Rule, Soundness};
