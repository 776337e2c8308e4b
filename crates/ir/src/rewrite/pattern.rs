//! Patterns, and sets of them.

use crate::{Module, OpId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A local rewrite. Right sides are never worse than left sides, so that greedy application ends at something better.
pub trait Pattern: Send + Sync {
    /// Unique name, `dialect.what-it-does`; it can be switched off by it.
    fn name(&self) -> &str;

    /// The name of the ops that it looks at; `None` for any.
    fn root(&self) -> Option<&str>;

    /// The equation in one line, with its side condition.
    fn equation(&self) -> &str;

    /// Of several patterns that match, the one with the greatest benefit is tried first; of equal ones the first registered.
    fn benefit(&self) -> u32 {
        1
    }

    /// Rewrites `op` if it matches. `None` says that it does not, and then nothing was changed.
    ///
    /// New ops go before `op` (see [`Builder::before`](crate::Builder::before), which gives them its location); `op` itself may be
    /// [replaced](Module::replace_op) or changed. What is then unused is removed by the driver.
    fn apply(&self, m: &mut Module, op: OpId) -> Option<()>;
}

/// A pattern that is a function; see [`pattern`].
pub struct FnPattern<F> {
    name: String,
    root: Option<String>,
    equation: String,
    benefit: u32,
    apply: F,
}

/// A pattern on ops of a name, with benefit 1.
pub fn pattern<F>(name: &str, root: &str, equation: &str, apply: F) -> FnPattern<F>
where
    F: Fn(&mut Module, OpId) -> Option<()> + Send + Sync,
{
    FnPattern {
        name: name.to_owned(),
        root: Some(root.to_owned()),
        equation: equation.to_owned(),
        benefit: 1,
        apply,
    }
}

impl<F> FnPattern<F> {
    /// With another benefit.
    #[must_use]
    pub fn with_benefit(mut self, benefit: u32) -> Self {
        self.benefit = benefit;
        self
    }

    /// On ops of any name.
    #[must_use]
    pub fn on_any_op(mut self) -> Self {
        self.root = None;
        self
    }
}

impl<F> Pattern for FnPattern<F>
where
    F: Fn(&mut Module, OpId) -> Option<()> + Send + Sync,
{
    fn name(&self) -> &str {
        &self.name
    }
    fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }
    fn equation(&self) -> &str {
        &self.equation
    }
    fn benefit(&self) -> u32 {
        self.benefit
    }
    fn apply(&self, m: &mut Module, op: OpId) -> Option<()> {
        (self.apply)(m, op)
    }
}

/// Patterns, ready to be looked up by an op's name in the order in which they are tried.
#[derive(Clone, Default)]
pub struct PatternSet {
    by_root: FxHashMap<String, Vec<Arc<dyn Pattern>>>,
    on_any: Vec<Arc<dyn Pattern>>,
}

impl PatternSet {
    /// Of patterns in order of registration.
    pub fn new(patterns: impl IntoIterator<Item = Arc<dyn Pattern>>) -> PatternSet {
        let mut set = PatternSet::default();
        let mut rooted = Vec::new();
        for p in patterns {
            match p.root() {
                None => set.on_any.push(p),
                Some(_) => rooted.push(p),
            }
        }
        // A list of a name has those on any op too, all by benefit.
        for p in rooted {
            let root = p.root().unwrap_or_default().to_owned();
            let list = set
                .by_root
                .entry(root)
                .or_insert_with(|| set.on_any.clone());
            list.push(p);
        }
        let by_benefit = |list: &mut Vec<Arc<dyn Pattern>>| {
            list.sort_by_key(|p| std::cmp::Reverse(p.benefit()));
        };
        set.by_root.values_mut().for_each(by_benefit);
        by_benefit(&mut set.on_any);
        set
    }

    /// The patterns to try on ops of a name, in order.
    pub fn of(&self, op: &str) -> &[Arc<dyn Pattern>] {
        self.by_root.get(op).unwrap_or(&self.on_any)
    }
}
