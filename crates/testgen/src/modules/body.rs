//! Functions and their bodies.

use super::Options;
use super::scope::Scope;
use super::types::{self, Flavour};
use crate::choices::Choices;
use ir::dialects::func;
use ir::{BlockId, DialectRegistry, Loc, Module, OpId, OpState, Type, TypeData, ValueId};
use std::sync::Arc;

/// A function that later ones may call.
#[derive(Clone, Debug)]
pub struct Signature {
    pub name: String,
    pub inputs: Vec<Type>,
    pub results: Vec<Type>,
    pub flavour: Flavour,
}

/// Builds one module.
pub struct Generator<'a> {
    pub m: Module,
    pub c: Choices,
    pub options: &'a Options,
    pub functions: Vec<Signature>,
    /// Op names by dialect, those that [`generic`](super::generic) makes.
    pub catalogue: Vec<(String, Vec<String>)>,
    /// Ops that the function may still get.
    left: u32,
}

/// Where an op goes.
pub struct Place<'s> {
    pub block: BlockId,
    pub scope: &'s mut Scope,
    pub flavour: Flavour,
    /// Regions around, in the function.
    pub depth: usize,
}

impl<'a> Generator<'a> {
    pub fn new(
        mut choices: Choices,
        options: &'a Options,
        registry: &Arc<DialectRegistry>,
    ) -> Generator<'a> {
        let m = base(&mut choices, options, registry);
        Generator {
            catalogue: super::generic::catalogue(registry, options),
            m,
            c: choices,
            options,
            functions: Vec::new(),
            left: 0,
        }
    }

    /// Whether an op may be made.
    pub fn can(&self, name: &str) -> bool {
        self.m.registry().op(name).is_some() && self.options.allow(name)
    }

    pub fn module(mut self) -> Module {
        let registry = self.m.registry();
        let functions = ["func.func", "func.return"];
        if functions.iter().any(|f| registry.op(f).is_none()) {
            return self.m;
        }
        self.top_level();
        let count = self.c.between(1, 4);
        for i in 0..count {
            self.function(&format!("f{i}"), i + 1 == count);
        }
        // A third party's verifier may look further than its op: what it refuses then is left out.
        let options = ir::verify::VerifyOptions {
            allow_unregistered: self.options.unregistered,
        };
        let mut all = func::functions(&self.m);
        while ir::verify::verify_with(&self.m, &options).is_err() {
            let Some(last) = all.pop() else { break };
            self.m.erase(last);
        }
        self.m
    }

    fn function(&mut self, name: &str, last: bool) {
        let flavours = [
            Flavour::Scalars,
            Flavour::Scalars,
            Flavour::Tensors,
            Flavour::Buffers,
        ];
        let mut flavour = self.c.of(&flavours);
        let has = |dialect: &str| self.m.registry().dialects().contains(&dialect);
        if flavour == Flavour::Buffers && !has("memref") {
            flavour = Flavour::Tensors;
        }
        let count = self.c.between(1, 4);
        let inputs: Vec<Type> = (0..count)
            .map(|_| types::argument(&mut self.c, &mut self.m, flavour))
            .collect();
        let (op, block) = func::build_func(&mut self.m, name, &inputs, &[], Loc::UNKNOWN);
        let mut scope = Scope::default();
        scope.add(self.m.block_args(block));
        self.left = 4 * self.options.size;
        let ops = self.c.between(1, self.options.size.into()) as u32;
        let mut place = Place {
            block,
            scope: &mut scope,
            flavour,
            depth: 0,
        };
        self.ops(&mut place, ops);

        let wanted = self.c.between(1, 3);
        let mut values = Vec::new();
        for _ in 0..wanted {
            let fits = |m: &Module, t: Type| match m.type_data(t) {
                TypeData::MemRef { .. } => false,
                TypeData::Tensor { .. } => true,
                _ => flavour != Flavour::Tensors,
            };
            values.extend(scope.pick(&mut self.c, &self.m, fits));
        }
        let results: Vec<Type> = values.iter().map(|&v| self.m.value_type(v)).collect();
        let ty = self.m.function(&inputs, &results);
        let ty = self.m.type_attr(ty);
        self.m.set_prop(op, "function_type", ty);
        self.insert(block, OpState::new("func.return").operands(&values));
        if !last && self.c.once_in(2) {
            let private = self.m.str_attr("private");
            self.m.set_prop(op, "sym_visibility", private);
        }
        self.functions.push(Signature {
            name: name.to_owned(),
            inputs,
            results,
            flavour,
        });
    }

    /// Appends about `count` ops.
    pub fn ops(&mut self, place: &mut Place<'_>, count: u32) {
        for _ in 0..count {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            self.step(place);
        }
    }

    fn step(&mut self, place: &mut Place<'_>) {
        if self.options.unregistered && self.c.once_in(6) {
            self.unknown(place);
            return;
        }
        if place.flavour == Flavour::Buffers && self.c.once_in(2) && self.memory(place) {
            return;
        }
        let made = match self.c.below(20) {
            0..=10 => false,
            11..=13 => {
                let ty = types::argument(&mut self.c, &mut self.m, place.flavour);
                self.constant(place, ty).is_some()
            }
            14 | 15 => self.repeat(place),
            16 => self.for_loop(place),
            17 | 18 => self.if_else(place),
            _ => self.call(place),
        };
        if !made {
            self.generic(place);
        }
    }

    pub fn insert(&mut self, block: BlockId, state: OpState) -> OpId {
        let op = self.m.create(state);
        self.m.append(block, op);
        op
    }

    /// A constant of a type, new in the block and the scope.
    pub fn constant(&mut self, place: &mut Place<'_>, ty: Type) -> Option<ValueId> {
        let (name, value) = match self.m.type_data(ty) {
            TypeData::Tensor { .. } if self.can("nn.constant") => {
                ("nn.constant", self.elements(ty)?)
            }
            TypeData::Tensor { elem, .. } if self.m.quant_of(*elem).is_none() => {
                ("arith.constant", self.elements(ty)?)
            }
            TypeData::Tensor { .. } => return None,
            _ => ("arith.constant", self.scalar_value(ty)?),
        };
        self.constant_of(place, name, value, ty)
    }

    pub fn constant_of(
        &mut self,
        place: &mut Place<'_>,
        name: &str,
        value: ir::Attr,
        ty: Type,
    ) -> Option<ValueId> {
        if !self.can(name) {
            return None;
        }
        let state = OpState::new(name).prop("value", value).results(&[ty]);
        let op = self.insert(place.block, state);
        if ir::verify::verify_op(&self.m, op).is_err() {
            self.m.erase(op);
            return None;
        }
        place.scope.add(self.m.results(op));
        Some(self.m.result(op, 0))
    }

    pub fn index(&mut self, place: &mut Place<'_>, value: i64) -> Option<ValueId> {
        let ty = self.m.index();
        let value = self.m.int_attr(value, ty);
        self.constant_of(place, "arith.constant", value, ty)
    }

    /// A value of a type: one in scope, or a constant.
    pub fn value(&mut self, place: &mut Place<'_>, ty: Type) -> Option<ValueId> {
        let found = place.scope.of_type(&mut self.c, &self.m, ty);
        found.or_else(|| self.constant(place, ty))
    }

    /// A pure op once more.
    fn repeat(&mut self, place: &mut Place<'_>) -> bool {
        if place.scope.pure.is_empty() {
            return false;
        }
        let old = self.c.of(&place.scope.pure);
        let m = &self.m;
        let operands: Vec<ValueId> = m.operands(old).collect();
        let types: Vec<Type> = m.results(old).iter().map(|&v| m.value_type(v)).collect();
        let mut state = OpState::new(m.op_name(old));
        for &(k, a) in m.props(old) {
            state = state.prop(m.text(k), a);
        }
        let op = self.insert(place.block, state.operands(&operands).results(&types));
        place.scope.add(self.m.results(op));
        true
    }
}

/// What the functions are added to: nothing, a network, or a placed module of kernels.
fn base(c: &mut Choices, options: &Options, registry: &Arc<DialectRegistry>) -> Module {
    let all = |dialects: &[&str]| {
        let registered = registry.dialects();
        dialects.iter().all(|d| registered.contains(d))
            && options.ops.is_none()
            && options.dialects.as_ref().is_none_or(|list| {
                dialects
                    .iter()
                    .all(|d| *d == "func" || list.iter().any(|l| l == d))
            })
    };
    let kind = if options.whole { c.below(6) } else { 0 };
    let kernels = ["func", "scf", "arith", "memref", "vector", "math", "mcu"];
    match kind {
        4 if all(&["func", "nn"]) => crate::network::Network::draw(c).build(registry),
        5 if all(&kernels) => {
            let choices = Choices::from_seed(c.seed());
            crate::loops::Case::new(choices, crate::loops::Features::ALL).build(registry)
        }
        _ => Module::new(registry.clone()),
    }
}
