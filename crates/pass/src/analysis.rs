//! Analyses: facts derived from a module, kept until the module changes.

use ir::{Module, OpId};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What can be derived from an op and everything inside it.
pub trait Analysis: Any + Send + Sync {
    /// Unique name in kebab-case. Analyses are told apart by it.
    const NAME: &'static str;

    /// Derives it.
    fn compute(m: &Module, op: OpId) -> Self
    where
        Self: Sized;
}

struct Known {
    revision: u64,
    value: Arc<dyn Any + Send + Sync>,
}

/// The analyses that are known.
///
/// Invariant: what [`get`](Self::get) yields was computed from the module as it is, or every pass since said that its changes leave it
/// true. Nobody has to say that it is no longer true: the module's revision does.
#[derive(Default)]
pub(crate) struct Analyses {
    known: BTreeMap<(&'static str, OpId), Known>,
    preserved: Vec<&'static str>,
    all: bool,
}

impl Analyses {
    pub fn get<A: Analysis>(&mut self, m: &Module, op: OpId) -> Arc<A> {
        let key = (A::NAME, op);
        if let Some(k) = self.known.get(&key)
            && k.revision == m.revision()
            && let Ok(value) = k.value.clone().downcast::<A>()
        {
            return value;
        }
        let value = Arc::new(A::compute(m, op));
        let known = Known {
            revision: m.revision(),
            value: value.clone(),
        };
        self.known.insert(key, known);
        value
    }

    pub fn preserve(&mut self, name: &'static str) {
        self.preserved.push(name);
    }

    pub fn preserve_all(&mut self) {
        self.all = true;
    }

    /// Before a pass: nothing is preserved yet.
    pub fn begin(&mut self) {
        self.preserved.clear();
        self.all = false;
    }

    /// After a pass that began at revision `before`: what was true then and is preserved is true of `m`; the rest goes.
    pub fn end(&mut self, before: u64, m: &Module) {
        let now = m.revision();
        let (all, preserved) = (self.all, &self.preserved);
        self.known.retain(|(name, op), k| {
            if k.revision == before && (all || preserved.contains(name)) {
                k.revision = now;
            }
            k.revision == now && m.contains(*op)
        });
    }
}
