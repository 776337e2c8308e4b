//! Random texts of MLIR's generic form, as a person or another tool might write them.
//!
//! They are not in normal form: names are any, aliases stand for attributes, types and locations, blocks come in any order that dominance
//! allows, literals have all their spellings. Ops of the unregistered dialect `acme` stand beside `func`, `cf`, `arith` and nested
//! modules, in graph regions and in regions of several blocks. `mlir-opt --allow-unregistered-dialect` accepts each of them, and so
//! do the parser with unregistered ops allowed and the verifier in the same mode.

mod attributes;
mod blocks;
mod locations;

use crate::Choices;
use blocks::Value;
use proptest::prelude::*;

/// Regions nest at most this deep.
const MAX_DEPTH: usize = 3;

/// A text that follows from choices.
pub fn source(choices: &mut Choices) -> String {
    write(choices, false)
}

/// Texts that follow from a seed, whose uses may come before definitions, and whose branches may go where they must not.
pub fn sources_with_mistakes(seed: u64, count: usize) -> Vec<String> {
    (0..count)
        .map(|i| write(&mut Choices::for_case(seed, i), true))
        .collect()
}

fn write(choices: &mut Choices, mistakes: bool) -> String {
    let mut w = Writer {
        c: choices,
        mistakes,
        out: String::new(),
        attrs: Vec::new(),
        types: Vec::new(),
        locs: Vec::new(),
        late_locs: Vec::new(),
        resources: 0,
        names: 0,
        symbols: 0,
        depth: 0,
    };
    w.file()
}

/// Texts that follow from a seed.
pub fn sources(seed: u64, count: usize) -> Vec<String> {
    (0..count)
        .map(|i| source(&mut Choices::for_case(seed, i)))
        .collect()
}

/// Texts drawn and shrunk by proptest.
pub fn strategy() -> impl Strategy<Value = String> {
    Choices::strategy(600).prop_map(|mut c| source(&mut c))
}

/// Types as MLIR prints them.
const TYPES: &[&str] = &[
    "i32",
    "i1",
    "i8",
    "i64",
    "index",
    "f32",
    "f16",
    "bf16",
    "f64",
    "none",
    "i33",
    "tensor<2x3xi8>",
    "tensor<f32>",
    "tensor<0x4xi16>",
    "tensor<2x!quant.uniform<i8:f32, 5.000000e-01:-3>>",
    "tensor<2x4x!quant.uniform<i8<-127:127>:f32:0, {1.000000e-01,2.500000e+00:1}>>",
    "memref<?x4xf32>",
    "memref<2xvector<4xi8>>",
    "vector<4xi1>",
    "vector<2x2xf32>",
    "!acme.token",
    "!acme.box<i32, \"x>y\", [1 -> 2]>",
    "!acme<not pretty>",
    "() -> ()",
    "(i32, f32) -> i1",
    "(index) -> ((i8) -> i16)",
];

struct Writer<'c> {
    c: &'c mut Choices,
    /// Whether a text may be one to refuse.
    mistakes: bool,
    out: String,
    /// Names of the aliases of attributes.
    attrs: Vec<String>,
    /// Aliases of types, and the types.
    types: Vec<(String, &'static str)>,
    /// Names of the aliases of locations that are defined before the ops, and behind them.
    locs: Vec<String>,
    late_locs: Vec<String>,
    /// How many blobs there are.
    resources: usize,
    names: usize,
    symbols: usize,
    depth: usize,
}

impl Writer<'_> {
    fn file(&mut self) -> String {
        self.resources = self.c.below(3) as usize;
        self.aliases();
        let definitions = std::mem::take(&mut self.out);
        if self.c.once_in(3) {
            self.out.push_str("\"builtin.module\"() ");
            if self.c.once_in(3) {
                self.out.push_str("<{sym_name = \"whole\"}> ");
            }
            self.out.push_str("({\n");
            if self.c.once_in(4) {
                self.out.push_str("^body:\n");
            }
            self.ops_of_module();
            self.out.push_str("})");
            self.discardables();
            self.out.push_str(" : () -> ()");
            self.trailing_location();
            self.out.push('\n');
        } else {
            self.ops_of_module();
        }
        let mut text = definitions + &self.out;
        self.out.clear();
        for i in 0..self.late_locs.len() {
            let name = self.late_locs[i].clone();
            let body = self.location(0);
            text += &format!("{name} = loc({body})\n");
            self.locs.push(name);
        }
        text + &self.blobs()
    }

    fn aliases(&mut self) {
        for i in 0..self.c.below(4) {
            let ty = self.c.of(TYPES);
            // Dots are for names of dialects.
            let name = format!("!{}{i}", self.c.of(&["t", "type_", "T$"]));
            self.out += &format!("{name} = {ty}\n");
            self.types.push((name, ty));
        }
        for i in 0..self.c.below(4) {
            let name = format!("#{}{i}", self.c.of(&["a", "map_", "a$b"]));
            let value = self.attribute(1);
            self.out += &format!("{name} = {value}\n");
            self.attrs.push(name);
        }
        for i in 0..self.c.below(4) {
            let name = format!("#loc_{i}");
            let body = self.location(0);
            self.out += &format!("{name} = loc({body})\n");
            self.locs.push(name);
        }
        self.late_locs = (0..self.c.below(3)).map(|i| format!("#late{i}")).collect();
    }

    fn blobs(&mut self) -> String {
        if self.resources == 0 {
            return String::new();
        }
        let blobs: Vec<String> = (0..self.resources)
            .map(|i| {
                let align = self.c.of(&["01", "04", "10"]);
                let bytes: String = (0..self.c.below(9))
                    .map(|_| format!("{:02X}", self.c.below(256)))
                    .collect();
                format!("      key.{i}: \"0x{align}000000{bytes}\"")
            })
            .collect();
        format!(
            "{{-#\n  dialect_resources: {{\n    builtin: {{\n{}\n    }}\n  }}\n#-}}\n",
            blobs.join(",\n")
        )
    }

    /// A type, as it is or by an alias.
    fn spell(&mut self, ty: &str) -> String {
        let alias = self.types.iter().find(|(_, t)| *t == ty);
        match alias.map(|(name, _)| name.clone()) {
            Some(name) if !self.c.once_in(3) => name,
            _ => ty.to_owned(),
        }
    }

    fn spell_all<'t>(&mut self, types: impl Iterator<Item = &'t str>) -> String {
        let all: Vec<String> = types.map(|t| self.spell(t)).collect();
        all.join(", ")
    }

    /// A name that no value around has.
    fn name(&mut self) -> String {
        self.names += 1;
        let n = self.names;
        match self.c.below(6) {
            0..3 => format!("%{n}"),
            3 => format!("%arg{n}"),
            4 => format!("%x-{n}.$"),
            _ => format!("%_{n}"),
        }
    }

    /// The end of a line.
    fn newline(&mut self) {
        let ends = [
            "\n",
            "\n",
            "\n",
            " // \"comment\"(%0)\n",
            "\n\n",
            "\r\n",
            "  \n",
        ];
        let end = self.c.of(&ends);
        self.out.push_str(end);
    }

    /// The ops of a module's one block.
    fn ops_of_module(&mut self) {
        let count = 1 + self.c.below(4);
        let mut seen: Vec<Value> = Vec::new();
        for i in 0..count {
            match self.c.below(4) {
                0 => self.function(),
                // A module that comes first is the file's.
                1 if i > 0 && self.depth < MAX_DEPTH => self.nested_module(),
                _ => {
                    let results = self.planned_results();
                    self.op(&results, &seen.clone(), &[]);
                    seen.extend(results);
                }
            }
        }
    }

    fn nested_module(&mut self) {
        self.symbols += 1;
        self.out += &format!(
            "\"builtin.module\"() <{{sym_name = \"m{}\"}}> ({{\n",
            self.symbols
        );
        self.depth += 1;
        self.ops_of_module();
        self.depth -= 1;
        self.out.push_str("}) : () -> ()");
        self.trailing_location();
        self.newline();
    }

    /// Attributes in braces, or nothing.
    fn discardables(&mut self) {
        if self.c.once_in(3) {
            let entries = self.entries(0, "acme.");
            self.out += &format!(" {{{entries}}}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_same_seed_gives_the_same_texts_and_others_differ() {
        assert_eq!(sources(3, 20), sources(3, 20));
        let distinct: BTreeSet<String> = sources(1, 200).into_iter().collect();
        assert!(distinct.len() > 180, "{}", distinct.len());
    }

    /// What the parser has to cope with occurs.
    #[test]
    fn texts_are_varied() {
        let all = sources(2, 300);
        for piece in [
            "^",
            "[^",
            "({})",
            "<{",
            "#loc_0)",
            "#late0)",
            "fused<",
            "callsite(",
            "dense<",
            "dense_resource<",
            "!t0",
            "#a0",
            "array<i8:",
            "\"0x",
            "@\"",
            "cf.cond_br",
            "arith.addi",
            "builtin.module",
            "func.func",
            "#acme<",
            "loc(fused[",
        ] {
            let count = all.iter().filter(|t| t.contains(piece)).count();
            assert!(count >= 5, "{piece} in {count} of 300");
        }
    }
}
