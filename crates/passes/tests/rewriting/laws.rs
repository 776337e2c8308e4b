//! The harness of equations: random instances of a left side, and the interpreter before and after the rewrite.
//!
//! A function takes three values of a type, a condition and a buffer. A law builds a left side from them and random constants; then one
//! pattern alone is applied (and all folds), and both forms run on random values and the extremes of the type. Where the left side is
//! undefined, anything goes; everywhere else the results are the same bits, NaNs excepted.

use crate::registry;
use interp::loops::{Argument, LoopError, Program};
use ir::dialects::func;
use ir::interfaces::Datum;
use ir::rewrite::{Fuel, PatternSet, apply_patterns};
use ir::{AttrData, Builder, FloatKind, Loc, Module, OpState, Type, TypeData, ValueId};
use pass::Registry;
use testgen::Choices;

/// Instances of a left side for each type.
const INSTANCES: usize = 24;
/// Runs of an instance.
const SAMPLES: usize = 24;
/// Elements of the buffer.
pub const BUFFER: i64 = 16;

/// All types of integers.
pub const INTS: &[&str] = &["i1", "i8", "i16", "i32", "i64", "index"];
/// Integers of more than one bit.
pub const WIDE: &[&str] = &["i8", "i16", "i32", "i64", "index"];
/// Floats.
pub const FLOATS: &[&str] = &["f32", "f64"];

/// An equation: the name of a pattern, or `fold OP`; the types that it is tried on; and a random left side.
pub struct Law {
    pub name: &'static str,
    pub types: &'static [&'static str],
    pub left: fn(&mut Draw<'_>) -> Vec<ValueId>,
}

/// A law, shorter.
pub const fn law(
    name: &'static str,
    types: &'static [&'static str],
    left: fn(&mut Draw<'_>) -> Vec<ValueId>,
) -> Law {
    Law { name, types, left }
}

/// What a left side is built from.
pub struct Draw<'m> {
    pub b: Builder<'m>,
    pub c: Choices,
    /// The type at hand.
    pub ty: Type,
    /// Three values of it, the condition, the buffer.
    pub args: Vec<ValueId>,
}

impl Draw<'_> {
    /// An argument of the type.
    pub fn x(&self) -> ValueId {
        self.args[0]
    }
    /// Another one.
    pub fn y(&self) -> ValueId {
        self.args[1]
    }
    /// The condition.
    pub fn p(&self) -> ValueId {
        self.args[3]
    }
    /// The buffer, of `i32`.
    pub fn buffer(&self) -> ValueId {
        self.args[4]
    }
    /// A constant of the type.
    pub fn int(&mut self, value: i64) -> ValueId {
        let w = width(self.b.m, self.ty);
        self.b.const_int(wrap(value, w), self.ty)
    }
    /// A random constant of the type, extremes and small ones preferred.
    pub fn any(&mut self) -> ValueId {
        let value = any_int(&mut self.c, width(self.b.m, self.ty));
        self.int(value)
    }
    /// A constant of the type between two numbers.
    pub fn between(&mut self, low: i64, high: i64) -> ValueId {
        let value = self.c.between(low, high);
        self.int(value)
    }
    /// A float constant of the type.
    pub fn float(&mut self, value: f64) -> ValueId {
        let kind = match self.b.m.type_data(self.ty) {
            TypeData::Float(k) => *k,
            _ => panic!("not a float"),
        };
        let bits = match kind {
            FloatKind::F32 => u64::from((value as f32).to_bits()),
            _ => value.to_bits(),
        };
        let attr = self.b.m.attr(AttrData::Float { bits, kind });
        let state = OpState::new("arith.constant").prop("value", attr);
        self.one(state.results(&[self.ty]))
    }
    /// An op with one result.
    pub fn one(&mut self, state: OpState) -> ValueId {
        let op = self.b.insert(state);
        self.b.m.result(op, 0)
    }
    /// An op of two operands; if it can have overflow flags, either.
    pub fn bin(&mut self, name: &str, a: ValueId, b: ValueId) -> ValueId {
        let name = format!("arith.{name}");
        let info = self.b.m.registry().op(&name).unwrap();
        let has = |k: &str| info.attrs.iter().any(|a| a.name == k);
        let (flags, fast) = (has("overflowFlags"), has("fastmath"));
        let ty = self.b.m.value_type(a);
        let mut state = OpState::new(name).operands(&[a, b]).results(&[ty]);
        if flags {
            let text = self
                .c
                .of(&["#arith.overflow<none>", "#arith.overflow<nsw>"]);
            state = state.prop(
                "overflowFlags",
                self.b.m.attr(AttrData::Opaque(text.to_owned())),
            );
        }
        if fast {
            let none = AttrData::Opaque("#arith.fastmath<none>".to_owned());
            state = state.prop("fastmath", self.b.m.attr(none));
        }
        self.one(state)
    }
    /// As [`bin`](Self::bin), the operands in either order.
    pub fn either(&mut self, name: &str, a: ValueId, b: ValueId) -> ValueId {
        match self.c.once_in(2) {
            true => self.bin(name, b, a),
            false => self.bin(name, a, b),
        }
    }
    /// A comparison by any predicate.
    pub fn cmpi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        let names = [
            "eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge",
        ];
        let name = self.c.of(&names);
        self.b.cmpi(name, a, b)
    }
    /// An integer type.
    pub fn int_type(&mut self, width: u32) -> Type {
        self.b.m.int(width)
    }
}

pub fn width(m: &Module, ty: Type) -> u32 {
    match m.type_data(ty) {
        TypeData::Integer(w) => *w,
        TypeData::Index => 32,
        _ => 0,
    }
}

/// As the interpreter has it: sign-extended, one bit as 0 or 1.
pub fn wrap(x: i64, width: u32) -> i64 {
    match width {
        1 => x & 1,
        _ => x << (64 - width) >> (64 - width),
    }
}

fn any_int(c: &mut Choices, w: u32) -> i64 {
    let (low, high) = (i64::MIN >> (64 - w), i64::MAX >> (64 - w));
    let list = [0, 1, -1, 2, 3, -2, low, low + 1, high, high - 1];
    match c.below(3) {
        0 => c.of(&list),
        1 => c.between(-9, 9),
        _ => c.between(low, high),
    }
}

fn any_float(c: &mut Choices) -> f64 {
    let list = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        1e-40,
        -1e-45,
    ];
    match c.below(2) {
        0 => c.of(&list),
        _ => c.between(-1_000_000, 1_000_000) as f64 / 1024.0,
    }
}

fn any_argument(m: &Module, ty: Type, c: &mut Choices) -> Argument {
    match m.type_data(ty) {
        TypeData::Float(FloatKind::F32) => Argument::Value(Datum::F32(any_float(c) as f32)),
        TypeData::Float(_) => Argument::Value(Datum::F64(any_float(c))),
        TypeData::MemRef { .. } => {
            let n = m.size_bytes(ty).unwrap();
            Argument::Buffer((0..n).map(|_| c.below(256) as u8).collect())
        }
        _ => {
            let w = width(m, ty);
            Argument::Value(Datum::Int(wrap(any_int(c, w), w)))
        }
    }
}

/// The function `f` of an instance.
fn instance(
    registry: &Registry,
    ty: &str,
    seed: u64,
    left: fn(&mut Draw<'_>) -> Vec<ValueId>,
) -> Module {
    let mut m = Module::new(registry.dialects().clone());
    let ty = match ty {
        "index" => m.index(),
        "f32" => m.f32(),
        "f64" => m.f64(),
        int => m.int(int[1..].parse().unwrap()),
    };
    let (i1, i32) = (m.i1(), m.i32());
    let buffer = m.memref(&[BUFFER], i32);
    let inputs = [ty, ty, ty, i1, buffer];
    let (f, entry) = func::build_func(&mut m, "f", &inputs, &[], Loc::UNKNOWN);
    let args = m.block_args(entry).to_vec();
    let b = Builder::at_end(&mut m, entry);
    let mut draw = Draw {
        b,
        c: Choices::from_seed(seed),
        ty,
        args,
    };
    let results = left(&mut draw);
    draw.b.op("func.return", &results, &[]);
    let types: Vec<Type> = results.iter().map(|&v| m.value_type(v)).collect();
    let ty = m.function(&inputs, &types);
    let ty = m.type_attr(ty);
    m.set_prop(f, "function_type", ty);
    m
}

/// What a run yields: results and the buffer afterwards; nothing where it is undefined.
pub type Outcome = Option<(Vec<Datum>, Vec<u8>)>;

/// Runs `f`.
pub fn call(m: &Module, args: &[Argument]) -> Outcome {
    let verified =
        ir::verify::verify(m).unwrap_or_else(|e| panic!("{e}\n{}", ir::text::print_module(m)));
    let mut args = args.to_vec();
    let results = match Program::compile(verified).unwrap().call("f", &mut args) {
        Ok(results) => results,
        Err(LoopError::Fault { .. }) => return None,
        Err(e) => panic!("{e}"),
    };
    let buffer = args.into_iter().find_map(|a| match a {
        Argument::Buffer(bytes) => Some(bytes),
        Argument::Value(_) => None,
    });
    Some((results, buffer.unwrap_or_default()))
}

/// Equal bits; any NaN is any other.
fn same(a: &Datum, b: &Datum) -> bool {
    match (a, b) {
        (Datum::F32(x), Datum::F32(y)) => x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()),
        (Datum::F64(x), Datum::F64(y)) => x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()),
        _ => a == b,
    }
}

/// That a module's `f` computes what another one's does, wherever that is defined; how often it was.
pub fn refines(before: &Module, after: &Module, seed: u64) -> usize {
    let types = |m: &Module| {
        let f = m.lookup_symbol("f").unwrap();
        let block = m.entry_block(f).unwrap();
        m.block_args(block)
            .iter()
            .map(|&v| m.value_type(v))
            .collect::<Vec<_>>()
    };
    let mut c = Choices::from_seed(seed);
    let mut defined = 0;
    for _ in 0..SAMPLES {
        let args: Vec<Argument> = types(before)
            .into_iter()
            .map(|t| any_argument(before, t, &mut c))
            .collect();
        let Some((results, buffer)) = call(before, &args) else {
            continue;
        };
        defined += 1;
        let text = |m| ir::text::print_module(m);
        let now = call(after, &args);
        let equal = now.as_ref().is_some_and(|(r, b)| {
            r.len() == results.len()
                && r.iter().zip(&results).all(|(x, y)| same(x, y))
                && *b == buffer
        });
        assert!(
            equal,
            "{args:?}\n{results:?} became {now:?}\n{}\n{}",
            text(before),
            text(after)
        );
    }
    defined
}

/// The one pattern of a law, or none.
fn pattern_of(registry: &Registry, name: &str) -> PatternSet {
    let found = registry.patterns().iter().filter(|p| p.name() == name);
    PatternSet::new(found.cloned())
}

/// That a law holds, and that its left side was matched.
pub fn check(law: &Law) {
    let registry = registry();
    let patterns = pattern_of(&registry, law.name);
    let counter = if law.name.starts_with("fold ") {
        "fold"
    } else {
        law.name
    };
    for ty in law.types {
        let (mut applied, mut defined) = (0, 0);
        for seed in 0..INSTANCES as u64 {
            let before = instance(&registry, ty, seed, law.left);
            let mut after = before.clone();
            let f = after.lookup_symbol("f").unwrap();
            let rewrites = apply_patterns(&mut after, f, &patterns, &mut Fuel::unlimited());
            assert!(
                rewrites.converged,
                "{}: {}",
                law.name,
                ir::text::print_module(&before)
            );
            applied += rewrites.applied.get(counter).copied().unwrap_or(0);
            defined += refines(&before, &after, seed);
        }
        assert!(applied > 0, "{} on {ty} was never applied", law.name);
        assert!(
            defined >= INSTANCES,
            "{} on {ty} was hardly ever defined",
            law.name
        );
    }
}

/// That a left side whose side condition does not hold is left alone by the pattern.
pub fn check_refused(law: &Law) {
    let registry = registry();
    let patterns = pattern_of(&registry, law.name);
    for ty in law.types {
        for seed in 0..INSTANCES as u64 {
            let mut m = instance(&registry, ty, seed, law.left);
            let f = m.lookup_symbol("f").unwrap();
            let rewrites = apply_patterns(&mut m, f, &patterns, &mut Fuel::unlimited());
            let counter = if law.name.starts_with("fold ") {
                "fold"
            } else {
                law.name
            };
            assert_eq!(
                rewrites.applied.get(counter),
                None,
                "{} on {ty}: {}",
                law.name,
                ir::text::print_module(&m)
            );
        }
    }
}
