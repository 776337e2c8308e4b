//! Source locations; those of imported ops carry the layer's name in the user's model.

use crate::{Attr, Str};

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
    /// `loc(fused<"tag">[…])`; [`Module::loc`](crate::Module::loc) brings it to its normal form.
    Fused {
        /// What fused them, or none.
        tag: Option<Attr>,
        /// The parts: distinct, known (but for a single one), at least two of them if there is no tag, none fused by the same tag.
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
