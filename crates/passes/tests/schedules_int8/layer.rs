//! A layer drawn at random, its network of one op, and its answer by any schedule.

use crate::trace::Leads;
use interp::loops::{Argument, POISON, Program};
use ir::dialects::func;
use ir::interfaces::Datum;
use ir::{AttrData, Builder, Loc, Module, OpId, OpState, QuantType, Type, ValueId};
use pass::{KernelArg, KernelBuilder, Knobs, Registry, Schedule};
use std::collections::BTreeMap;
use target::{Target, Targets};

/// Which op.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Conv,
    Depthwise,
    FullyConnected,
}

/// A layer with its data.
#[derive(Clone, Debug)]
pub struct Layer {
    pub kind: Kind,
    pub input: Vec<i64>,
    pub filter: Vec<i64>,
    pub output: Vec<i64>,
    pub strides: [i64; 2],
    pub dilations: [i64; 2],
    pub pads: [i64; 4],
    pub activation: &'static str,
    pub input_quant: (f64, i64),
    pub output_quant: (f64, i64),
    /// One scale, or one a channel.
    pub filter_scales: Vec<f64>,
    pub filter_zero_point: i64,
    pub weights: Vec<i8>,
    pub bias: Option<Vec<i32>>,
    /// Whether filter and bias are arguments instead of constants.
    pub dynamic: bool,
}

pub fn registry() -> Registry {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    interp::register(&mut r.dialects).unwrap();
    passes::register(&mut r).unwrap();
    r.freeze()
}

impl Layer {
    fn op_name(&self) -> &'static str {
        match self.kind {
            Kind::Conv => "nn.conv_2d",
            Kind::Depthwise => "nn.depthwise_conv_2d",
            Kind::FullyConnected => "nn.fully_connected",
        }
    }

    fn axis(&self) -> u32 {
        if self.kind == Kind::Depthwise { 3 } else { 0 }
    }

    fn bias_bytes(&self) -> Option<Vec<u8>> {
        let bias = self.bias.as_ref()?;
        Some(bias.iter().flat_map(|b| b.to_le_bytes()).collect())
    }

    fn constant(b: &mut Builder<'_>, ty: Type, storage: Type, bytes: Vec<u8>) -> ValueId {
        let value = b.m.dense_attr(storage, bytes);
        let op = b.insert(
            OpState::new("nn.constant")
                .prop("value", value)
                .results(&[ty]),
        );
        b.m.result(op, 0)
    }

    /// The network of this layer alone; the layer's op.
    pub fn network(&self, registry: &Registry) -> (Module, OpId) {
        let mut m = Module::new(registry.dialects().clone());
        let q = m.quant(QuantType::per_tensor(
            8,
            self.input_quant.0,
            self.input_quant.1,
        ));
        let input = m.tensor(&self.input, q);
        let q = m.quant(QuantType::per_tensor(
            8,
            self.output_quant.0,
            self.output_quant.1,
        ));
        let output = m.tensor(&self.output, q);
        let q = if let [scale] = self.filter_scales[..] {
            QuantType::per_tensor(8, scale, self.filter_zero_point)
        } else {
            let zeros = vec![0; self.filter_scales.len()];
            QuantType::per_axis(8, self.axis(), self.filter_scales.clone(), zeros)
        };
        let q = m.quant(q);
        let filter = m.tensor(&self.filter, q);
        let (i8t, i32t) = (m.i8(), m.i32());
        let channels = *self.output.last().unwrap();
        let bias = m.tensor(&[channels], i32t);
        let mut arguments = vec![input];
        if self.dynamic {
            arguments.push(filter);
            arguments.extend(self.bias.is_some().then_some(bias));
        }
        let (f, block) = func::build_func(&mut m, "main", &arguments, &[], Loc::UNKNOWN);
        let args = m.block_args(block).to_vec();
        let mut b = Builder::at_end(&mut m, block);
        let mut operands = args.clone();
        if !self.dynamic {
            let storage = b.m.tensor(&self.filter, i8t);
            let bytes = self.weights.iter().map(|&w| w as u8).collect();
            operands.push(Self::constant(&mut b, filter, storage, bytes));
            if let Some(bytes) = self.bias_bytes() {
                operands.push(Self::constant(&mut b, bias, bias, bytes));
            }
        }
        let activation = b.m.str_attr(self.activation);
        let mut state = OpState::new(self.op_name())
            .operands(&operands)
            .results(&[output])
            .prop("activation", activation);
        if self.kind != Kind::FullyConnected {
            let (s, d, p) = (
                b.m.i64s_attr(&self.strides),
                b.m.i64s_attr(&self.dilations),
                b.m.i64s_attr(&self.pads),
            );
            state = state
                .prop("strides", s)
                .prop("dilations", d)
                .prop("pads", p);
        }
        let op = b.insert(state);
        let result = b.m.result(op, 0);
        b.op("func.return", &[result], &[]);
        let ty = m.function(&arguments, &[output]);
        let ty = m.type_attr(ty);
        m.set_prop(f, "function_type", ty);
        (m, op)
    }

    /// All operands' bytes.
    pub fn operands(&self, input: &[u8]) -> Vec<Vec<u8>> {
        let mut all = vec![
            input.to_vec(),
            self.weights.iter().map(|&w| w as u8).collect(),
        ];
        all.extend(self.bias_bytes());
        all
    }

    /// The nn interpreter's answer.
    pub fn reference(&self, registry: &Registry, input: &[u8]) -> Vec<u8> {
        let (m, _) = self.network(registry);
        if let Err(errors) = ir::verify::verify(&m) {
            panic!("the case is no valid network: {errors}\n{self:?}");
        }
        let mut inputs = self.operands(input);
        inputs.truncate(if self.dynamic { 3 } else { 1 });
        interp::run_nn(&m, &inputs).unwrap().remove(0)
    }

    /// The answer of a schedule's kernel for each input, and the bytes of scratch that it takes.
    pub fn by_schedule(
        &self,
        registry: &Registry,
        schedule: &dyn Schedule,
        knobs: &Knobs,
        target: &Target,
        inputs: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, String> {
        let (mut m, op) = self.network(registry);
        let mut k = KernelBuilder::new(&mut m, op);
        schedule
            .lower(op, knobs, target, &mut k)
            .map_err(|d| d.to_string())?;
        let kernel = k.finish();
        let main = m.lookup_symbol("main").unwrap();
        m.erase(main);
        let verified = ir::verify::verify(&m).map_err(|e| e.to_string())?;
        let program = Program::compile(verified).map_err(|e| e.to_string())?;
        let name = m.symbol_name(kernel.func).unwrap();
        let types: Vec<Type> = m
            .block_args(m.entry_block(kernel.func).unwrap())
            .iter()
            .map(|&v| m.value_type(v))
            .collect();
        let mut answers = Vec::new();
        for input in inputs {
            let operands = self.operands(input);
            let mut args: Vec<Argument> = kernel
                .args
                .iter()
                .zip(&types)
                .map(|(arg, &ty)| match arg {
                    KernelArg::Input(i) => Argument::Buffer(operands[*i].clone()),
                    KernelArg::Table { value, .. } => {
                        Argument::Buffer(m.attr_elements(*value).unwrap().1.to_vec())
                    }
                    KernelArg::Scalar(v) => match m.attr_data(*v) {
                        AttrData::Integer { value, .. } => Argument::Value(Datum::Int(*value)),
                        other => panic!("{other:?}"),
                    },
                    KernelArg::Output(_) | KernelArg::Scratch => {
                        Argument::Buffer(vec![POISON; m.size_bytes(ty).unwrap() as usize])
                    }
                })
                .collect();
            let (_, leads) = program
                .call_watched(name, &mut args, |places| Leads::of(&kernel, places))
                .map_err(|e| e.to_string())?;
            // The analysis runs outputs one by one within a budget, which suffices for so many.
            let outputs: i64 = self.output.iter().product();
            leads.check(&m, kernel.func, outputs > 4096)?;
            let at = kernel
                .args
                .iter()
                .position(|a| matches!(a, KernelArg::Output(0)))
                .unwrap();
            match args.swap_remove(at) {
                Argument::Buffer(bytes) => answers.push(bytes),
                Argument::Value(_) => unreachable!(),
            }
        }
        Ok(answers)
    }

    /// Compares every schedule that applies, with all its choices, with the interpreter; counts the comparisons by schedule.
    pub fn check(
        &self,
        registry: &Registry,
        target: &Target,
        inputs: &[Vec<u8>],
        counts: &mut BTreeMap<String, usize>,
    ) -> Result<(), String> {
        let expected: Vec<Vec<u8>> = inputs.iter().map(|i| self.reference(registry, i)).collect();
        let (m, op) = self.network(registry);
        let mut any = false;
        for s in registry.schedules_of(self.op_name()) {
            let r = m.op(op);
            if s.applies(r, target).is_err() {
                continue;
            }
            any = true;
            let space = s.space(r, target);
            assert!(!space.is_empty(), "{} has no choice for {self:?}", s.name());
            for knobs in space {
                let cost = s.cost(r, &knobs, target);
                assert!(cost.cycles > 0 && cost.flash > 0);
                let got = self
                    .by_schedule(registry, s, &knobs, target, inputs)
                    .map_err(|e| format!("{}{{{knobs}}}: {e}", s.name()))?;
                if got != expected {
                    return Err(format!("{}{{{knobs}}} differs", s.name()));
                }
                *counts.entry(s.name().to_owned()).or_default() += 1;
            }
        }
        if any {
            Ok(())
        } else {
            Err("no schedule applies".to_owned())
        }
    }
}
