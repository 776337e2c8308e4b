//! Which ops refer to which symbols.

use indexmap::IndexMap;
use ir::dialects::func::CallOp;
use ir::{Attr, AttrData, Module, OpId, WalkOrder};
use pass::Analysis;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::sync::Arc;

/// For each symbol that an op inside the analysed one refers to, these ops, in order.
///
/// Attributes are searched to any depth, and in the text of those that we only know as text.
#[derive(Debug, Default)]
pub struct SymbolUses {
    users: IndexMap<String, Vec<OpId>, FxBuildHasher>,
}

impl Analysis for SymbolUses {
    const NAME: &'static str = "symbol-uses";

    fn compute(m: &Module, op: OpId) -> SymbolUses {
        let mut of_attr = References::default();
        let mut uses = SymbolUses::default();
        for o in m.walk(op, WalkOrder::Pre) {
            for &(_, a) in m.props(o).iter().chain(m.discardables(o)) {
                for name in of_attr.of(m, a).iter() {
                    let users = match uses.users.get_mut(name) {
                        Some(users) => users,
                        None => uses.users.entry(name.clone()).or_default(),
                    };
                    if users.last() != Some(&o) {
                        users.push(o);
                    }
                }
            }
        }
        uses
    }
}

impl SymbolUses {
    /// The ops that refer to a symbol.
    pub fn of(&self, symbol: &str) -> &[OpId] {
        self.users.get(symbol).map_or(&[], Vec::as_slice)
    }

    /// The calls of a function, as long as the module has not changed.
    pub fn calls<'a>(&'a self, m: &'a Module, function: &str) -> impl Iterator<Item = CallOp> + 'a {
        let users = self.of(function).iter();
        users.filter_map(|&op| m.contains(op).then(|| CallOp::cast(m, op)).flatten())
    }

    /// The symbols that each op refers to.
    pub fn by_user(&self) -> FxHashMap<OpId, Vec<&str>> {
        let mut map: FxHashMap<OpId, Vec<&str>> = FxHashMap::default();
        for (name, users) in &self.users {
            for &op in users {
                map.entry(op).or_default().push(name);
            }
        }
        map
    }
}

/// The symbols in attributes; each attribute is searched once.
#[derive(Default)]
struct References {
    known: FxHashMap<Attr, Arc<[String]>>,
}

impl References {
    fn of(&mut self, m: &Module, attr: Attr) -> Arc<[String]> {
        if let Some(known) = self.known.get(&attr) {
            return known.clone();
        }
        let mut found = Vec::new();
        let mut next = vec![attr];
        while let Some(a) = next.pop() {
            match m.attr_data(a) {
                AttrData::Symbol(s) => found.push(s.clone()),
                AttrData::Array(list) => next.extend(list),
                AttrData::Dict(entries) => next.extend(entries.iter().map(|e| e.1)),
                AttrData::Opaque(text) => in_text(text, &mut found),
                _ => {}
            }
        }
        let found: Arc<[String]> = found.into();
        self.known.insert(attr, found.clone());
        found
    }
}

/// Every `@name` and `@"name"` of a text.
fn in_text(text: &str, found: &mut Vec<String>) {
    for part in text.split('@').skip(1) {
        let name: String = match part.strip_prefix('"') {
            Some(quoted) => quoted.chars().take_while(|&c| c != '"').collect(),
            None => {
                let in_name =
                    |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | '-');
                part.chars().take_while(in_name).collect()
            }
        };
        if !name.is_empty() {
            found.push(name);
        }
    }
}
