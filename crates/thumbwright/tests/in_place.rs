//! Results that run into operands: what it saves, that nobody reads a dead byte, and that the checker refuses any closer place.
//!
//! Bounds without overlap are those of `usmp/tests/networks.rs`, which were computed in another language.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;
mod suite;

use ir::Module;
use ir::dialects::func;
use models::Model;
use pass::{ManagerOptions, PassCx, Pipeline};
use passes::memory_map::{MemoryMap, Role, root};
use passes::plan_memory::{Allowance, BUFFER_ALIGN, allowances};
use thumbwright::runtime::BuildSettings;
use thumbwright::{CompileOptions, Compiler, OptimizeFor, PipelineOptions};

/// Arena in bytes at the bound, and whether overlap goes below it.
const BOUNDS: [(&str, u64, bool); 6] = [
    ("digits_int8", 3072, true),
    ("kws_int8", 16_000, true),
    ("vww_int8", 55_296, true),
    ("resnet_int8", 49_152, true),
    ("ad_int8", 768, true),
    ("person_detect", 55_296, true),
];

fn known(test: &str) -> Vec<(Model, u64, bool)> {
    let all = models::all(test).into_iter();
    all.filter_map(|m| {
        let bound = BOUNDS.iter().find(|b| b.0 == m.name)?;
        Some((m, bound.1, bound.2))
    })
    .collect()
}

fn arena(compiler: &Compiler, model: &Model, tuning: PipelineOptions) -> u64 {
    let options = CompileOptions {
        tuning,
        ..CompileOptions::for_target("cortex-m4")
    };
    let compiled = compiler
        .compile(&model.file(), &model.bytes(), &options)
        .unwrap();
    compiled.memory().arena_size
}

#[test]
fn for_ram_the_arena_is_the_bound_and_below_it_with_overlap() {
    let compiler = Compiler::new().unwrap();
    for (model, bound, below) in known("for_ram_the_arena_is_the_bound_and_below_it_with_overlap") {
        let of = |in_place| {
            let tuning = PipelineOptions {
                optimize_for: OptimizeFor::Ram,
                in_place: Some(in_place),
                ..PipelineOptions::default()
            };
            arena(&compiler, &model, tuning)
        };
        let (apart, shared) = (of(false), of(true));
        assert_eq!(apart, bound, "{}", model.name);
        assert_eq!(shared < bound, below, "{}: {shared}", model.name);
    }
}

fn poisoned(runtime: &str, samples: usize) {
    let test = "poisoned_memory_changes_nothing";
    if !suite::available(test, runtime) {
        return;
    }
    let compiler = Compiler::new().unwrap();
    let models = known(&format!("{test} on {runtime}"));
    let cases: Vec<suite::Case> = models
        .iter()
        .map(|(model, ..)| suite::Case {
            name: model.name.clone(),
            network: compiler.import(&model.file(), &model.bytes()).unwrap().0,
            inputs: model.inputs(samples),
            expected: model.outputs(samples),
            tolerance: 0.0,
        })
        .collect();
    for optimize_for in [OptimizeFor::Balanced, OptimizeFor::Ram] {
        let tuning = PipelineOptions {
            optimize_for,
            in_place: Some(true),
            poison: true,
            ..PipelineOptions::default()
        };
        let failures = suite::failures(runtime, &cases, tuning, &BuildSettings::default());
        suite::assert_none(&failures, cases.len());
    }
}

#[test]
fn poisoned_memory_changes_nothing_interpreted() {
    poisoned("interp-loops", 3);
}

#[test]
fn poisoned_memory_changes_nothing_on_cortex_m4() {
    poisoned("cortex-m4", 2);
}

/// A model as kernels, before the memory is planned.
fn lowered(compiler: &Compiler, model: &Model) -> Module {
    let mut m = compiler.import(&model.file(), &model.bytes()).unwrap().0;
    run(
        compiler,
        &mut m,
        "builtin.module(func.func(canonicalize,cse,dce),lower-nn,share-kernels,propagate-constants)",
    )
    .unwrap();
    m
}

fn run(compiler: &Compiler, m: &mut Module, pipeline: &str) -> Result<(), String> {
    let registry = compiler.registry();
    let target = registry.targets().get("cortex-m4").unwrap();
    let mut cx = PassCx::new(registry, target);
    let pipeline = Pipeline::parse(pipeline).unwrap();
    pass::run_pipeline(&pipeline, m, &mut cx, ManagerOptions::default(), &mut ())
        .map_err(|_| cx.diagnostics.to_string())
}

/// The one event of an allowance, placed: the result at the bottom of the arena, the operand `distance` bytes above it, scratch above
/// both. All else is gone.
fn placed_alone(compiler: &Compiler, m: &Module, a: &Allowance, distance: u64) -> Module {
    let mut m = m.clone();
    run(
        compiler,
        &mut m,
        "builtin.module(plan-memory{overlap=false})",
    )
    .unwrap();
    let map = MemoryMap::of(&m).unwrap();
    let main = m.lookup_symbol("main").unwrap();
    for (t, &event) in map.events.iter().enumerate() {
        if t != a.event {
            m.erase(event);
        }
    }
    let arguments = m.block_args(m.entry_block(main).unwrap()).len();
    let count = m.i64_attr(arguments as i64);
    m.set_discardable(main, "mcu.inputs", count);
    // Other arguments are the caller's.
    m.remove_prop(main, "arg_attrs");
    let mut top = distance + map.buffers[a.operand].size;
    top = top.max(map.buffers[a.result].size).next_multiple_of(16);
    let event = map.events[a.event];
    let operands: Vec<_> = m.operands(event).map(|v| root(&m, v)).collect();
    for (i, b) in map.buffers.iter().enumerate() {
        let offset = match i {
            _ if i == a.operand => distance,
            _ if i == a.result => 0,
            _ if b.role == Role::Scratch && operands.contains(&b.value) => {
                top += b.size.next_multiple_of(16);
                top - b.size.next_multiple_of(16)
            }
            _ => {
                assert!(!operands.contains(&b.value), "a third tensor");
                continue;
            }
        };
        assert!(offset + b.size <= map.arena_size);
        match m.defining_op(b.value) {
            Some(view) => {
                let ty = m.index();
                let value = m.int_attr(offset as i64, ty);
                let constant = m.defining_op(m.operand(view, 1)).unwrap();
                m.set_prop(constant, "value", value);
            }
            None => {
                let value = m.i64_attr(offset as i64);
                func::set_arg_attr(&mut m, main, i, "mcu.offset", value);
            }
        }
    }
    m
}

/// Every result of every model just where its lead lets it be, and one step of the alignment closer.
#[test]
fn the_checker_refuses_what_is_closer_than_the_lead() {
    let compiler = Compiler::new().unwrap();
    let check = "builtin.module(check-placement)";
    let mut refused = 0;
    for (model, ..) in known("the_checker_refuses_what_is_closer_than_the_lead") {
        let m = lowered(&compiler, &model);
        let map = MemoryMap::of(&m).unwrap();
        for a in allowances(&m, &map) {
            let tensors = m.operands(map.events[a.event]).filter(|&v| {
                let b = map.buffers.iter().find(|b| b.value == root(&m, v));
                b.is_some_and(|b| b.role != Role::Scratch)
            });
            if tensors.count() > 2 {
                continue;
            }
            let what = format!("{}, {a:?}", model.name);
            let at = a.lead.next_multiple_of(BUFFER_ALIGN);
            let mut good = placed_alone(&compiler, &m, &a, at);
            run(&compiler, &mut good, check).unwrap_or_else(|e| panic!("{what}: {e}"));
            let Some(closer) = at.checked_sub(BUFFER_ALIGN) else {
                continue;
            };
            let mut bad = placed_alone(&compiler, &m, &a, closer);
            let error = run(&compiler, &mut bad, check).expect_err(&what);
            assert!(
                error.contains("after the layer has overwritten them"),
                "{what}: {error}"
            );
            refused += 1;
        }
    }
    assert!(refused >= 3, "{refused}");
}
