//! What a module needs of others: the functions that it calls, their headers and libraries, and which of its own may fail for them.

use ir::dialects::func;
use ir::dialects::mcu::{CallExternOp, Returned};
use ir::{Module, OpId};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// The external calls of some functions.
#[derive(Default, Debug)]
pub(crate) struct Externs {
    /// Names of the functions.
    pub callees: BTreeSet<String>,
    /// What is included.
    pub headers: BTreeSet<String>,
    /// What is linked.
    pub libraries: BTreeSet<String>,
    fallible: FxHashSet<OpId>,
}

impl Externs {
    /// Of these functions, callees before callers.
    pub(crate) fn of(m: &Module, functions: &[OpId]) -> Externs {
        let mut e = Externs::default();
        for &f in functions {
            for op in m.walk(f, ir::WalkOrder::Pre) {
                if let Some(call) = CallExternOp::cast(m, op) {
                    e.callees.insert(call.callee(m));
                    e.headers.insert(call.header(m));
                    e.libraries.extend(call.library(m));
                    if call.returned(m) == Some(Returned::Status) {
                        e.fallible.insert(f);
                    }
                }
                let callee = func::CallOp::cast(m, op).and_then(|c| m.lookup_symbol(&c.callee(m)));
                if callee.is_some_and(|c| e.fallible.contains(&c)) {
                    e.fallible.insert(f);
                }
            }
        }
        e
    }

    /// The symbols of the functions that return a status.
    pub(crate) fn fallible(&self, m: &Module) -> BTreeSet<String> {
        let all = self.fallible.iter().filter_map(|&f| m.symbol_name(f));
        all.map(str::to_owned).collect()
    }

    /// Whether a function of the module returns a status, as something that it calls may fail.
    pub(crate) fn is_fallible(&self, function: OpId) -> bool {
        self.fallible.contains(&function)
    }
}
