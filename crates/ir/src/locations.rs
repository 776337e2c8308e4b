//! Source locations; those of imported ops carry the layer's name in the user's model.

use crate::Str;

/// A handle of an interned location of one module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Loc(pub(crate) u32);

impl Loc {
    /// `loc(unknown)`, in every module.
    pub const UNKNOWN: Loc = Loc(0);
}

/// What a location says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LocData {
    /// `loc(unknown)`
    Unknown,
    /// `loc("file":line:column)`; for an imported op: model file, operator index, subgraph.
    File {
        /// File name.
        file: Str,
        /// Line, or the operator's index in an imported model.
        line: u32,
        /// Column, or the subgraph's index in an imported model.
        column: u32,
    },
    /// `loc("name"(child))`; the name is the layer's.
    Name {
        /// The layer's name.
        name: Str,
        /// Where it stands.
        child: Loc,
    },
    /// `loc(fused<"tag">[…])`
    Fused {
        /// What fused them, or none.
        tag: Option<Str>,
        /// The parts.
        parts: Vec<Loc>,
    },
    /// `loc(callsite(callee at caller))`
    CallSite {
        /// Location of the callee's body.
        callee: Loc,
        /// Location of the call.
        caller: Loc,
    },
}
