//! Interned data of a module: strings, types, attributes and locations, and reading locations.

use crate::{Attr, AttrData, Loc, LocData, Module, Str, Type, TypeData};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

impl Module {
    /// Interns a string.
    pub fn str(&mut self, s: &str) -> Str {
        Str(self.strings.intern_str(s))
    }

    /// The text of an interned string.
    pub fn text(&self, s: Str) -> &str {
        self.strings.get(s.0)
    }

    /// Interns a type.
    pub fn ty(&mut self, data: TypeData) -> Type {
        Type(self.types.intern(data))
    }

    /// What a type is.
    pub fn type_data(&self, ty: Type) -> &TypeData {
        self.types.get(ty.0)
    }

    /// Interns an attribute.
    pub fn attr(&mut self, data: AttrData) -> Attr {
        Attr(self.attrs.intern(data))
    }

    /// What an attribute is.
    pub fn attr_data(&self, attr: Attr) -> &AttrData {
        self.attrs.get(attr.0)
    }

    /// Interns a location. Fused ones are brought to MLIR's normal form first: each known part once, parts that the same tag fused
    /// spread out; without a tag, one part stands for itself and none is unknown.
    pub fn loc(&mut self, data: LocData) -> Loc {
        let data = match data {
            LocData::Fused { tag, parts } => {
                let parts = self.fused_parts(tag, &parts);
                match (tag, parts.as_slice()) {
                    (None, []) => return Loc::UNKNOWN,
                    (None, [one]) => return *one,
                    (Some(_), []) => LocData::Fused {
                        tag,
                        parts: vec![Loc::UNKNOWN],
                    },
                    _ => LocData::Fused { tag, parts },
                }
            }
            other => other,
        };
        Loc(self.locs.intern(data))
    }

    fn fused_parts(&self, tag: Option<Attr>, parts: &[Loc]) -> Vec<Loc> {
        let mut all: IndexSet<Loc, FxBuildHasher> = IndexSet::default();
        for &part in parts {
            match self.loc_data(part) {
                LocData::Fused { tag: t, parts } if *t == tag => {
                    all.extend(parts.iter().filter(|p| **p != Loc::UNKNOWN));
                }
                LocData::Unknown => {}
                _ => {
                    all.insert(part);
                }
            }
        }
        all.into_iter().collect()
    }

    /// How many locations there are; their handles are the numbers below.
    pub(crate) fn loc_count(&self) -> usize {
        self.locs.len()
    }

    /// What a location says.
    pub fn loc_data(&self, loc: Loc) -> &LocData {
        self.locs.get(loc.0)
    }

    /// `loc("layer"("file":operator:subgraph))`, as the importers write it.
    pub fn layer_loc(&mut self, layer: &str, file: &str, operator: u32, subgraph: u32) -> Loc {
        let file = self.str(file);
        let child = self.loc(LocData::File {
            file,
            line: operator,
            column: subgraph,
        });
        let name = self.str(layer);
        self.loc(LocData::Name { name, child })
    }

    /// The operator's index in the imported model, if the location is an importer's.
    pub fn operator_index(&self, loc: Loc) -> Option<u32> {
        match self.loc_data(loc) {
            LocData::Name { child, .. } => match self.loc_data(*child) {
                LocData::File { line, .. } => Some(*line),
                _ => None,
            },
            _ => None,
        }
    }

    /// The layer's name that a location carries, its parts joined by ` + ` where several were fused.
    pub fn layer_name(&self, loc: Loc) -> Option<String> {
        match self.loc_data(loc) {
            LocData::Name { name, .. } => Some(self.text(*name).to_owned()),
            LocData::Fused { parts, .. } => {
                let names: Vec<String> = parts.iter().filter_map(|&p| self.layer_name(p)).collect();
                (!names.is_empty()).then(|| names.join(" + "))
            }
            LocData::CallSite { callee, caller } => self
                .layer_name(*callee)
                .or_else(|| self.layer_name(*caller)),
            LocData::Unknown | LocData::File { .. } => None,
        }
    }

    /// A location as a person reads it: `layer "conv2d_3" (model.tflite, operator 12)`.
    pub fn describe_loc(&self, loc: Loc) -> Option<String> {
        match self.loc_data(loc) {
            LocData::Unknown => None,
            LocData::File { file, line, column } => {
                Some(format!("{}:{line}:{column}", self.text(*file)))
            }
            LocData::Name { name, child } => Some(match self.loc_data(*child) {
                LocData::File { file, line, .. } => {
                    format!(
                        "layer \"{}\" ({}, operator {line})",
                        self.text(*name),
                        self.text(*file)
                    )
                }
                _ => format!("layer \"{}\"", self.text(*name)),
            }),
            LocData::Fused { parts, .. } => {
                let all: Vec<String> = parts.iter().filter_map(|&p| self.describe_loc(p)).collect();
                (!all.is_empty()).then(|| all.join(" + "))
            }
            LocData::CallSite { callee, caller } => self
                .describe_loc(*callee)
                .or_else(|| self.describe_loc(*caller)),
        }
    }
}
