//! Any registered op, by its declaration alone: operands by kind, attributes by kind, results by trait, inference or trial.

use super::Options;
use super::body::{Generator, Place};
use super::types::{self, Flavour};
use ir::{
    Arity, Attr, DialectRegistry, OpId, OpInfo, OpState, QuantType, Type, TypeData, ValueId,
    ValueKind,
};

/// Attributes and result types drawn for one op before it is given up.
const TRIALS: usize = 8;

/// Ops that have a form of their own elsewhere, or none inside of a function.
const SPECIAL: [&str; 14] = [
    "builtin.module",
    "func.func",
    "func.call",
    "scf.for",
    "scf.if",
    "memref.alloc",
    "memref.load",
    "memref.store",
    "memref.copy",
    "memref.view",
    "memref.get_global",
    "memref.reinterpret_cast",
    "vector.load",
    "vector.store",
];

/// The ops that [`Generator::generic`] makes, by dialect.
pub fn catalogue(registry: &DialectRegistry, options: &Options) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for info in registry.ops() {
        let t = info.traits;
        let special = SPECIAL.contains(&&*info.name) || t.terminator || t.symbol || t.constant;
        if special || !options.allow(&info.name) {
            continue;
        }
        let dialect = info.name.split('.').next().unwrap_or_default();
        match all.last_mut().filter(|(d, _)| d == dialect) {
            Some((_, ops)) => ops.push(info.name.to_string()),
            None => all.push((dialect.to_owned(), vec![info.name.to_string()])),
        }
    }
    all
}

impl Generator<'_> {
    /// Some op; whether one was made.
    pub(super) fn generic(&mut self, place: &mut Place<'_>) -> bool {
        (0..4).any(|_| {
            let name = self.some_op(place.flavour);
            let info = name.and_then(|n| self.m.registry().op(&n).cloned());
            info.is_some_and(|info| self.try_op(place, &info).is_some())
        })
    }

    /// Sometimes an op that stands at the top level and defines a symbol, such as `mcu.pool`.
    pub(super) fn top_level(&mut self) {
        let registry = self.m.registry().clone();
        let stands_alone = |o: &&OpInfo| {
            o.traits.symbol && o.operands.is_empty() && o.results.is_empty() && o.regions == 0
        };
        let ops = registry.ops().filter(stands_alone);
        for info in ops.filter(|o| self.options.allow(&o.name)) {
            if !self.c.once_in(8) {
                continue;
            }
            let name = format!("s{}", self.m.ops(self.m.body()).count());
            let name = self.m.str_attr(&name);
            for _ in 0..TRIALS {
                let mut state = OpState::new(info.name.to_string());
                for spec in info.attrs.iter().filter(|s| s.required) {
                    let value = self.attribute(spec, None);
                    state = state.prop(spec.name.to_string(), value);
                }
                let body = self.m.body();
                let op = self.insert(body, state.prop("sym_name", name));
                if ir::verify::verify_op(&self.m, op).is_ok() {
                    break;
                }
                self.m.erase(op);
            }
        }
    }

    fn some_op(&mut self, flavour: Flavour) -> Option<String> {
        let favoured = |(d, _): &&(String, Vec<String>)| self.options.favoured.contains(d);
        let favourites: Vec<Vec<String>> = self
            .catalogue
            .iter()
            .filter(favoured)
            .map(|(_, ops)| ops.clone())
            .collect();
        if !favourites.is_empty() && self.c.once_in(2) {
            let ops = self.c.of(&favourites);
            return Some(self.c.of(&ops));
        }
        if self.catalogue.is_empty() {
            return None;
        }
        // Most ops of functions on scalars and buffers are arithmetic, most on tensors of networks.
        let usual = if flavour == Flavour::Tensors {
            "nn"
        } else {
            "arith"
        };
        let usual = self.catalogue.iter().position(|(d, _)| d == usual);
        let at = match usual {
            Some(at) if !self.c.once_in(3) => at,
            _ => self.c.below(self.catalogue.len() as u32) as usize,
        };
        let ops = &self.catalogue[at].1;
        Some(self.c.of(ops))
    }

    /// An op of a declaration, if one can be made that its verifier takes.
    fn try_op(&mut self, place: &mut Place<'_>, info: &OpInfo) -> Option<OpId> {
        if info.regions > 0 && !self.may_nest(place) {
            return None;
        }
        let operands = self.operands(place, info)?;
        for _ in 0..TRIALS {
            let types: Vec<Type> = operands.iter().map(|&v| self.m.value_type(v)).collect();
            let mut state = OpState::new(info.name.to_string()).operands(&operands);
            let mut props: Vec<(&str, Attr)> = Vec::new();
            for spec in &info.attrs {
                if spec.required || self.c.once_in(3) {
                    let value = self.attribute(spec, types.first().copied());
                    state = state.prop(spec.name.to_string(), value);
                    props.push((&spec.name, value));
                }
            }
            let results = self.results(info, &types, &props)?;
            if !self.fits(place.flavour, &results) {
                continue;
            }
            let op = self.insert(place.block, state.results(&results).regions(info.regions));
            let regions = self.m.regions(op).to_vec();
            let filled = regions
                .into_iter()
                .all(|r| self.fill(place, r, info, &types, &results).is_some());
            if filled && ir::verify::verify_op(&self.m, op).is_ok() {
                place.scope.add(self.m.results(op));
                if info.traits.pure && info.regions == 0 && !results.is_empty() {
                    place.scope.pure.push(op);
                }
                return Some(op);
            }
            self.m.erase(op);
        }
        None
    }

    /// Tensors and buffers do not meet in a function.
    fn fits(&self, flavour: Flavour, types: &[Type]) -> bool {
        types.iter().all(|&t| match self.m.type_data(t) {
            TypeData::Tensor { .. } => flavour == Flavour::Tensors,
            TypeData::MemRef { .. } => flavour == Flavour::Buffers,
            _ => true,
        })
    }

    fn operands(&mut self, place: &mut Place<'_>, info: &OpInfo) -> Option<Vec<ValueId>> {
        let mut operands: Vec<ValueId> = Vec::new();
        for spec in &info.operands {
            let count = match spec.arity {
                Arity::One => 1,
                Arity::Opt => self.c.below(2),
                Arity::Many => self.c.of(&[1, 0, 2, 3]),
            };
            for _ in 0..count {
                let last = operands.last().map(|&v| self.m.value_type(v));
                let v = match last {
                    Some(ty) if info.traits.same_type => self.partner(place, &info.name, ty)?,
                    Some(ty) if spec.kind.accepts(&self.m, ty) && !self.c.once_in(4) => {
                        self.value(place, ty)?
                    }
                    _ => self.of_kind_or_new(place, spec.kind)?,
                };
                operands.push(v);
            }
        }
        Some(operands)
    }

    /// A second operand; where most values would be undefined, mostly a small constant.
    fn partner(&mut self, place: &mut Place<'_>, op: &str, ty: Type) -> Option<ValueId> {
        let small = match op {
            "arith.divsi" | "arith.remsi" => self.c.of(&[1, 2, 3, 5]),
            "arith.shli" | "arith.shrsi" | "arith.shrui" => self.c.of(&[0, 1, 2, 5]),
            _ => return self.value(place, ty),
        };
        let narrow = matches!(self.m.type_data(ty), TypeData::Integer(1));
        if narrow || self.c.once_in(10) {
            return self.value(place, ty);
        }
        let value = self.m.int_attr(small, ty);
        self.constant_of(place, "arith.constant", value, ty)
    }

    fn of_kind_or_new(&mut self, place: &mut Place<'_>, kind: ValueKind) -> Option<ValueId> {
        if let Some(v) = place.scope.of_kind(&mut self.c, &self.m, kind) {
            return Some(v);
        }
        let ty = match kind {
            ValueKind::Tensor if place.flavour != Flavour::Tensors => return None,
            ValueKind::Tensor => types::tensor(&mut self.c, &mut self.m),
            ValueKind::Index => self.m.index(),
            ValueKind::Bool => self.m.i1(),
            ValueKind::Float => self.m.f32(),
            ValueKind::Int | ValueKind::IntOrIndex | ValueKind::Scalar | ValueKind::Any => {
                self.m.i32()
            }
            ValueKind::MemRef | ValueKind::Vector => return None,
        };
        self.constant(place, ty)
    }

    /// Result types to try.
    fn results(
        &mut self,
        info: &OpInfo,
        operands: &[Type],
        props: &[(&str, Attr)],
    ) -> Option<Vec<Type>> {
        let registry = self.m.registry().clone();
        if let Some(infer) = registry.infer_types(&info.name) {
            return infer.infer(&mut self.m, operands, props);
        }
        if info.name == "nn.softmax" {
            return operands.first().map(|&ty| vec![self.probabilities(ty)]);
        }
        let mut results = Vec::new();
        for spec in &info.results {
            let count = match spec.arity {
                Arity::One => 1,
                Arity::Opt | Arity::Many => self.c.below(2),
            };
            for _ in 0..count {
                results.push(match operands.first() {
                    Some(&ty) if info.traits.same_type => ty,
                    _ => self.result_type(spec.kind, operands)?,
                });
            }
        }
        Some(results)
    }

    /// A type of a kind: an operand's, that of its elements, an operand's with other elements, or any.
    fn result_type(&mut self, kind: ValueKind, operands: &[Type]) -> Option<Type> {
        for _ in 0..TRIALS {
            let of = operands.len() as u32;
            let ty = match self.c.below(4) {
                0 | 1 if of > 0 => operands[self.c.below(of) as usize],
                2 if of > 0 => {
                    let operand = operands[self.c.below(of) as usize];
                    let Some(elem) = self.m.type_data(operand).elem() else {
                        continue;
                    };
                    if self.c.once_in(2) {
                        elem
                    } else {
                        self.with_other_elements(operand)?
                    }
                }
                _ if kind == ValueKind::Tensor => types::tensor(&mut self.c, &mut self.m),
                _ if kind == ValueKind::Index => self.m.index(),
                _ if kind == ValueKind::Bool => self.m.i1(),
                _ => types::scalar(&mut self.c, &mut self.m),
            };
            if kind.accepts(&self.m, ty) {
                return Some(ty);
            }
        }
        None
    }

    /// A tensor type as the results of an int8 softmax have it: the reference knows one quantisation.
    fn probabilities(&mut self, ty: Type) -> Type {
        match self.m.type_data(ty).clone() {
            TypeData::Tensor { shape, .. } if self.m.quant_of(ty).is_some() => {
                let elem = self.m.quant(QuantType::per_tensor(8, 1.0 / 256.0, -128));
                self.m.tensor(&shape, elem)
            }
            _ => ty,
        }
    }

    /// The type with elements of another kind, or with its shape flattened.
    fn with_other_elements(&mut self, ty: Type) -> Option<Type> {
        let data = self.m.type_data(ty).clone();
        let elem = match self.c.below(3) {
            0 => self.m.f32(),
            1 => data.elem()?,
            _ => {
                let other = types::tensor(&mut self.c, &mut self.m);
                self.m.type_data(other).elem()?
            }
        };
        match data {
            TypeData::Tensor { shape, .. } if self.c.once_in(3) => {
                Some(self.m.tensor(&[shape.iter().product()], elem))
            }
            TypeData::Tensor { shape, .. } => Some(self.m.tensor(&shape, elem)),
            TypeData::Vector { shape, .. } => {
                let elem = self.m.storage_type(elem);
                Some(self.m.vector(&shape, elem))
            }
            _ => None,
        }
    }
}
