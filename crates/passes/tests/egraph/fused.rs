//! `nn.fused` of a layer and what follows it: every schedule that applies gives, byte for byte, what the interpreter gives, and its write leads are
//! those of the run.

use crate::draw::behind_layer;
use crate::registry;
#[path = "../trace/mod.rs"]
mod trace;

use interp::loops::{Argument, POISON, Program};
use ir::dialects::nn::FusedOp;
use ir::interfaces::Datum;
use ir::{AttrData, Module, OpId};
use pass::{Kernel, KernelArg, KernelBuilder, Registry};
use passes::egraph::rules;
use passes::egraph::saturate::Conditions;
use std::collections::BTreeMap;
use trace::Leads;

/// What the arguments of a kernel are before it runs.
fn arguments(m: &Module, kernel: &Kernel, inputs: &[Vec<u8>]) -> Vec<Argument> {
    let body = m.entry_block(kernel.func).unwrap();
    let values = m.block_args(body).iter();
    let argument = |(arg, &value): (&KernelArg, &ir::ValueId)| match arg {
        KernelArg::Input(i) => Argument::Buffer(inputs[*i].clone()),
        KernelArg::Output(_) | KernelArg::Scratch => {
            let size = m.size_bytes(m.value_type(value)).unwrap();
            Argument::Buffer(vec![POISON; size as usize])
        }
        KernelArg::Table { value, .. } => {
            Argument::Buffer(m.attr_elements(*value).unwrap().1.to_vec())
        }
        KernelArg::Scalar(value) => Argument::Value(match m.attr_data(*value) {
            AttrData::Float { .. } => Datum::F32(m.attr_float(*value).unwrap() as f32),
            _ => Datum::Int(m.attr_int(*value).unwrap()),
        }),
    };
    kernel.args.iter().zip(values).map(argument).collect()
}

fn fused_op(m: &Module) -> Option<OpId> {
    let main = m.lookup_symbol("main").unwrap();
    let block = m.entry_block(main).unwrap();
    m.ops(block).find(|&op| m.op_name(op) == FusedOp::NAME)
}

/// Runs every schedule of the one op of a network, with every choice of its knobs.
fn check(registry: &Registry, m: &Module, inputs: &[Vec<u8>], ran: &mut BTreeMap<String, usize>) {
    let expected = interp::run_nn(m, inputs).unwrap().remove(0);
    let op = fused_op(m).unwrap();
    let main = m.lookup_symbol("main").unwrap();
    let arguments_of_main = m.block_args(m.entry_block(main).unwrap());
    let operands: Vec<Vec<u8>> = m
        .operands(op)
        .map(|v| arguments_of_main.iter().position(|&a| a == v).unwrap())
        .map(|i| inputs[i].clone())
        .collect();
    for name in ["cortex-m4", "cortex-m0"] {
        let target = registry.targets().get(name).unwrap();
        for schedule in registry.schedules_of(FusedOp::NAME) {
            if schedule.applies(m.op(op), target).is_err() {
                continue;
            }
            for knobs in schedule.space(m.op(op), target) {
                let cost = schedule.cost(m.op(op), &knobs, target);
                assert!(cost.cycles > 0 && cost.flash > 0, "{cost:?}");
                let mut m = m.clone();
                let mut k = KernelBuilder::new(&mut m, op);
                schedule.lower(op, &knobs, target, &mut k).unwrap();
                let kernel = k.finish();
                let name = m.symbol_name(kernel.func).unwrap().to_owned();
                let mut args = arguments(&m, &kernel, &operands);
                let main = m.lookup_symbol("main").unwrap();
                m.erase(main);
                let text = ir::text::print_module(&m);
                let verified = ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
                let program = Program::compile(verified).unwrap();
                let (_, leads) = program
                    .call_watched(&name, &mut args, |places| Leads::of(&kernel, places))
                    .unwrap_or_else(|e| panic!("{e}\n{text}"));
                leads
                    .check(&m, kernel.func, false)
                    .unwrap_or_else(|e| panic!("{}: {e}\n{text}", schedule.name()));
                let output = kernel.args.iter().position(|a| *a == KernelArg::Output(0));
                let Argument::Buffer(found) = &args[output.unwrap()] else {
                    panic!("the output is no buffer")
                };
                assert!(
                    *found == expected,
                    "{} {knobs}: {found:?}, expected {expected:?}\n{text}",
                    schedule.name()
                );
                *ran.entry(schedule.name().to_owned()).or_default() += 1;
            }
        }
    }
}

#[test]
fn every_schedule_computes_what_the_region_does() {
    let registry = registry();
    let rules: Vec<_> = rules::all()
        .into_iter()
        .filter(|r| r.family == "fuse")
        .collect();
    let (mut ran, mut steps) = (BTreeMap::new(), 0);
    for seed in 0..250 {
        let mut c = testgen::Choices::from_seed(seed);
        let tables = c.once_in(3);
        let net = behind_layer(&mut c, tables, false);
        let (m, inputs) = (net.build(registry.dialects()), net.inputs(0));
        if interp::run_nn(&m, &inputs).is_err() {
            continue;
        }
        for rule in &rules {
            for right in crate::laws::right_sides(&m, rule, Conditions::Hold) {
                let f = right.lookup_symbol("main").unwrap();
                let block = right.entry_block(f).unwrap();
                let Some(op) = fused_op(&right) else {
                    continue;
                };
                let inside = FusedOp(op).block(&right).unwrap();
                // The last one stands for all ops of the network.
                let alone = right.ops(block).count() == 2;
                if alone {
                    steps += right.ops(inside).count();
                    check(&registry, &right, &inputs, &mut ran);
                }
            }
        }
    }
    assert!(steps > 500, "{steps}");
    let all = registry.schedules_of(FusedOp::NAME);
    for schedule in all {
        let times = ran.get(schedule.name()).copied().unwrap_or(0);
        assert!(times > 3, "{} ran {times} times: {ran:?}", schedule.name());
    }
}
