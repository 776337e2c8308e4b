//! The printer.

use super::float::float_text;
use super::packed::packed;
use crate::{
    Attr, AttrData, BlockId, Elements, FloatKind, Loc, LocData, Module, OpId, QuantType, RegionId,
    Str, Type, TypeData, ValueId,
};
use rustc_hash::FxHashMap;
use std::fmt::Write;

/// Longer constants print as one hexadecimal string.
const MAX_LIST: usize = 100;

/// The whole module, with locations and the resources that it refers to.
pub fn print_module(m: &Module) -> String {
    let mut p = Printer::new(m);
    p.number_values();
    p.number_locations();
    let root = m.root();
    let inline: Vec<Loc> = p.inline_locs.clone();
    for &l in &p.alias_order.clone() {
        if inline.contains(&l) {
            p.location_definition(l);
        }
    }
    p.op(root, 0);
    p.out.push('\n');
    for &l in &p.alias_order.clone() {
        if !inline.contains(&l) {
            p.location_definition(l);
        }
    }
    p.resources();
    p.out.push('\n');
    p.out
}

/// The text of a type.
pub fn type_text(m: &Module, ty: Type) -> String {
    let mut p = Printer::new(m);
    p.ty(ty);
    p.out
}

/// The text of an attribute.
pub fn attr_text(m: &Module, a: Attr) -> String {
    let mut p = Printer::new(m);
    p.attr(a);
    p.out
}

struct Printer<'m> {
    m: &'m Module,
    out: String,
    values: FxHashMap<ValueId, String>,
    aliases: FxHashMap<Loc, usize>,
    alias_order: Vec<Loc>,
    /// Locations of block arguments: printed in place, and defined before the module.
    inline_locs: Vec<Loc>,
    used_resources: Vec<Str>,
}

macro_rules! put {
    ($p:expr, $($arg:tt)*) => { write!($p.out, $($arg)*).expect("invariant: a string takes all text") };
}

impl<'m> Printer<'m> {
    fn new(m: &'m Module) -> Printer<'m> {
        Printer {
            m,
            out: String::new(),
            values: FxHashMap::default(),
            aliases: FxHashMap::default(),
            alias_order: Vec::new(),
            inline_locs: Vec::new(),
            used_resources: Vec::new(),
        }
    }

    /// MLIR numbers a region's values, then visits the regions inside of it last to first.
    fn number_values(&mut self) {
        let m = self.m;
        let (mut next_value, mut next_arg) = (0usize, 0usize);
        let mut stack: Vec<RegionId> = m.regions(m.root()).to_vec();
        while let Some(region) = stack.pop() {
            let mut inside = Vec::new();
            for &b in m.blocks(region) {
                for &a in m.block_args(b) {
                    self.values.insert(a, format!("%arg{next_arg}"));
                    next_arg += 1;
                }
                for op in m.ops(b) {
                    match m.results(op) {
                        [] => {}
                        [one] => {
                            self.values.insert(*one, format!("%{next_value}"));
                            next_value += 1;
                        }
                        many => {
                            for (i, &v) in many.iter().enumerate() {
                                self.values.insert(v, format!("%{next_value}#{i}"));
                            }
                            next_value += 1;
                        }
                    }
                    inside.extend_from_slice(m.regions(op));
                }
            }
            stack.extend(inside);
        }
    }

    /// Aliases in order of nesting depth, then of first visit, parts before what they are parts of.
    fn number_locations(&mut self) {
        let mut seen: Vec<(usize, Loc)> = Vec::new();
        let mut known = FxHashMap::default();
        self.visit_op_locations(self.m.root(), &mut seen, &mut known);
        let m = self.m;
        let has_args = m.walk(m.root(), crate::WalkOrder::Pre).iter().any(|&op| {
            m.regions(op)
                .iter()
                .flat_map(|&r| m.blocks(r))
                .any(|&b| !m.block_args(b).is_empty())
        });
        if has_args {
            self.inline_locs.push(Loc::UNKNOWN);
        }
        seen.sort_by_key(|&(depth, _)| depth);
        for (i, (_, loc)) in seen.into_iter().enumerate() {
            self.aliases.insert(loc, i);
            self.alias_order.push(loc);
        }
    }

    fn visit_op_locations(
        &self,
        op: OpId,
        seen: &mut Vec<(usize, Loc)>,
        known: &mut FxHashMap<Loc, usize>,
    ) {
        self.visit_location(self.m.op_loc(op), seen, known);
        for &r in self.m.regions(op) {
            for &b in self.m.blocks(r) {
                if !self.m.block_args(b).is_empty() {
                    self.visit_location(Loc::UNKNOWN, seen, known);
                }
                for o in self.m.ops(b) {
                    self.visit_op_locations(o, seen, known);
                }
            }
        }
    }

    fn visit_location(
        &self,
        loc: Loc,
        seen: &mut Vec<(usize, Loc)>,
        known: &mut FxHashMap<Loc, usize>,
    ) -> usize {
        if let Some(&d) = known.get(&loc) {
            return d;
        }
        let depth = match self.m.loc_data(loc) {
            LocData::Unknown | LocData::File { .. } => 0,
            LocData::Name { child, .. } => match self.m.loc_data(*child) {
                LocData::Unknown => 0,
                _ => 1 + self.visit_location(*child, seen, known),
            },
            LocData::Fused { parts, .. } => {
                1 + parts
                    .iter()
                    .map(|&p| self.visit_location(p, seen, known))
                    .max()
                    .unwrap_or(0)
            }
            LocData::CallSite { callee, caller } => {
                let a = self.visit_location(*callee, seen, known);
                1 + a.max(self.visit_location(*caller, seen, known))
            }
        };
        known.insert(loc, depth);
        seen.push((depth, loc));
        depth
    }

    fn alias(&mut self, loc: Loc) {
        match self.aliases.get(&loc) {
            Some(0) => self.out.push_str("#loc"),
            Some(n) => put!(self, "#loc{n}"),
            None => self.location_body(loc),
        }
    }

    fn location_definition(&mut self, loc: Loc) {
        self.alias(loc);
        self.out.push_str(" = loc(");
        self.location_body(loc);
        self.out.push_str(")\n");
    }

    fn location_body(&mut self, loc: Loc) {
        match self.m.loc_data(loc) {
            LocData::Unknown => self.out.push_str("unknown"),
            LocData::File { file, line, column } => {
                self.string(self.m.text(*file));
                put!(self, ":{line}:{column}");
            }
            LocData::Name { name, child } => {
                self.string(self.m.text(*name));
                if *self.m.loc_data(*child) != LocData::Unknown {
                    self.out.push('(');
                    self.alias(*child);
                    self.out.push(')');
                }
            }
            LocData::Fused { tag, parts } => {
                self.out.push_str("fused");
                if let Some(t) = tag {
                    self.out.push('<');
                    self.string(self.m.text(*t));
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

    fn comma(&mut self, i: usize) {
        if i > 0 {
            self.out.push_str(", ");
        }
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.out.push_str("  ");
        }
    }

    fn op(&mut self, op: OpId, depth: usize) {
        let m = self.m;
        self.indent(depth);
        if let Some(first) = m.results(op).first() {
            let name = self.values[first].clone();
            match (name.split_once('#'), m.results(op).len()) {
                (Some((base, _)), n) => put!(self, "{base}:{n} = "),
                (None, _) => put!(self, "{name} = "),
            }
        }
        self.string(m.op_name(op));
        self.out.push('(');
        for (i, v) in m.operands(op).enumerate() {
            self.comma(i);
            let name = self
                .values
                .get(&v)
                .map_or("%<none>", String::as_str)
                .to_owned();
            self.out.push_str(&name);
        }
        self.out.push(')');
        if !m.props(op).is_empty() {
            self.out.push_str(" <{");
            self.entries(m.props(op));
            self.out.push_str("}>");
        }
        if !m.regions(op).is_empty() {
            self.out.push_str(" (");
            for (i, &r) in m.regions(op).iter().enumerate() {
                self.comma(i);
                self.region(r, depth);
            }
            self.out.push(')');
        }
        if !m.discardables(op).is_empty() {
            self.out.push_str(" {");
            self.entries(m.discardables(op));
            self.out.push('}');
        }
        self.out.push_str(" : ");
        let inputs: Vec<Type> = m.operands(op).map(|v| m.value_type(v)).collect();
        let results: Vec<Type> = m.results(op).iter().map(|&v| m.value_type(v)).collect();
        self.signature(&inputs, &results);
        self.out.push_str(" loc(");
        self.alias(m.op_loc(op));
        self.out.push(')');
    }

    fn region(&mut self, r: RegionId, depth: usize) {
        self.out.push_str("{\n");
        let blocks = self.m.blocks(r).to_vec();
        for (i, b) in blocks.into_iter().enumerate() {
            self.block(b, i, depth);
        }
        self.indent(depth);
        self.out.push('}');
    }

    fn block(&mut self, b: BlockId, i: usize, depth: usize) {
        let m = self.m;
        let args = m.block_args(b);
        if i > 0 || !args.is_empty() {
            self.indent(depth);
            put!(self, "^bb{i}");
            if !args.is_empty() {
                self.out.push('(');
                for (j, &a) in args.iter().enumerate() {
                    self.comma(j);
                    let name = self.values[&a].clone();
                    put!(self, "{name}: ");
                    self.ty(m.value_type(a));
                    self.out.push_str(" loc(unknown)");
                }
                self.out.push(')');
            }
            self.out.push_str(":\n");
        }
        for op in m.ops(b) {
            self.op(op, depth + 1);
            self.out.push('\n');
        }
    }

    fn entries(&mut self, entries: &[(Str, Attr)]) {
        for (i, &(k, v)) in entries.iter().enumerate() {
            self.comma(i);
            let key = self.m.text(k);
            if is_bare(key) {
                self.out.push_str(key);
            } else {
                self.string(key);
            }
            if *self.m.attr_data(v) != AttrData::Unit {
                self.out.push_str(" = ");
                self.attr(v);
            }
        }
    }

    fn attr(&mut self, a: Attr) {
        let m = self.m;
        match m.attr_data(a) {
            AttrData::Unit => self.out.push_str("unit"),
            AttrData::Integer { value, ty } => {
                if *m.type_data(*ty) == TypeData::Integer(1) {
                    self.out
                        .push_str(if *value == 0 { "false" } else { "true" });
                } else {
                    put!(self, "{value} : ");
                    self.ty(*ty);
                }
            }
            AttrData::Float { bits, kind } => {
                put!(self, "{} : ", float_text(*bits, *kind));
                self.out.push_str(float_name(*kind));
            }
            AttrData::String(s) => self.string(s),
            AttrData::Symbol(s) => {
                self.out.push('@');
                if is_bare(s) {
                    self.out.push_str(s);
                } else {
                    self.string(s);
                }
            }
            AttrData::Array(list) => {
                self.out.push('[');
                for (i, &x) in list.iter().enumerate() {
                    self.comma(i);
                    self.attr(x);
                }
                self.out.push(']');
            }
            AttrData::I64Array(v) => self.numbers("i64", v.iter()),
            AttrData::I32Array(v) => self.numbers("i32", v.iter()),
            AttrData::Dict(d) => {
                self.out.push('{');
                self.entries(d);
                self.out.push('}');
            }
            AttrData::Type(t) => self.ty(*t),
            AttrData::Dense(e) => self.dense(e),
            AttrData::Resource { key, ty } => {
                if !self.used_resources.contains(key) {
                    self.used_resources.push(*key);
                }
                put!(self, "dense_resource<{}> : ", m.text(*key));
                self.ty(*ty);
            }
            AttrData::Opaque(text) => self.out.push_str(text),
        }
    }

    fn numbers<T: std::fmt::Display>(&mut self, elem: &str, values: impl Iterator<Item = T>) {
        put!(self, "array<{elem}");
        for (i, v) in values.enumerate() {
            self.out.push_str(if i == 0 { ": " } else { ", " });
            put!(self, "{v}");
        }
        self.out.push('>');
    }

    fn dense(&mut self, e: &Elements) {
        let m = self.m;
        let data = m.type_data(e.ty);
        let (shape, elem) = (data.shape().unwrap_or(&[]).to_vec(), data.elem());
        let width = match elem.map(|t| m.type_data(t)) {
            Some(TypeData::Index) => 8,
            _ => elem.and_then(|t| m.elem_bytes(t)).unwrap_or(1) as usize,
        };
        let count = e.bytes.len() / width;
        let splat = count > 0 && e.bytes.chunks_exact(width).all(|c| c == &e.bytes[..width]);
        self.out.push_str("dense<");
        if splat {
            self.element(&e.bytes[..width], elem);
        } else if count > MAX_LIST {
            self.out.push_str("\"0x");
            match elem.map(|t| m.type_data(t)) {
                Some(&TypeData::Integer(bits)) => self.hex(&packed(&e.bytes, bits)),
                _ => self.hex(&e.bytes),
            }
            self.out.push('"');
        } else if count > 0 {
            let mut chunks = e.bytes.chunks_exact(width);
            self.nested(&shape, &mut chunks, elem);
        }
        self.out.push_str("> : ");
        self.ty(e.ty);
    }

    fn nested(
        &mut self,
        shape: &[i64],
        chunks: &mut std::slice::ChunksExact<'_, u8>,
        elem: Option<Type>,
    ) {
        let Some((&n, rest)) = shape.split_first() else {
            if let Some(c) = chunks.next() {
                self.element(c, elem);
            }
            return;
        };
        self.out.push('[');
        for i in 0..n {
            self.comma(i as usize);
            self.nested(rest, chunks, elem);
        }
        self.out.push(']');
    }

    fn element(&mut self, bytes: &[u8], elem: Option<Type>) {
        let mut raw = [0u8; 8];
        raw[..bytes.len().min(8)].copy_from_slice(&bytes[..bytes.len().min(8)]);
        let bits = u64::from_le_bytes(raw);
        match elem.map(|t| self.m.type_data(t)) {
            Some(TypeData::Float(k)) => {
                let text = float_text(bits, *k);
                self.out.push_str(&text);
            }
            Some(TypeData::Integer(1)) => {
                self.out.push_str(if bits == 0 { "false" } else { "true" })
            }
            _ => {
                let shift = 64 - 8 * bytes.len() as u32;
                put!(self, "{}", ((bits << shift) as i64) >> shift);
            }
        }
    }

    fn hex(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.out.reserve(bytes.len() * 2);
        for b in bytes {
            self.out.push(char::from(DIGITS[usize::from(b >> 4)]));
            self.out.push(char::from(DIGITS[usize::from(b & 15)]));
        }
    }

    fn signature(&mut self, inputs: &[Type], results: &[Type]) {
        self.type_list(inputs);
        self.out.push_str(" -> ");
        match results {
            [one] if !matches!(self.m.type_data(*one), TypeData::Function { .. }) => self.ty(*one),
            _ => self.type_list(results),
        }
    }

    fn type_list(&mut self, types: &[Type]) {
        self.out.push('(');
        for (i, &t) in types.iter().enumerate() {
            self.comma(i);
            self.ty(t);
        }
        self.out.push(')');
    }

    fn ty(&mut self, ty: Type) {
        match self.m.type_data(ty) {
            TypeData::Integer(w) => put!(self, "i{w}"),
            TypeData::Index => self.out.push_str("index"),
            TypeData::Float(k) => self.out.push_str(float_name(*k)),
            TypeData::None => self.out.push_str("none"),
            TypeData::Tensor { shape, elem } => self.shaped("tensor<", shape, *elem),
            TypeData::MemRef { shape, elem } => self.shaped("memref<", shape, *elem),
            TypeData::Vector { shape, elem } => self.shaped("vector<", shape, *elem),
            TypeData::Function { inputs, results } => self.signature(inputs, results),
            TypeData::Quant(q) => self.quant(q),
            TypeData::Opaque(text) => self.out.push_str(text),
        }
    }

    fn shaped(&mut self, open: &str, shape: &[i64], elem: Type) {
        self.out.push_str(open);
        for &d in shape {
            if d == TypeData::DYNAMIC {
                self.out.push_str("?x");
            } else {
                put!(self, "{d}x");
            }
        }
        self.ty(elem);
        self.out.push('>');
    }

    fn quant(&mut self, q: &QuantType) {
        put!(
            self,
            "!quant.uniform<{}{}",
            if q.signed { "i" } else { "u" },
            q.storage_width
        );
        if (q.storage_min, q.storage_max) != QuantType::default_range(q.storage_width, q.signed) {
            put!(self, "<{}:{}>", q.storage_min, q.storage_max);
        }
        self.out.push_str(":f32");
        if let Some(a) = q.axis {
            put!(self, ":{a}");
        }
        self.out
            .push_str(if q.axis.is_some() { ", {" } else { ", " });
        for (i, scale) in q.scales().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.out
                .push_str(&float_text(scale.to_bits(), FloatKind::F64));
            if q.zero_points[i] != 0 {
                put!(self, ":{}", q.zero_points[i]);
            }
        }
        self.out.push_str(if q.axis.is_some() { "}>" } else { ">" });
    }

    fn string(&mut self, s: &str) {
        self.out.push('"');
        for &b in s.as_bytes() {
            match b {
                b'\\' => self.out.push_str("\\\\"),
                b'"' => self.out.push_str("\\22"),
                b' '..=b'~' => self.out.push(char::from(b)),
                _ => put!(self, "\\{b:02X}"),
            }
        }
        self.out.push('"');
    }

    fn resources(&mut self) {
        // A blob that the module does not have is left out, as `mlir-opt` does.
        let keys = std::mem::take(&mut self.used_resources);
        let m = self.m;
        let blobs: Vec<_> = keys
            .iter()
            .filter_map(|&key| Some((key, m.resource(key)?)))
            .collect();
        if blobs.is_empty() {
            return;
        }
        self.out
            .push_str("\n{-#\n  dialect_resources: {\n    builtin: {\n");
        for (i, (key, r)) in blobs.iter().enumerate() {
            put!(self, "      {}: \"0x", m.text(*key));
            self.hex(&r.align.to_le_bytes());
            self.hex(&r.bytes);
            self.out
                .push_str(if i + 1 < blobs.len() { "\",\n" } else { "\"\n" });
        }
        self.out.push_str("    }\n  }\n#-}\n");
    }
}

fn float_name(kind: FloatKind) -> &'static str {
    match kind {
        FloatKind::F16 => "f16",
        FloatKind::BF16 => "bf16",
        FloatKind::F32 => "f32",
        FloatKind::F64 => "f64",
    }
}

/// Whether a name needs no quotes: `[A-Za-z_][A-Za-z0-9_$.]*`.
pub(super) fn is_bare(s: &str) -> bool {
    s.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && s.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.'))
}
