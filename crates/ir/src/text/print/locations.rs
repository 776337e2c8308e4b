//! Locations, and the aliases that stand for them.
//!
//! Every location of an op has an alias. Those of block arguments have none where they stand, but all that they are made of has; and what
//! they are or are made of is defined before the module, everything else behind it.

use super::Printer;
use crate::{Loc, LocData, OpId};
use rustc_hash::FxHashSet;
use std::fmt::Write;

/// All locations that have aliases, in the order of their numbers.
pub(super) struct Aliases {
    /// Defined before the module.
    pub(super) early: Vec<Loc>,
    /// Defined behind the module.
    pub(super) late: Vec<Loc>,
}

/// Locations in the order of their first visit.
struct Visit {
    /// With how deeply they nest, parts before what they are parts of.
    seen: Vec<(usize, Loc)>,
    /// By location.
    depths: Vec<Option<usize>>,
    early: FxHashSet<Loc>,
}

impl Printer<'_> {
    /// Numbers aliases in order of nesting depth, then of first visit.
    pub(super) fn number_locations(&mut self) -> Aliases {
        let mut visit = Visit {
            seen: Vec::new(),
            depths: vec![None; self.m.loc_count()],
            early: FxHashSet::default(),
        };
        self.visit_op(self.m.root(), &mut visit);
        visit.seen.sort_by_key(|&(depth, _)| depth);
        let order: Vec<Loc> = visit.seen.into_iter().map(|(_, loc)| loc).collect();
        self.aliases = vec![None; self.m.loc_count()];
        for (i, loc) in order.iter().enumerate() {
            self.aliases[loc.0 as usize] = Some(i);
        }
        let (early, late) = order.into_iter().partition(|l| visit.early.contains(l));
        Aliases { early, late }
    }

    fn visit_op(&self, op: OpId, visit: &mut Visit) {
        self.visit_location(self.m.op_loc(op), visit);
        for &r in self.m.regions(op) {
            for &b in self.m.blocks(r) {
                for &a in self.m.block_args(b) {
                    let loc = self.m.value_loc(a);
                    self.visit_location(loc, visit);
                    self.mark_early(loc, visit);
                }
                for o in self.m.ops(b) {
                    self.visit_op(o, visit);
                }
            }
        }
    }

    /// How deeply a location nests.
    fn visit_location(&self, loc: Loc, visit: &mut Visit) -> usize {
        if let Some(d) = visit.depths[loc.0 as usize] {
            return d;
        }
        let deepest = self
            .parts(loc)
            .iter()
            .map(|&p| 1 + self.visit_location(p, visit))
            .max();
        let depth = deepest.unwrap_or(0);
        visit.depths[loc.0 as usize] = Some(depth);
        visit.seen.push((depth, loc));
        depth
    }

    fn mark_early(&self, loc: Loc, visit: &mut Visit) {
        if visit.early.insert(loc) {
            for p in self.parts(loc) {
                self.mark_early(p, visit);
            }
        }
    }

    /// The locations that a location's text names.
    fn parts(&self, loc: Loc) -> Vec<Loc> {
        match self.m.loc_data(loc) {
            LocData::Unknown | LocData::File { .. } => Vec::new(),
            LocData::Name { child, .. } if *child == Loc::UNKNOWN => Vec::new(),
            LocData::Name { child, .. } => vec![*child],
            LocData::Fused { parts, .. } => parts.clone(),
            LocData::CallSite { callee, caller } => vec![*callee, *caller],
        }
    }

    /// The alias of a location, or what it says if it has none.
    pub(super) fn alias(&mut self, loc: Loc) {
        match self.aliases.get(loc.0 as usize).copied().flatten() {
            Some(0) => self.out.push_str("#loc"),
            Some(n) => put!(self, "#loc{n}"),
            None => self.location_body(loc),
        }
    }

    pub(super) fn location_definition(&mut self, loc: Loc) {
        self.alias(loc);
        self.out.push_str(" = loc(");
        self.location_body(loc);
        self.out.push_str(")\n");
    }

    /// What a location says, its parts by their aliases.
    pub(super) fn location_body(&mut self, loc: Loc) {
        match self.m.loc_data(loc) {
            LocData::Unknown => self.out.push_str("unknown"),
            LocData::File { file, line, column } => {
                self.string(self.m.text(*file));
                put!(self, ":{line}:{column}");
            }
            LocData::Name { name, child } => {
                self.string(self.m.text(*name));
                if *child != Loc::UNKNOWN {
                    self.out.push('(');
                    self.alias(*child);
                    self.out.push(')');
                }
            }
            LocData::Fused { tag, parts } => {
                self.out.push_str("fused");
                if let Some(t) = tag {
                    self.out.push('<');
                    self.attr(*t);
                    self.out.push('>');
                }
                self.out.push('[');
                for (i, &p) in parts.iter().enumerate() {
                    self.comma(i);
                    self.alias(p);
                }
                self.out.push(']');
            }
            LocData::CallSite { callee, caller } => {
                self.out.push_str("callsite(");
                self.alias(*callee);
                self.out.push_str(" at ");
                self.alias(*caller);
                self.out.push(')');
            }
        }
    }
}
