//! A function's text without its name and locations: equal fingerprints, equal functions.

use ir::{Module, OpId, RegionId, ValueId, text};
use rustc_hash::FxHashMap;
use std::fmt::Write;

/// The fingerprint of a function: structure, types and inherent attributes other than `sym_name`.
pub fn fingerprint(m: &Module, func: OpId) -> String {
    let mut p = Print {
        m,
        out: String::new(),
        values: FxHashMap::default(),
    };
    p.op(func, true);
    p.out
}

struct Print<'m> {
    m: &'m Module,
    out: String,
    values: FxHashMap<ValueId, usize>,
}

impl Print<'_> {
    fn number(&mut self, v: ValueId) -> usize {
        let n = self.values.len();
        *self.values.entry(v).or_insert(n)
    }

    fn put(&mut self, args: std::fmt::Arguments<'_>) {
        self.out
            .write_fmt(args)
            .expect("invariant: a string takes all text");
    }

    fn op(&mut self, op: OpId, is_root: bool) {
        let m = self.m;
        self.put(format_args!("{}(", m.op_name(op)));
        for v in m.operands(op) {
            let n = self.number(v);
            self.put(format_args!("{n} "));
        }
        self.out.push(')');
        for &(k, a) in m.props(op).iter().chain(m.discardables(op)) {
            let key = m.text(k);
            if !(is_root && key == "sym_name") {
                self.put(format_args!("{key}={};", text::attr_text(m, a)));
            }
        }
        for &v in m.results(op) {
            let n = self.number(v);
            self.put(format_args!(":{n}:{}", text::type_text(m, m.value_type(v))));
        }
        for &r in m.regions(op) {
            self.region(r);
        }
        self.out.push('\n');
    }

    fn region(&mut self, r: RegionId) {
        let m = self.m;
        self.out.push('{');
        for &b in m.blocks(r) {
            self.out.push('^');
            for &a in m.block_args(b) {
                let n = self.number(a);
                self.put(format_args!("{n}:{},", text::type_text(m, m.value_type(a))));
            }
            for op in m.ops(b) {
                self.op(op, false);
            }
        }
        self.out.push('}');
    }
}
