//! A whole module: constants, helpers, kernels, and a placed `@main` that calls them on buffers of the arena.

use super::body::{Body, Helper, Parameter};
use super::plan::{Kernel, Plan, Role, Step};
use super::range::Range;
use super::scope::{BufferType, FLOAT_BOUND, Scalar};
use super::{FILE, Features};
use crate::choices::{Choices, Random};
use crate::values::{Spread, Values};
use ir::dialects::func;
use ir::{
    Builder, DialectRegistry, Loc, Module, OpState, QuantType, Type, TypeData, ValueId, WalkOrder,
};
use std::sync::Arc;

fn scalar_type(m: &mut Module, p: Parameter) -> Type {
    match p {
        Parameter::Int { width, .. } => m.int(width),
        Parameter::Index { .. } => m.index(),
        Parameter::Float => m.f32(),
    }
}

/// Draws a module.
pub fn build(mut c: Choices, features: Features, registry: &Arc<DialectRegistry>) -> Module {
    let plan = Plan::draw(&mut c, features);
    let mut m = Module::new(registry.clone());
    let file = m.str_attr(FILE);
    let root = m.root();
    m.set_discardable(root, "mcu.model", file);
    let mut data = Random::new(c.seed());
    for (i, ty) in plan.constants.iter().enumerate() {
        constant(&mut m, i, ty, &mut data);
    }
    let arena = plan.arena_size();
    if arena > 0 {
        global(&mut m, "arena", &[arena], Scalar::I8, None);
    }
    let mut helpers = Vec::new();
    for (i, buffer) in plan.helpers.iter().enumerate() {
        let scalars = vec![
            Parameter::Int {
                width: 32,
                range: Range::full(32),
            },
            Parameter::Index { most: 7 },
        ];
        let helper = Helper {
            name: format!("helper_{i}"),
            buffer: buffer.clone(),
            scalars,
        };
        let kernel = Kernel {
            reads: vec![],
            writes: vec![],
            scalars: helper.scalars.clone(),
            in_place: true,
        };
        c = function(
            &mut m,
            c,
            features,
            &helper.name,
            Loc::UNKNOWN,
            (&kernel, Some(buffer)),
            Vec::new(),
        );
        helpers.push(helper);
    }
    for (i, kernel) in plan.kernels.iter().enumerate() {
        let name = format!("kernel_{i}");
        let layer = plan
            .steps
            .iter()
            .position(|s| matches!(s, Step::Call { kernel: k, .. } if *k == i));
        let loc = layer_loc(&mut m, layer.unwrap_or(0));
        c = function(
            &mut m,
            c,
            features,
            &name,
            loc,
            (kernel, None),
            helpers.clone(),
        );
        if plan.disjoint(i) && !c.once_in(3) {
            let f = m
                .lookup_symbol(&name)
                .expect("invariant: the kernel was just made");
            let unit = m.unit_attr();
            for arg in 0..kernel.reads.len() + kernel.writes.len() {
                func::set_arg_attr(&mut m, f, arg, "llvm.noalias", unit);
            }
        }
    }
    main(&mut m, &mut c, &plan);
    erase_uncalled(&mut m, &helpers);
    m
}

/// Helpers that no kernel came to call: C warns of a static function without a use.
fn erase_uncalled(m: &mut Module, helpers: &[Helper]) {
    let ops = m.walk(m.root(), WalkOrder::Pre);
    let calls = ops.into_iter().filter_map(|op| func::CallOp::cast(m, op));
    let called: Vec<String> = calls.map(|c| c.callee(m)).collect();
    for helper in helpers.iter().filter(|h| !called.contains(&h.name)) {
        if let Some(f) = m.lookup_symbol(&helper.name) {
            m.erase(f);
        }
    }
}

fn layer_loc(m: &mut Module, step: usize) -> Loc {
    m.layer_loc(&format!("layer_{step}"), FILE, step as u32, 0)
}

/// A private function: a kernel, or a helper on one buffer. Yields the choices that are left.
fn function(
    m: &mut Module,
    c: Choices,
    features: Features,
    name: &str,
    loc: Loc,
    (kernel, helped): (&Kernel, Option<&BufferType>),
    helpers: Vec<Helper>,
) -> Choices {
    let buffers: Vec<&BufferType> = helped
        .into_iter()
        .chain(&kernel.reads)
        .chain(&kernel.writes)
        .collect();
    let mut types: Vec<Type> = buffers.iter().map(|b| b.ty(m)).collect();
    types.extend(kernel.scalars.iter().map(|&p| scalar_type(m, p)));
    let (f, entry) = func::build_func(m, name, &types, &[], loc);
    let private = m.str_attr("private");
    m.set_prop(f, "sym_visibility", private);
    let args = m.block_args(entry).to_vec();
    let mut body = Body::new(c, features, helpers, loc);
    for (i, (&v, ty)) in args.iter().zip(&buffers).enumerate() {
        let written = i >= kernel.reads.len();
        // What is written in place was written before.
        let in_place = kernel.in_place && i == kernel.reads.len();
        body.add_buffer(v, (*ty).clone(), !written || in_place, written);
    }
    for (&v, &p) in args[buffers.len()..].iter().zip(&kernel.scalars) {
        body.add_scalar(v, p);
    }
    let mut b = Builder::at_end(m, entry);
    b.set_loc(loc);
    body.budget = body.c.below(5);
    body.statements(&mut b);
    body.fill_buffers(&mut b);
    body.budget = if helped.is_some() {
        3 + body.c.below(6)
    } else {
        4 + body.c.below(20)
    };
    body.statements(&mut b);
    body.store(&mut b);
    b.op("func.return", &[], &[]);
    body.c
}

/// A private global; without bytes an arena.
fn global(m: &mut Module, name: &str, shape: &[i64], elem: Scalar, bytes: Option<Vec<u8>>) {
    let elem = elem.ty(m);
    let (ty, stored) = (m.memref(shape, elem), m.tensor(shape, elem));
    let (sym, private, ty) = (m.str_attr(name), m.str_attr("private"), m.type_attr(ty));
    let align = m.i64_attr(16);
    let unit = m.unit_attr();
    let mut state = OpState::new("memref.global")
        .prop("sym_name", sym)
        .prop("sym_visibility", private)
        .prop("type", ty)
        .prop("alignment", align);
    state = match bytes {
        None => state.prop("initial_value", unit),
        Some(bytes) => {
            let value = if bytes.len() <= 64 {
                m.dense_attr(stored, bytes)
            } else {
                m.resource_attr(name, stored, 16, bytes)
            };
            let section = m.str_attr(".rodata");
            state
                .prop("initial_value", value)
                .prop("constant", unit)
                .attr("mcu.section", section)
        }
    };
    let op = m.create(state);
    let body = m.body();
    m.append(body, op);
}

fn constant(m: &mut Module, i: usize, ty: &BufferType, data: &mut Random) {
    let mut values = Values::new(data.next_u64(), Spread::Uniform);
    let n = ty.len() as usize;
    let bytes = match ty.elem {
        Scalar::F32 => values.f32s(n),
        other => values.i8s(n * other.bytes() as usize, 0),
    };
    global(m, &format!("table_{i}"), &ty.shape, ty.elem, Some(bytes));
}

fn main(m: &mut Module, c: &mut Choices, plan: &Plan) {
    let of_role = |role| (0..plan.slots.len()).filter(move |&s| plan.slots[s].role == role);
    let interface: Vec<usize> = of_role(Role::Input).chain(of_role(Role::Output)).collect();
    let types: Vec<Type> = interface.iter().map(|&s| plan.slots[s].ty.ty(m)).collect();
    let (f, entry) = func::build_func(m, "main", &types, &[], Loc::UNKNOWN);
    let inputs = of_role(Role::Input).count();
    let count = m.i64_attr(inputs as i64);
    m.set_discardable(f, "mcu.inputs", count);
    let mut values: Vec<Option<ValueId>> = vec![None; plan.slots.len()];
    for (i, &s) in interface.iter().enumerate() {
        let slot = &plan.slots[s];
        let name = if i < inputs {
            format!("input_{i}")
        } else {
            format!("output_{}", i - inputs)
        };
        let (name, ty) = (m.str_attr(&name), tensor_type(m, &slot.ty));
        let ty = m.type_attr(ty);
        func::set_arg_attr(m, f, i, "mcu.name", name);
        func::set_arg_attr(m, f, i, "mcu.type", ty);
        if plan.io_in_arena {
            let offset = m.i64_attr(slot.offset);
            func::set_arg_attr(m, f, i, "mcu.offset", offset);
        }
        values[s] = Some(m.block_args(entry)[i]);
    }
    let mut main = Main { plan, values };
    for (i, step) in plan.steps.iter().enumerate() {
        let loc = layer_loc(m, i);
        let mut b = Builder::at_end(m, entry);
        b.set_loc(loc);
        main.step(&mut b, c, step);
    }
    Builder::at_end(m, entry).op("func.return", &[], &[]);
}

struct Main<'p> {
    plan: &'p Plan,
    values: Vec<Option<ValueId>>,
}

impl Main<'_> {
    fn step(&mut self, b: &mut Builder<'_>, c: &mut Choices, step: &Step) {
        match step {
            Step::Copy { from, to } => {
                let (from, to) = (self.buffer(b, *from), self.buffer(b, *to));
                b.op("memref.copy", &[from, to], &[]);
            }
            Step::Call {
                kernel,
                reads,
                writes,
            } => {
                let k = &self.plan.kernels[*kernel];
                let mut args = Vec::new();
                for (&s, ty) in reads
                    .iter()
                    .chain(writes)
                    .zip(k.reads.iter().chain(&k.writes))
                {
                    let v = self.buffer(b, s);
                    args.push(b.reshape(v, &ty.shape));
                }
                for &p in &k.scalars {
                    args.push(scalar(b, c, p));
                }
                b.call(&format!("kernel_{kernel}"), &args, &[]);
            }
        }
    }

    fn buffer(&mut self, b: &mut Builder<'_>, s: usize) -> ValueId {
        if let Some(v) = self.values[s] {
            return v;
        }
        let slot = &self.plan.slots[s];
        let ty = slot.ty.ty(b.m);
        let v = match slot.role {
            Role::Constant(i) => b.get_global(&format!("table_{i}"), ty),
            role => {
                let i8 = b.m.i8();
                let arena = b.m.memref(&[self.plan.arena_size()], i8);
                let arena = b.get_global("arena", arena);
                let offset = b.const_index(slot.offset);
                let kind = b.m.str_attr(if role == Role::Scratch {
                    "scratch"
                } else {
                    "activation"
                });
                let view = OpState::new("memref.view")
                    .operands(&[arena, offset])
                    .results(&[ty])
                    .attr("mcu.kind", kind);
                let view = b.insert(view);
                b.m.result(view, 0)
            }
        };
        self.values[s] = Some(v);
        v
    }
}

fn scalar(b: &mut Builder<'_>, c: &mut Choices, p: Parameter) -> ValueId {
    match p {
        Parameter::Int { width, range } => {
            let ty = b.m.int(width);
            b.const_int(c.between(range.low, range.high), ty)
        }
        Parameter::Index { most } => b.const_index(c.between(0, most)),
        Parameter::Float => b.const_f32(FLOAT_BOUND as f32 / 8.0),
    }
}

fn tensor_type(m: &mut Module, ty: &BufferType) -> Type {
    let elem = match ty.elem {
        Scalar::I8 => m.quant(QuantType::per_tensor(8, 1.0, 0)),
        other => other.ty(m),
    };
    m.tensor(&ty.shape, elem)
}

/// Random bytes for the inputs of a module of [`build`]'s: floats of at most [`FLOAT_BOUND`].
pub fn inputs(m: &Module, seed: u64) -> Vec<Vec<u8>> {
    let Some(main) = m.lookup_symbol("main") else {
        return Vec::new();
    };
    let count = m
        .discardable(main, "mcu.inputs")
        .and_then(|a| m.attr_int(a))
        .unwrap_or(0);
    let entry = m.entry_block(main);
    let args = entry.map_or(&[][..], |e| m.block_args(e));
    let mut seeds = Random::new(seed);
    let one = |&v: &ValueId| {
        let ty = m.value_type(v);
        let n = m.num_elements(ty).unwrap_or(0) as usize;
        let spread = if seeds.below(4) == 0 {
            Spread::Extremes
        } else {
            Spread::Uniform
        };
        let mut values = Values::new(seeds.next_u64(), spread);
        match m.type_data(ty).elem().map(|e| m.type_data(e)) {
            Some(TypeData::Float(_)) => values.f32s(n),
            _ => values.i8s(n, 0),
        }
    };
    args.iter().take(count as usize).map(one).collect()
}
