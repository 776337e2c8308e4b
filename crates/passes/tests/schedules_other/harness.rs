//! One op: interpreted on tensors, and lowered by each schedule and run on buffers.

use crate::trace::Leads;
use interp::loops::{Argument, POISON, Program};
use ir::dialects::func;
use ir::interfaces::Datum;
use ir::{AttrData, Loc, Module, OpState, QuantType, Type};
use pass::{KernelArg, KernelBuilder, Registry};
use std::sync::OnceLock;
use target::Targets;

/// Elements of a tensor.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Elem {
    F32,
    /// Scale and zero point.
    I8(f32, i32),
    I32,
}

/// A property of an op.
#[derive(Clone, PartialEq, Debug)]
pub enum Prop {
    Ints(Vec<i64>),
    Lists(Vec<Vec<i64>>),
    Text(&'static str),
    F32(f32),
    I8(i64),
    Bool(bool),
    Int(i64),
}

/// An operand: shape, elements, bytes.
pub type Tensor = (Vec<i64>, Elem, Vec<u8>);

/// An op on given operands.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    pub op: &'static str,
    pub operands: Vec<Tensor>,
    pub props: Vec<(&'static str, Prop)>,
    pub result: (Vec<i64>, Elem),
}

/// One schedule's run of a case.
#[derive(Debug)]
pub struct Ran {
    pub schedule: String,
    pub text: String,
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut r = Registry::builder(Targets::builtin());
        ir::dialects::register_all(&mut r.dialects).unwrap();
        interp::register(&mut r.dialects).unwrap();
        passes::register(&mut r).unwrap();
        r.freeze()
    })
}

impl Case {
    fn ty(m: &mut Module, shape: &[i64], elem: Elem) -> Type {
        let elem = match elem {
            Elem::F32 => m.f32(),
            Elem::I32 => m.i32(),
            Elem::I8(scale, zero) => {
                m.quant(QuantType::per_tensor(8, f64::from(scale), zero.into()))
            }
        };
        m.tensor(shape, elem)
    }

    /// A module whose `@main` is the op.
    fn module(&self) -> (Module, ir::OpId) {
        let mut m = Module::new(registry().dialects().clone());
        let types: Vec<Type> = self
            .operands
            .iter()
            .map(|(shape, elem, _)| Self::ty(&mut m, shape, *elem))
            .collect();
        let result = Self::ty(&mut m, &self.result.0, self.result.1);
        let (_, block) = func::build_func(&mut m, "main", &types, &[result], Loc::UNKNOWN);
        let args = m.block_args(block).to_vec();
        let mut state = OpState::new(self.op).operands(&args).results(&[result]);
        for (name, prop) in &self.props {
            let value = match prop {
                Prop::Ints(list) => m.i64s_attr(list),
                Prop::Lists(lists) => {
                    let lists = lists.iter().map(|l| m.i64s_attr(l)).collect();
                    m.attr(AttrData::Array(lists))
                }
                Prop::Text(text) => m.str_attr(text),
                Prop::F32(x) => m.f32_attr(*x),
                Prop::Bool(x) => m.bool_attr(*x),
                Prop::Int(i) => m.i64_attr(*i),
                Prop::I8(q) => {
                    let i8 = m.i8();
                    m.int_attr(*q, i8)
                }
            };
            state = state.prop(*name, value);
        }
        let op = m.create(state);
        m.append(block, op);
        let value = m.result(op, 0);
        let ret = m.create(OpState::new("func.return").operands(&[value]));
        m.append(block, ret);
        (m, op)
    }

    /// The interpreter's result; panics if the op does not verify or cannot be interpreted.
    pub fn expected(&self) -> Vec<u8> {
        let (m, _) = self.module();
        if let Err(errors) = ir::verify::verify(&m) {
            panic!("{errors:?}");
        }
        let inputs: Vec<Vec<u8>> = self.operands.iter().map(|o| o.2.clone()).collect();
        interp::run_nn(&m, &inputs).unwrap().remove(0)
    }

    /// Whether some schedule applies, or why none does.
    pub fn lowered(&self) -> Result<(), String> {
        let (m, op) = self.module();
        let target = registry().targets().get("cortex-m4").unwrap();
        let mut why = Vec::new();
        for s in registry().schedules_of(self.op) {
            match s.applies(m.op(op), target) {
                Ok(()) => return Ok(()),
                Err(e) => why.push(e),
            }
        }
        Err(why.join("; "))
    }

    /// Runs every schedule that applies, with every choice of its knobs, and compares; at least one must apply.
    pub fn check(&self) -> Vec<Ran> {
        let expected = self.expected();
        let mut all = Vec::new();
        for name in ["cortex-m4", "cortex-m0"] {
            let target = registry().targets().get(name).unwrap();
            for schedule in registry().schedules_of(self.op) {
                let (m, op) = self.module();
                if schedule.applies(m.op(op), target).is_err() {
                    continue;
                }
                for knobs in schedule.space(m.op(op), target) {
                    let cost = schedule.cost(m.op(op), &knobs, target);
                    assert!(cost.cycles > 0 && cost.flash > 0, "{cost:?}");
                    let (mut m, op) = self.module();
                    let mut k = KernelBuilder::new(&mut m, op);
                    schedule.lower(op, &knobs, target, &mut k).unwrap();
                    let kernel = k.finish();
                    let name = m.symbol_name(kernel.func).unwrap().to_owned();
                    assert!(
                        name.len() <= 40
                            && name.bytes().all(|c| c == b'_' || c.is_ascii_alphanumeric()),
                        "{name}"
                    );
                    let mut args: Vec<Argument> = Vec::new();
                    let body = m.entry_block(kernel.func).unwrap();
                    for (arg, &value) in kernel.args.iter().zip(m.block_args(body)) {
                        let size = m.size_bytes(m.value_type(value)).unwrap_or(0) as usize;
                        args.push(match arg {
                            KernelArg::Input(i) => Argument::Buffer(self.operands[*i].2.clone()),
                            KernelArg::Output(_) | KernelArg::Scratch => {
                                Argument::Buffer(vec![POISON; size])
                            }
                            KernelArg::Table { value, .. } => {
                                Argument::Buffer(m.attr_elements(*value).unwrap().1.to_vec())
                            }
                            KernelArg::Scalar(value) => {
                                Argument::Value(match m.attr_data(*value) {
                                    AttrData::Float { .. } => {
                                        Datum::F32(m.attr_float(*value).unwrap() as f32)
                                    }
                                    _ => Datum::Int(m.attr_int(*value).unwrap()),
                                })
                            }
                        });
                    }
                    let main = m.lookup_symbol("main").unwrap();
                    m.erase(main);
                    let text = ir::text::print_module(&m);
                    let verified =
                        ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
                    let program = Program::compile(verified).unwrap();
                    let (_, leads) = program
                        .call_watched(&name, &mut args, |places| Leads::of(&kernel, places))
                        .unwrap_or_else(|e| panic!("{e}\n{self:?}\n{text}"));
                    // The analysis does not run a loop over so many elements one by one, and does not know what is in a table.
                    let is_places = |a: &KernelArg| matches!(a, KernelArg::Table { role, .. } if role == "places");
                    let large = self.result.0.iter().product::<i64>() > 20_000
                        || kernel.args.iter().any(is_places);
                    leads
                        .check(&m, kernel.func, large)
                        .unwrap_or_else(|e| panic!("{e}\n{self:?}\n{text}"));
                    let output = kernel
                        .args
                        .iter()
                        .position(|a| matches!(a, KernelArg::Output(_)))
                        .unwrap();
                    let Argument::Buffer(found) = &args[output] else {
                        panic!("the output is no buffer")
                    };
                    assert!(
                        *found == expected,
                        "{}: {found:?}, expected {expected:?}\n{self:?}\n{text}",
                        schedule.name()
                    );
                    all.push(Ran {
                        schedule: schedule.name().to_owned(),
                        text,
                    });
                }
            }
        }
        assert!(!all.is_empty(), "no schedule applies: {:?}", self.lowered());
        all
    }
}

/// A generator of values: the same on every machine.
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// Int8 numbers, the extremes more often.
    pub fn i8s(&mut self, n: i64) -> Vec<u8> {
        let one = |r: u32| match r % 16 {
            0 => 0x80,
            1 => 0x7f,
            _ => (r >> 8) as u8,
        };
        (0..n).map(|_| one(self.next())).collect()
    }

    /// Float32 numbers of magnitude up to `limit`, zeros of both signs, tiny and huge ones among them.
    pub fn f32s(&mut self, n: i64, limit: f32) -> Vec<u8> {
        let mut one = || {
            let r = self.next();
            let x = (self.next() as f32 / 2f32.powi(30) - 1.0) * limit;
            match r % 24 {
                0 => 0.0,
                1 => -0.0,
                2 => x * 1e-30,
                3 => x * 1e18,
                4 => x.round(),
                _ => x,
            }
        };
        (0..n).flat_map(|_| one().to_le_bytes()).collect()
    }
}

/// The fused activations.
pub const ACTIVATIONS: [&str; 4] = ["none", "relu", "relu6", "relu_n1_to_1"];
