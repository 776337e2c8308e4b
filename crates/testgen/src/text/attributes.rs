//! Attributes in all their spellings.

use super::{TYPES, Writer};

/// Keys of dictionaries, sorted by nothing.
const KEYS: &[&str] = &[
    "k",
    "zeta",
    "a.b",
    "K_1",
    "\"key with space\"",
    "with$",
    "\"bare\"",
    "_",
];

impl Writer<'_> {
    /// `key = attribute, unit, …`; all keys begin with `prefix`, if there is one.
    pub(super) fn entries(&mut self, depth: usize, prefix: &str) -> String {
        let mut entries = Vec::new();
        let mut skip = self.c.below(4) as usize;
        for (i, key) in KEYS.iter().enumerate() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = self.c.below(5) as usize;
            let key = if prefix.is_empty() {
                (*key).to_owned()
            } else {
                format!("{prefix}x{i}")
            };
            entries.push(if self.c.once_in(6) {
                key
            } else {
                format!("{key} = {}", self.attribute(depth + 1))
            });
        }
        entries.join(", ")
    }

    pub(super) fn attribute(&mut self, depth: usize) -> String {
        if !self.attrs.is_empty() && self.c.once_in(5) {
            return self.c.of(&self.attrs.clone());
        }
        match self.c.below(if depth < 4 { 14 } else { 8 }) {
            0 | 1 => self.integer(),
            2 => self.float(),
            3 => self
                .c
                .of(&[
                    "\"\"",
                    "\"text\"",
                    "\"a\\22b\\\\\\n\"",
                    "\"é \\t\"",
                    "\"\\00\\7F\"",
                    "\"// %0 ^bb\"",
                ])
                .to_owned(),
            4 => self
                .c
                .of(&["@f", "@\"weird sym\"", "@a.b$c", "@_0"])
                .to_owned(),
            5 => {
                let ty = self.c.of(TYPES);
                self.spell(ty)
            }
            6 => self.c.of(&["unit", "true", "false"]).to_owned(),
            7 => self.opaque(),
            8 => {
                let all: Vec<String> = (0..self.c.below(4))
                    .map(|_| self.attribute(depth + 1))
                    .collect();
                format!("[{}]", all.join(" , "))
            }
            9 => format!("{{{}}}", self.entries(depth + 1, "")),
            10 | 11 => self.dense(),
            12 if self.resources > 0 => {
                let i = self.c.below(self.resources as u32);
                format!(
                    "dense_resource<key.{i}> : {}",
                    self.c.of(&["tensor<4xi8>", "tensor<2xf32>"])
                )
            }
            _ => self
                .c
                .of(&[
                    "array<i64>",
                    "array<i64: 1, -2>",
                    "array<i32: 0x7, 8>",
                    "array<i8: 1, 2>",
                    "array<i1: true, false>",
                    "array<f32: 1.500000e+00>",
                    "array<i16>",
                ])
                .to_owned(),
        }
    }

    fn integer(&mut self) -> String {
        match self.c.below(7) {
            0 => self.c.between(-3, 300).to_string(),
            1 => format!("{} : i8", self.c.between(-128, 255)),
            2 => format!("0x{:X} : i16", self.c.below(1 << 16)),
            3 => format!("{} : index", self.c.between(-5, 1 << 40)),
            4 => format!("{} : i1", self.c.between(0, 1)),
            5 => format!("{} : i33", self.c.between(-(1 << 32), 1 << 32)),
            _ => format!("{} : i64", self.c.between(i64::MIN, i64::MAX)),
        }
    }

    fn float(&mut self) -> String {
        match self.c.below(8) {
            0 => format!("{}.{}", self.c.between(-9, 9), self.c.below(1000)),
            1 => format!("{}.5e{} : f32", self.c.below(10), self.c.between(-40, 30)),
            2 => format!("0x{:08X} : f32", self.c.seed() as u32),
            3 => format!("0x{:016X} : f64", self.c.seed()),
            4 => format!("0x{:04X} : f16", self.c.below(1 << 16)),
            5 => format!("{}.{} : bf16", self.c.between(-9, 9), self.c.below(1000)),
            6 => format!(
                "-{}.125e{} : f64",
                self.c.below(10),
                self.c.between(-300, 300)
            ),
            _ => "-0.0 : f16".to_owned(),
        }
    }

    fn opaque(&mut self) -> String {
        let all = [
            "#acme.flag",
            "#acme.mode<a, \"b>\", [1 -> 2]>",
            "#acme<mode<a>>",
            "#acme<plain>",
            "#acme<\"text\">",
            "#acme< a b >",
            "#acme.x.y<{k = (1)}>",
            "#arith.overflow< nsw,nuw >",
            "#arith.fastmath<nnan , contract>",
        ];
        self.c.of(&all).to_owned()
    }

    fn dense(&mut self) -> String {
        let (elem, kind) = self.c.of(&[
            ("i8", 0),
            ("i32", 0),
            ("i1", 1),
            ("f32", 2),
            ("f16", 2),
            ("index", 0),
            ("i7", 0),
            ("f64", 2),
        ]);
        let shape: Vec<usize> = match self.c.below(6) {
            0 => vec![3],
            1 => vec![],
            2 => vec![2, 2],
            3 => vec![1, 3, 1],
            4 => vec![0, 2],
            _ => vec![101 + self.c.below(9) as usize],
        };
        let container = self.c.of(&["tensor", "vector"]);
        let container = if shape.is_empty() || shape.contains(&0) {
            "tensor"
        } else {
            container
        };
        let dims: String = shape.iter().map(|d| format!("{d}x")).collect();
        let body = if shape.contains(&0) {
            String::new()
        } else if self.c.once_in(3) {
            self.element(kind)
        } else if self.c.once_in(3) && elem == "i8" {
            let count: usize = shape.iter().product();
            let bytes: String = (0..count)
                .map(|_| format!("{:02x}", self.c.below(256)))
                .collect();
            format!("\"0x{bytes}\"")
        } else {
            self.elements(&shape, kind)
        };
        format!("dense<{body}> : {container}<{dims}{elem}>")
    }

    fn elements(&mut self, shape: &[usize], kind: u8) -> String {
        match shape.split_first() {
            None => self.element(kind),
            Some((&n, rest)) => {
                let all: Vec<String> = (0..n).map(|_| self.elements(rest, kind)).collect();
                format!("[{}]", all.join(","))
            }
        }
    }

    fn element(&mut self, kind: u8) -> String {
        match kind {
            0 => self.c.between(-64, 63).to_string(),
            1 => self.c.of(&["true", "false"]).to_owned(),
            _ => format!(
                "{}.{}",
                self.c.between(-9, 9),
                self.c.of(&["0", "5", "1", "333"])
            ),
        }
    }
}
