//! The C of plans over several memories, on emulated boards and on the host: the goldens, byte for byte, and everything where it was planned.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;

use emulate::{HostOptions, Sanitizers};
use models::Model;
use prerequisites::programs;
use thumbwright::runtime::{Batch, BuildSettings, Job, Runtime, Samples};
use thumbwright::{CompileOptions, Compiled, Compiler, Constants, PipelineOptions};

/// Samples of a run.
const SAMPLES: usize = 4;

fn digits() -> Model {
    models::own().swap_remove(0)
}

/// Compiled with half of what a single arena takes in one memory, and a little less than all of it in the other.
fn compile(board: &str, half: &str, rest: &str, constants: Constants) -> Compiled {
    let model = digits();
    let compiler = Compiler::new().unwrap();
    let with = |tuning: PipelineOptions| {
        let options = CompileOptions {
            tuning,
            ..CompileOptions::for_target(board)
        };
        compiler
            .compile(&model.file(), &model.bytes(), &options)
            .unwrap_or_else(|e| panic!("{e}"))
    };
    let whole = with(PipelineOptions::default()).memory().arena_size;
    with(PipelineOptions {
        pools: vec![(half.to_owned(), whole / 2), (rest.to_owned(), whole - 16)],
        constants,
        ..PipelineOptions::default()
    })
}

/// Runs some samples; the outputs are the goldens. The sizes of the image's pools, if there is one.
fn check(compiled: &Compiled, runtime: &Runtime, settings: &BuildSettings) -> Vec<(String, u64)> {
    let model = digits();
    let batch: Batch<'_> = [compiled].into_iter().collect();
    let executable = batch
        .build(runtime, settings)
        .unwrap_or_else(|e| panic!("{e}"));
    let samples = Samples::new(&compiled.inputs(), model.inputs(SAMPLES)).unwrap();
    let job = Job { model: 0, samples };
    let mut outcomes = executable
        .run(&[job], false)
        .unwrap_or_else(|e| panic!("{e}"));
    let outcome = outcomes.pop().unwrap().unwrap_or_else(|e| panic!("{e}"));
    assert!(
        outcome.outputs == model.outputs(SAMPLES),
        "on {}",
        runtime.name()
    );
    let image = executable.firmware().map(|f| f.image_sizes().unwrap());
    let pools = compiled.target().memories.iter();
    image.map_or_else(Vec::new, |sizes| {
        pools
            .map(|m| (m.name.clone(), sizes.pool(&m.name)))
            .collect()
    })
}

#[test]
fn on_emulated_boards() {
    if !programs(
        "on_emulated_boards",
        &["arm-none-eabi-gcc", "qemu-system-arm"],
    ) {
        return;
    }
    for (board, half, rest) in [
        ("mps3-an547", "dtcm", "isram"),
        ("mps2-an386", "ssram23", "psram"),
        ("stm32h743", "dtcm", "ram_d1"),
    ] {
        let compiled = compile(board, half, rest, Constants::Flash);
        let arenas = compiled.arenas().unwrap();
        assert!(arenas.len() > 1, "{board}: {arenas:?}");
        let target = Box::new(compiled.target().clone());
        check(
            &compiled,
            &Runtime::Emulated(target),
            &BuildSettings::default(),
        );
    }
}

/// Weights that are read from a fast memory are copied there by the start-up code.
#[test]
fn constants_in_a_fast_memory() {
    if !programs(
        "constants_in_a_fast_memory",
        &["arm-none-eabi-gcc", "qemu-system-arm"],
    ) {
        return;
    }
    let model = digits();
    let options = CompileOptions {
        tuning: PipelineOptions {
            constants: Constants::Fast,
            ..PipelineOptions::default()
        },
        ..CompileOptions::for_target("stm32h743")
    };
    let compiled = Compiler::new()
        .unwrap()
        .compile(&model.file(), &model.bytes(), &options)
        .unwrap_or_else(|e| panic!("{e}"));
    let data = compiled.c().unwrap().data.text;
    assert!(data.contains("section(\".data.dtcm\")"), "{data:.600}");
    let target = Box::new(compiled.target().clone());
    let pools = check(
        &compiled,
        &Runtime::Emulated(target),
        &BuildSettings::default(),
    );
    let dtcm = pools.iter().find(|(name, _)| name == "dtcm").unwrap().1;
    assert!(dtcm > 1000, "constants in the image's pool: {pools:?}");
}

#[test]
fn on_the_host() {
    if !programs("on_the_host", &["cc"]) {
        return;
    }
    // A core without instructions that the host has not.
    let compiled = compile("mps2-an385", "ssram23", "psram", Constants::Fast);
    for sanitizers in [Sanitizers::Off, Sanitizers::AddressAndUndefined] {
        let settings = BuildSettings {
            host: HostOptions {
                sanitizers,
                ..HostOptions::default()
            },
            ..BuildSettings::default()
        };
        check(&compiled, &Runtime::Host, &settings);
    }
}

/// Arenas in several memories, and constants in a fast one, built by LLVM: in the sections of the memories.
#[cfg(feature = "llvm")]
#[test]
fn by_llvm() {
    if !programs("by_llvm", &["arm-none-eabi-gcc", "qemu-system-arm"]) {
        return;
    }
    let settings = BuildSettings {
        backend: thumbwright::Backend::Llvm,
        ..BuildSettings::default()
    };
    for (board, half, rest, constants) in [
        ("mps3-an547", "dtcm", "isram", Constants::Flash),
        ("mps2-an386", "ssram23", "psram", Constants::Flash),
        ("stm32h743", "dtcm", "ram_d1", Constants::Fast),
    ] {
        let compiled = compile(board, half, rest, constants);
        assert!(compiled.arenas().unwrap().len() > 1, "{board}");
        let target = Box::new(compiled.target().clone());
        let by_c = check(
            &compiled,
            &Runtime::Emulated(target.clone()),
            &BuildSettings::default(),
        );
        let by_llvm = check(&compiled, &Runtime::Emulated(target), &settings);
        // LLVM leaves out constants whose values it has put into the code.
        for ((pool, c), (_, llvm)) in by_c.iter().zip(&by_llvm) {
            let as_planned = llvm <= c && (*llvm == 0) == (*c == 0);
            assert!(as_planned, "{board}, {pool}: {llvm} bytes, by C {c}");
        }
    }
}
