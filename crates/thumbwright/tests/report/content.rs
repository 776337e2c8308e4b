//! The numbers of a report are those of the plan and of the measurements, and nothing in a model breaks the page.

use crate::toy;
use thumbwright::report::{HostTime, Measurements, OverlapReport, PageOptions, Remark, Report};
use thumbwright::{CompileOptions, Compiled, Io};

fn plain(compiled: &Compiled) -> Report {
    Report::of(compiled, &Measurements::default())
}

#[test]
fn numbers_are_those_of_the_memory_map() {
    let compiled = toy::compile_apart("some/where/digits_int8.tflite", &toy::digits());
    let report = plain(&compiled);
    let map = compiled.memory();
    let memory = &report.memory;
    assert!(memory.placed && memory.io == "arena");
    assert_eq!(
        memory.buffers.len() + memory.scratch.len(),
        map.buffers.len()
    );

    // What is live when, byte by byte: nothing is in two buffers at once, and the sums are the report's.
    let mut highest = (0, 0);
    for (step, s) in memory.steps.iter().enumerate() {
        let mut owner = vec![false; usize::try_from(memory.arena_bytes).unwrap()];
        let (mut live, mut scratch) = (0, 0);
        for b in memory.buffers.iter().chain(&memory.scratch) {
            if !(b.start..b.end).contains(&step) {
                continue;
            }
            let from = usize::try_from(b.offset.unwrap()).unwrap();
            for byte in &mut owner[from..from + usize::try_from(b.bytes).unwrap()] {
                assert!(
                    !std::mem::replace(byte, true),
                    "step {step}: {} overlaps",
                    b.name
                );
                live += 1;
                scratch += u64::from(b.role == "scratch");
            }
        }
        assert_eq!(
            (s.live_bytes, s.scratch_bytes),
            (live, scratch),
            "step {step}"
        );
        if live > highest.0 {
            highest = (live, step);
        }
    }
    let peak = memory.peak.as_ref().unwrap();
    assert_eq!(peak.step, highest.1);
    assert_eq!(peak.layer, memory.steps[peak.step].layer);
    assert!(memory.bound_bytes >= highest.0 && memory.arena_bytes >= memory.bound_bytes);
    assert_eq!(memory.gap_bytes, memory.arena_bytes - memory.bound_bytes);
    assert_eq!(memory.liveness_bound_bytes, memory.bound_bytes);
    assert_eq!(memory.algorithm.as_deref(), Some("exact"));
    assert_eq!(memory.overlaps, []);
    assert_eq!(memory.scratch_bytes, toy::SCRATCH);
    assert!(memory.activation_bound_bytes <= memory.bound_bytes);
    assert!(memory.activation_bytes <= memory.arena_bytes);

    assert_eq!(report.inputs[0].offset, memory.buffers[0].offset);
    assert_eq!(report.inputs[0].tensor.shape, [1, 8, 8, 1]);
    assert_eq!(report.outputs[0].tensor.bytes, 10);
    assert_eq!(report.model.file, "digits_int8.tflite");
    assert_eq!(report.model.name, "digits_int8");
}

/// Byte by byte: what two buffers have in common at a step is what the report lists.
#[test]
fn shared_bytes_are_those_of_the_overlaps() {
    let memory = plain(&toy::compile("digits_int8.tflite", &toy::digits())).memory;
    let mut shared = 0;
    for step in 0..memory.steps.len() {
        let mut owners = vec![0; usize::try_from(memory.arena_bytes).unwrap()];
        for b in memory.buffers.iter().chain(&memory.scratch) {
            if (b.start..b.end).contains(&step) {
                let from = usize::try_from(b.offset.unwrap()).unwrap();
                let bytes = &mut owners[from..from + usize::try_from(b.bytes).unwrap()];
                bytes.iter_mut().for_each(|n| *n += 1);
            }
        }
        let listed = memory.overlaps.iter().filter(|o| o.step == step);
        let listed: u64 = listed.map(|o| o.bytes).sum();
        let found = owners.iter().filter(|&&n| n == 2).count() as u64;
        assert_eq!(found, listed, "step {step}");
        assert!(owners.iter().all(|&n| n <= 2));
        shared += found;
    }
    assert!(shared > 0 && memory.arena_bytes < memory.liveness_bound_bytes);
}

#[test]
fn the_page_says_what_was_gained() {
    let compiled = toy::compile_apart("digits_int8.tflite", &toy::digits());
    let mut report = plain(&compiled);
    let page = |report: &Report| report.html(&PageOptions::default());
    let plan = page(&report);
    assert!(plan.contains("Planned by exact; it is proved that no plan is lower."));
    assert!(!plan.contains("Another order.") && !plan.contains("runs into"));

    report.remarks.push(Remark {
        severity: "remark".to_owned(),
        code: "remark.order".to_owned(),
        message: "another order".to_owned(),
        location: None,
        notes: Vec::new(),
        help: None,
    });
    report.memory.overlaps.push(OverlapReport {
        result: "b".to_owned(),
        operand: "a".to_owned(),
        step: 1,
        arena: "arena".to_owned(),
        offset: 0,
        bytes: 4,
    });
    report.memory.liveness_bound_bytes = report.memory.arena_bytes + 1234;
    (report.memory.gap_bytes, report.memory.bound_bytes) = (100, report.memory.arena_bytes - 100);
    let plan = page(&report);
    for part in [
        "<li>Another order.</li>",
        "1 result runs into an operand that it is the last to read: the arena is 1,234 B smaller",
        "a plan may be up to 100 B lower",
    ] {
        assert!(plan.contains(part), "{part}");
    }
}

#[test]
fn bounds_and_work_of_known_networks() {
    // Bounds of the activations, inputs and outputs inside, and 1,000 MACs, as published for these networks.
    for (name, bound, macs) in [
        ("kws", 16_000, 2_657),
        ("vww", 55_296, 7_490),
        ("resnet", 49_152, 12_502),
        ("ad", 768, 264),
    ] {
        let file = format!("{name}_int8.tflite");
        let test = "bounds_and_work_of_known_networks";
        let Some(path) = prerequisites::shared(test, &format!("models/mlperf_tiny/{file}")) else {
            continue;
        };
        let report = plain(&toy::compile(&file, &std::fs::read(path).unwrap()));
        assert_eq!(report.memory.activation_bound_bytes, bound, "{name}");
        assert_eq!((report.totals.macs + 500) / 1000, macs, "{name}");
    }
}

#[test]
fn layers_know_their_step_schedule_and_scratch() {
    let compiled = toy::compile("digits_int8.tflite", &toy::digits());
    let report = plain(&compiled);
    assert_eq!(report.layers.len(), compiled.layers().len());
    for l in &report.layers {
        if l.op == "nn.reshape" {
            assert_eq!((&l.schedule, &l.kernel, l.step), (&None, &None, None));
            continue;
        }
        let step = &report.memory.steps[l.step.unwrap()];
        assert_eq!((&step.layer, step.op.as_ref()), (&l.name, Some(&l.op)));
        assert_eq!(step.kernel, l.kernel);
        let schedule = format!("toy-{}", l.op.trim_start_matches("nn.").replace('_', "-"));
        assert_eq!(l.schedule.as_ref(), Some(&schedule));
        let scratch = if l.op == "nn.conv_2d" {
            toy::SCRATCH
        } else {
            0
        };
        assert_eq!(l.scratch_bytes, scratch);
    }
    // Constant tables of equal contents are one.
    let tables = report.totals.constant_bytes / toy::TABLE;
    assert_eq!(report.totals.constant_bytes % toy::TABLE, 0);
    assert!((1..=report.memory.steps.len() as u64).contains(&tables));
    let called: usize = report.kernels.iter().map(|k| k.layers.len()).sum();
    assert_eq!(called, report.memory.steps.len());
}

#[test]
fn counts_go_to_the_layers_that_were_called() {
    let compiled = toy::compile("digits_int8.tflite", &toy::digits());
    let measured = toy::measurements(&compiled);
    let report = Report::of(&compiled, &measured);
    let profile = measured.profile.as_ref().unwrap();
    for l in report.layers.iter().filter(|l| l.op != "nn.reshape") {
        let n = l.step.unwrap() as u64 + 1;
        assert_eq!(
            (l.instructions, l.cycles),
            (Some(100_000 * n), Some(130_000 * n * n))
        );
    }
    let sum: u64 = report.kernels.iter().filter_map(|k| k.cycles).sum();
    assert_eq!(sum + 20, profile.cycles);
    assert_eq!(report.totals.cycles, Some(profile.cycles));

    // A profile that is not of these calls says nothing about layers.
    let mut other = measured.clone();
    other.profile.as_mut().unwrap().calls.swap(0, 1);
    let kernels: Vec<&str> = report
        .memory
        .steps
        .iter()
        .filter_map(|s| s.kernel.as_deref())
        .collect();
    assert_ne!(kernels[0], kernels[1]);
    let report = Report::of(&compiled, &other);
    assert!(report.layers.iter().all(|l| l.cycles.is_none()));
    assert_eq!(report.totals.cycles, Some(profile.cycles));
}

#[test]
fn the_callers_tensors_are_not_in_the_arena() {
    let mut options = CompileOptions::for_target("cortex-m4");
    options.tuning.io = Io::Caller;
    let compiled = toy::compile_with("digits_int8.tflite", &toy::digits(), &options);
    let caller = plain(&compiled);
    assert_eq!(caller.memory.io, "caller");
    assert!(caller.memory.placed);
    assert_eq!(
        (caller.inputs[0].offset, caller.outputs[0].offset),
        (None, None)
    );
    let arena = plain(&toy::compile("digits_int8.tflite", &toy::digits()));
    let live = |r: &Report| r.memory.steps[0].live_bytes;
    assert_eq!(live(&caller) + caller.inputs[0].tensor.bytes, live(&arena));
    assert!(
        caller
            .html(&PageOptions::default())
            .contains("the caller&#39;s")
    );
}

#[test]
fn an_unplaced_module_has_a_bound_but_no_picture() {
    let mut options = CompileOptions::for_target("cortex-m4");
    options.pipeline = Some("builtin.module(func.func(dce,order-operators),lower-nn)".to_owned());
    let compiled = toy::compile_with("digits_int8.tflite", &toy::digits(), &options);
    let report = plain(&compiled);
    let placed = plain(&toy::compile_apart("digits_int8.tflite", &toy::digits()));
    assert!(!report.memory.placed);
    assert_eq!(report.memory.arena_bytes, 0);
    assert_eq!(report.memory.bound_bytes, placed.memory.bound_bytes);
    let page = report.html(&PageOptions::default());
    assert!(!page.contains("<svg") && page.contains("does not place the buffers"));
}

#[test]
fn two_compiles_give_the_same_bytes_and_time_is_shown_on_request_only() {
    let [a, b] = [(); 2].map(|()| plain(&toy::compile("digits_int8.tflite", &toy::digits())));
    let default = PageOptions::default();
    assert_eq!(a.json(), b.json());
    assert_eq!(a.html(&default), b.html(&default));
    assert!(!a.html(&default).contains("Compile time"));
    let time = HostTime {
        import_ms: 1.25,
        passes_ms: 30.0,
        emission_ms: 4.0,
    };
    let timed = a.html(&PageOptions {
        host_time: Some(time),
    });
    assert!(timed.contains("import 1.2 ms, passes 30.0 ms, emission 4.0 ms"));
}

/// The model with a tensor's name replaced by another, filled up to the same length.
pub fn rename(model: &[u8], old: &str, new: &str) -> Vec<u8> {
    let new = format!("{new:~<width$}", width = old.len());
    assert_eq!(old.len(), new.len());
    let at = model
        .windows(old.len())
        .position(|w| w == old.as_bytes())
        .unwrap();
    let mut model = model.to_vec();
    model[at..at + old.len()].copy_from_slice(new.as_bytes());
    model
}

/// Digits with names that try to be markup, in every place where a name can stand.
pub fn hostile() -> Compiled {
    let model = rename(
        &toy::digits(),
        "functional_1/max_pooling2d_1/MaxPool2d",
        "</title></svg><script>boom()</script>\"",
    );
    let model = rename(
        &model,
        "functional_1/flatten_1/Reshape",
        "{{7*191}}{% raw %}&lt;\u{1}\u{7f}'\">",
    );
    let model = rename(&model, "Identity", "<i>\"'&</");
    toy::compile("dir/\"><img src=x onerror=boom()>.tflite", &model)
}

#[test]
fn hostile_names_stay_text() {
    let report = plain(&hostile());
    let pool = report
        .layers
        .iter()
        .find(|l| l.op == "nn.max_pool_2d")
        .unwrap();
    assert!(
        pool.name
            .starts_with("</title></svg><script>boom()</script>\"")
    );
    assert_eq!(report.outputs[0].tensor.name, "<i>\"'&</");
    let page = report.html(&PageOptions::default());
    for markup in [
        "<script>boom",
        "<img",
        "<i>\"",
        "1337",
        "</title></svg>",
        "\u{1}",
        "\u{7f}",
    ] {
        assert!(!page.contains(markup), "{markup:?} is in the page");
    }
    for text in [
        "&lt;script&gt;boom()&lt;/script&gt;",
        "&lt;img src=x onerror=boom()&gt;.tflite",
        "{{7*191}}{% raw %}&amp;lt;",
    ] {
        assert!(page.contains(text), "{text:?} is not in the page");
    }
    assert_eq!(page.matches("<script").count(), 1);
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let compiled = toy::compile("digits_int8.tflite", &toy::digits());
    let page = Report::of(&compiled, &toy::measurements(&compiled)).html(&PageOptions::default());
    let own = page.replace("http://www.w3.org/2000/svg", "");
    for reference in [
        "http:", "https:", "src=", "href=", "url(", "@import", "<link", "fetch(",
    ] {
        assert!(!own.contains(reference), "{reference}");
    }
}
