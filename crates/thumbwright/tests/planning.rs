//! The problem that a model poses, and its plan in a copy of the file for TensorFlow Lite Micro.
#![allow(clippy::unwrap_used, reason = "tests")]

use frontends::tflite::{TfliteModel, offline_plan, read};
use thumbwright::planning::{self, ModelMemory, OfflinePlan};
use thumbwright::{CompileOptions, Compiler, Io, OptimizeFor, example};
use usmp::{Algorithm, Algorithms, BufferKind, Exact, GreedyBySize, Liveness};

fn memory(options: &CompileOptions) -> ModelMemory {
    let compiler = Compiler::new().unwrap();
    ModelMemory::of(&compiler, example::FILE, example::MODEL, options).unwrap()
}

/// Planned apart, the model takes what it takes in a compile.
#[test]
fn the_problem_is_that_of_a_compile() {
    let asked = [
        (Io::Arena, OptimizeFor::Balanced),
        (Io::Arena, OptimizeFor::Ram),
        (Io::Caller, OptimizeFor::Ram),
    ];
    let mut heights = Vec::new();
    for (io, optimize_for) in asked {
        let mut options = CompileOptions::for_target("cortex-m4");
        (options.tuning.io, options.tuning.optimize_for) = (io, optimize_for);
        options.tuning.in_place = Some(optimize_for == OptimizeFor::Ram);
        let memory = memory(&options);
        let compiled = Compiler::new()
            .unwrap()
            .compile(example::FILE, example::MODEL, &options)
            .unwrap();
        let outcome = Exact::default().solve(&memory.problem);
        assert_eq!(
            outcome.plan().height(),
            compiled.memory().arena_size,
            "{io:?}"
        );
        heights.push(outcome.plan().height());
        let overlaps = memory.problem.overlaps().count();
        assert_eq!(overlaps > 0, optimize_for == OptimizeFor::Ram);
        let count = memory.problem.buffers().len();
        assert_eq!(memory.names.len(), count);
        assert_eq!(memory.steps.len(), compiled.memory().events.len());
        let kinds = |kind| {
            let buffers = memory.problem.buffers().iter();
            buffers.filter(|b| b.kind == kind).count()
        };
        let io_buffers = kinds(BufferKind::Input) + kinds(BufferKind::Output);
        assert_eq!(io_buffers, if io == Io::Arena { 2 } else { 0 });
    }
    assert!(heights[1] < heights[0], "{heights:?}");
}

/// The words of the plan in a file.
fn metadata(model: &TfliteModel, bytes: &[u8]) -> Vec<i32> {
    let entry = model
        .metadata
        .iter()
        .find(|m| m.name == "OfflineMemoryAllocation")
        .unwrap();
    assert_eq!(entry.data.start % 16, 0);
    let words = bytes[entry.data.clone()].chunks(4);
    words
        .map(|w| i32::from_le_bytes(w.try_into().unwrap()))
        .collect()
}

#[test]
fn a_copy_for_tensorflow_lite_micro() {
    let bytes = example::MODEL;
    let planned = OfflinePlan::of(example::FILE, bytes, &Exact::default()).unwrap();
    let outcome = &planned.outcome;
    assert_eq!(usmp::check(&planned.problem, outcome.plan()), []);
    assert!(outcome.is_optimal());
    assert_eq!(
        outcome.plan().height(),
        Liveness::of(&planned.problem).bound()
    );
    assert!(outcome.plan().height() <= planned.own_height);
    assert!(planned.copy.ends_with(bytes));

    // The same network for the compiler, to the last letter.
    let compiler = Compiler::new().unwrap();
    let text = |bytes: &[u8]| {
        let (module, _) = compiler.import(example::FILE, bytes).unwrap();
        ir::text::print_module(&module)
    };
    assert_eq!(text(&planned.copy), text(bytes));

    // What the format says: version, subgraphs, number of tensors, and an offset for each that is in the arena.
    let model = read(&planned.copy, example::FILE).unwrap();
    let words = metadata(&model, &planned.copy);
    let graph = &model.subgraphs[0];
    let count = graph.tensors.len();
    assert_eq!(words[..3], [1, 1, i32::try_from(count).unwrap()]);
    assert_eq!(words.len(), 3 + count);
    let mut offsets = outcome.plan().offsets().iter();
    for (tensor, &word) in graph.tensors.iter().zip(&words[3..]) {
        let expected = match tensor.data {
            Some(_) => -1,
            None => i32::try_from(*offsets.next().unwrap()).unwrap(),
        };
        assert_eq!(word, expected, "{}", tensor.name);
    }
    assert_eq!(offsets.next(), None);
    assert_eq!(
        offline_plan::offsets(&model, &planned.copy).unwrap(),
        words[3..]
    );

    // Planned again, by another algorithm, it has one plan, and is still the same network.
    let again = OfflinePlan::of(example::FILE, &planned.copy, &GreedyBySize).unwrap();
    let model = read(&again.copy, example::FILE).unwrap();
    let plans = model.metadata.iter();
    assert_eq!(
        plans
            .filter(|m| m.name == "OfflineMemoryAllocation")
            .count(),
        1
    );
    assert_eq!(text(&again.copy), text(bytes));
}

/// Heads of arenas as tflite-micro 0.dev20261023182759 reports them (`tools/tflm_arena.py`): by its own planner, and of the copy.
const HEADS: [(&str, u64, u64); 5] = [
    ("mlperf_tiny/kws_int8.tflite", 16_000, 16_000),
    ("mlperf_tiny/vww_int8.tflite", 73_728, 55_296),
    ("mlperf_tiny/resnet_int8.tflite", 49_152, 49_152),
    ("mlperf_tiny/ad_int8.tflite", 768, 768),
    ("extra/person_detect.tflite", 55_296, 55_296),
];

#[test]
fn heads_are_as_tensorflow_lite_micro_reports_them() {
    // The same of the model that comes along.
    let mut cases = vec![(example::FILE.to_owned(), example::MODEL.to_vec(), DIGITS)];
    if let Some(models) = prerequisites::shared("heads_of_networks", "models") {
        cases.extend(HEADS.map(|(name, own, planned)| {
            let bytes = std::fs::read(models.join(name)).unwrap();
            (name.to_owned(), bytes, (own, planned))
        }));
    }
    for (name, bytes, (own, planned)) in cases {
        let plan = OfflinePlan::of(&name, &bytes, &Exact::default()).unwrap();
        let found = (plan.own_height, plan.outcome.plan().height());
        assert_eq!(found, (own, planned), "{name}");
    }
}

const DIGITS: (u64, u64) = (3_072, 3_072);

#[test]
fn every_algorithm_plans_for_tensorflow_lite_micro() {
    let algorithms = Algorithms::builtin();
    for name in algorithms.names() {
        let algorithm = algorithms.get(name).unwrap();
        let planned = OfflinePlan::of(example::FILE, example::MODEL, algorithm).unwrap();
        assert_eq!(usmp::check(&planned.problem, planned.outcome.plan()), []);
    }
}

/// A document with everything in it, damaged byte by byte: an error with a place, or a problem that the planner takes.
#[test]
fn damaged_documents_are_refused_or_planned() {
    let text = r#"{"pools": [{"name": "m", "size": 64}], "buffers": [
        {"name": "a", "size": 10, "start": 0, "end": 2, "kind": "input", "pool": "m", "align": 2, "fixed": 4},
        {"name": "b", "size": 12, "start": 1, "end": 3, "offset": 16},
        {"name": "c", "size": 7, "start": 2, "end": 4}],
        "overlaps": [{"result": "b", "operand": "a", "lead": 3}], "conflicts": [["a", "c"]]}"#;
    assert!(planning::read(text).is_ok());
    let (mut planned, mut refused) = (0, 0);
    for at in 0..text.len() {
        for byte in *b"09-8,]}\"x " {
            let mut damaged = text.as_bytes().to_vec();
            damaged[at] = byte;
            let damaged = String::from_utf8(damaged).unwrap();
            match planning::read(&damaged) {
                Err(errors) => {
                    assert!(errors.iter().all(|e| e.to_string().contains(": ")));
                    refused += 1;
                }
                Ok(found) => {
                    let plan = GreedyBySize.plan(&found.problem);
                    let violations = usmp::check(&found.problem, &plan);
                    let capacity =
                        |v: &usmp::Violation| matches!(v, usmp::Violation::OverCapacity { .. });
                    assert!(violations.iter().all(capacity), "{damaged}\n{violations:?}");
                    planned += 1;
                }
            }
        }
    }
    assert!(planned > 100 && refused > 1000, "{planned} {refused}");
}
