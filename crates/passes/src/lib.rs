//! Thumbwright's own passes and schedules: one file a pass, one family of schedules a file.
//!
//! The way of a module: `nn` on tensors → [`canonicalize`], [`cse`], [`dce`] → [`rewrite_graph`] → [`order_operators`] → [`lower_nn`] (kernels and buffers) → [`share_kernels`] →
//! [`propagate_constants`] → [`plan_memory`] (buffers get addresses) → [`mark_noalias`]. [`check_placement`] checks the result,
//! sharing no code with the planner.

pub mod access_counts;
pub mod canonicalize;
pub mod check_budget;
pub mod check_placement;
pub mod cse;
pub mod dce;
mod default_pipeline;
pub mod egraph;
pub mod external;
pub mod fingerprint;
pub mod fold_constants;
pub mod folds;
pub mod front;
pub mod inline;
pub mod integer_ranges;
pub mod known;
pub mod loop_invariant_code_motion;
pub mod lower_nn;
pub mod mark_noalias;
pub mod memory_map;
pub mod order_operators;
pub mod patterns;
pub mod plan_memory;
pub mod poison_dead_memory;
pub mod preference;
pub mod process;
pub mod propagate_constants;
pub mod quantize_graph;
pub mod rewrite_graph;
pub mod schedules;
pub mod share_kernels;
pub mod simplify_affine_index;
pub mod speculation;
pub mod symbol_dce;
pub mod symbol_uses;
pub mod tensor_views;
pub mod validate_each;
pub mod write_lead;

pub use default_pipeline::{
    Constants, Io, OptimizeFor, PipelineOptions, RuleOptions, default_pipeline,
};
pub use egraph::measure::Budgets;

use pass::{RegistryBuilder, RegistryError};

/// Every error of this crate: code and what it means.
pub const CODES: &[(&str, &str)] = &[
    ("L001", "the module has no network that can be lowered"),
    ("L002", "no schedule lowers an op"),
    ("L003", "a schedule applies to an op but cannot lower it"),
    (
        "M001",
        "the memory cannot be planned: too many buffers, or sizes that overflow",
    ),
    (
        "M002",
        "the module is not lowered, so there are no buffers to plan",
    ),
    ("M003", "the memory is planned already"),
    ("M004", "there is no planning algorithm of the name"),
    ("M005", "a planning algorithm made a wrong plan"),
    ("M006", "the plan does not fit the target's memory"),
    ("M007", "a memory is limited that the target does not have"),
    ("M008", "the plan takes more RAM than the budget"),
    ("M009", "constants and code take more flash than the budget"),
    (
        "M010",
        "the placement is wrong: buffers overlap in memory and in time",
    ),
    ("X001", "an external pass is not allowed to run"),
    (
        "X002",
        "an external pass cannot be run, fails, or does not end in time",
    ),
    ("X003", "an external pass writes no module"),
];

/// Registers every pass, pattern, fold and schedule of this crate.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    folds::register(&mut r.dialects)?;
    write_lead::register(&mut r.dialects)?;
    patterns::register(r)?;
    r.pass(canonicalize::info())?;
    r.pass(fold_constants::info())?;
    r.pass(cse::info())?;
    r.pass(dce::info())?;
    r.pass(symbol_dce::info())?;
    r.pass(inline::info())?;
    r.pass(loop_invariant_code_motion::info())?;
    r.pass(simplify_affine_index::info())?;
    r.pass(quantize_graph::info())?;
    r.pass(rewrite_graph::info())?;
    for rule in egraph::rules::all() {
        r.reserve_rule(rule.name)?;
    }
    r.pass(order_operators::info())?;
    r.pass(lower_nn::info())?;
    r.pass(share_kernels::info())?;
    r.pass(propagate_constants::info())?;
    r.pass(plan_memory::info())?;
    r.pass(mark_noalias::info())?;
    r.pass(check_placement::info())?;
    r.pass(check_budget::info())?;
    r.pass(poison_dead_memory::info())?;
    r.pass(external::info())?;
    schedules::register(r)
}
