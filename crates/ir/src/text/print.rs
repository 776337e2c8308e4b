//! The printer.

macro_rules! put {
    ($p:expr, $($arg:tt)*) => { write!($p.out, $($arg)*).expect("invariant: a string takes all text") };
}

mod locations;

use super::float::float_text;
use super::packed::packed;
use crate::{
    Attr, AttrData, BlockId, Elements, FloatKind, Module, OpId, QuantType, RegionId, Str, Type,
    TypeData, ValueId,
};
use rustc_hash::FxHashMap;
use slotmap::SecondaryMap;
use std::fmt::Write;

/// Longer constants print as one hexadecimal string.
const MAX_LIST: usize = 100;

/// A module's text, and where each op stands in it.
#[derive(Clone, Debug)]
pub struct Listing {
    /// As [`print_module`] prints it.
    pub text: String,
    lines: SecondaryMap<OpId, u32>,
}

impl Listing {
    /// The line that an op's text begins in, from 1 on; none for an op that was not printed.
    pub fn line(&self, op: OpId) -> Option<u32> {
        self.lines.get(op).copied()
    }
}

/// The whole module as [`print_module`] prints it, with the line of each op.
pub fn list_module(m: &Module) -> Listing {
    let mut p = Printer::new(m);
    p.lines = Some(Lines::default());
    p.module();
    let lines = p.lines.map(|l| l.of_ops).unwrap_or_default();
    Listing { text: p.out, lines }
}

/// The whole module, with locations and the resources that it refers to.
pub fn print_module(m: &Module) -> String {
    let mut p = Printer::new(m);
    p.module();
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

/// What a value is called.
#[derive(Clone, Copy)]
enum Name {
    /// `%1`
    Value(u32),
    /// `%1#0`: one of the results of an op that has several.
    Of(u32, u32),
    /// `%arg1`
    Argument(u32),
}

/// The lines of ops, as far as they are printed.
#[derive(Default)]
struct Lines {
    of_ops: SecondaryMap<OpId, u32>,
    /// So many bytes of the text have so many line breaks.
    counted: usize,
    breaks: u32,
}

struct Printer<'m> {
    m: &'m Module,
    out: String,
    values: SecondaryMap<ValueId, Name>,
    /// Positions of the blocks of regions with several.
    labels: FxHashMap<BlockId, usize>,
    /// Numbers of aliases, by location.
    aliases: Vec<Option<usize>>,
    used_resources: Vec<Str>,
    /// If lines are asked for.
    lines: Option<Lines>,
}

impl<'m> Printer<'m> {
    fn new(m: &'m Module) -> Printer<'m> {
        Printer {
            m,
            out: String::new(),
            values: SecondaryMap::new(),
            labels: FxHashMap::default(),
            aliases: Vec::new(),
            used_resources: Vec::new(),
            lines: None,
        }
    }

    fn module(&mut self) {
        self.number_values();
        let aliases = self.number_locations();
        aliases
            .early
            .iter()
            .for_each(|&l| self.location_definition(l));
        self.op(self.m.root(), 0);
        self.out.push('\n');
        aliases
            .late
            .iter()
            .for_each(|&l| self.location_definition(l));
        self.resources();
        self.out.push('\n');
    }

    /// Notes the line that an op begins in.
    fn note_line(&mut self, op: OpId) {
        let Some(lines) = &mut self.lines else {
            return;
        };
        let new = &self.out.as_bytes()[lines.counted..];
        let breaks = new.iter().filter(|&&b| b == b'\n').count();
        lines.breaks = lines.breaks.saturating_add(breaks as u32);
        lines.counted = self.out.len();
        lines.of_ops.insert(op, lines.breaks.saturating_add(1));
    }

    /// MLIR numbers a region's values, then visits the regions inside of it last to first. Only an entry block's arguments are called so.
    fn number_values(&mut self) {
        let m = self.m;
        let (mut next_value, mut next_arg) = (0u32, 0u32);
        let mut stack: Vec<RegionId> = m.regions(m.root()).to_vec();
        while let Some(region) = stack.pop() {
            let mut inside = Vec::new();
            let blocks = m.blocks(region);
            for (i, &b) in blocks.iter().enumerate() {
                if blocks.len() > 1 {
                    self.labels.insert(b, i);
                }
                for &a in m.block_args(b) {
                    let (name, next) = match i {
                        0 => (Name::Argument(next_arg), &mut next_arg),
                        _ => (Name::Value(next_value), &mut next_value),
                    };
                    self.values.insert(a, name);
                    *next += 1;
                }
                for op in m.ops(b) {
                    match m.results(op) {
                        [] => {}
                        [one] => {
                            self.values.insert(*one, Name::Value(next_value));
                            next_value += 1;
                        }
                        many => {
                            for (i, &v) in many.iter().enumerate() {
                                self.values.insert(v, Name::Of(next_value, i as u32));
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

    /// A value's name; one that is in no region has none.
    fn value(&mut self, v: ValueId) {
        match self.values.get(v) {
            Some(Name::Value(number)) => put!(self, "%{number}"),
            Some(Name::Of(number, i)) => put!(self, "%{number}#{i}"),
            Some(Name::Argument(number)) => put!(self, "%arg{number}"),
            None => self.out.push_str("%<none>"),
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
        self.note_line(op);
        self.indent(depth);
        if let Some(&first) = m.results(op).first() {
            match self.values.get(first) {
                Some(Name::Of(number, _)) => put!(self, "%{number}:{}", m.results(op).len()),
                _ => self.value(first),
            }
            self.out.push_str(" = ");
        }
        self.string(m.op_name(op));
        self.out.push('(');
        for (i, v) in m.operands(op).enumerate() {
            self.comma(i);
            self.value(v);
        }
        self.out.push(')');
        if m.successors(op).len() > 0 {
            self.out.push('[');
            for (i, b) in m.successors(op).enumerate() {
                self.comma(i);
                let label = self.labels.get(&b).copied();
                self.label(label);
            }
            self.out.push(']');
        }
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
        for (i, &b) in self.m.blocks(r).iter().enumerate() {
            self.block(b, i, depth);
        }
        self.indent(depth);
        self.out.push('}');
    }

    fn block(&mut self, b: BlockId, i: usize, depth: usize) {
        let m = self.m;
        let args = m.block_args(b);
        if i > 0 || !args.is_empty() || m.last_op(b).is_none() {
            self.indent(depth);
            self.label(Some(i));
            if !args.is_empty() {
                self.out.push('(');
                for (j, &a) in args.iter().enumerate() {
                    self.comma(j);
                    self.value(a);
                    self.out.push_str(": ");
                    self.ty(m.value_type(a));
                    self.out.push_str(" loc(");
                    self.location_body(m.value_loc(a));
                    self.out.push(')');
                }
                self.out.push(')');
            }
            self.out.push(':');
            self.predecessors(b, i);
            self.out.push('\n');
        }
        for op in m.ops(b) {
            self.op(op, depth + 1);
            self.out.push('\n');
        }
    }

    /// The comment behind a block's label.
    fn predecessors(&mut self, b: BlockId, i: usize) {
        let blocks = self.m.predecessors(b);
        let mut labels: Vec<Option<usize>> = blocks.map(|p| self.labels.get(&p).copied()).collect();
        labels.sort_unstable();
        match labels.len() {
            0 if i == 0 => return,
            0 => self.out.push_str("  // no predecessors"),
            1 => self.out.push_str("  // pred: "),
            n => put!(self, "  // {n} preds: "),
        }
        for (i, label) in labels.into_iter().enumerate() {
            self.comma(i);
            self.label(label);
        }
    }

    /// A block's label, by its position in its region.
    fn label(&mut self, position: Option<usize>) {
        match position {
            Some(i) => put!(self, "^bb{i}"),
            None => self.out.push_str("^<none>"),
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
                    self.list_element(x);
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

    /// In a list, numbers of 64 bits are of no other type unless they say so.
    fn list_element(&mut self, a: Attr) {
        match self.m.attr_data(a) {
            AttrData::Integer { value, ty } if *self.m.type_data(*ty) == TypeData::Integer(64) => {
                put!(self, "{value}");
            }
            AttrData::Float { bits, kind } if *kind == FloatKind::F64 => {
                let text = float_text(*bits, *kind);
                self.out.push_str(&text);
                if text.starts_with("0x") {
                    self.out.push_str(" : f64");
                }
            }
            _ => self.attr(a),
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
            // A blob without bytes has no alignment.
            let align = if r.bytes.is_empty() { 0 } else { r.align };
            self.hex(&align.to_le_bytes());
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
