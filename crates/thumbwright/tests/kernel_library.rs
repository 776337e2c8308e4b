//! The example of a kernel library, `examples/acme-kernels`: its C computes what the ops that it replaces compute, on every runtime.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;
mod suite;

use emulate::{HostOptions, Sanitizers};
use std::path::{Path, PathBuf};
use std::process::Command;
use thumbwright::runtime::{Batch, BuildSettings, Job, RunError, Runtime, Samples, run};
use thumbwright::{CompileOptions, Compiled, Compiler, Io, KernelLibrary, PipelineOptions};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/acme-kernels")
}

/// The example's library, with a change to its table.
fn library(change: impl FnOnce(String) -> String) -> KernelLibrary {
    let text = std::fs::read_to_string(folder().join("acme-kernels.toml")).unwrap();
    KernelLibrary::from_text("acme-kernels.toml", &change(text), &folder())
        .unwrap_or_else(|e| panic!("{e}"))
}

fn compiler_with(library: KernelLibrary) -> Compiler {
    let builder = Compiler::builder().unwrap().library(library);
    builder.unwrap_or_else(|e| panic!("{e}")).build()
}

fn compiler() -> Compiler {
    compiler_with(library(|text| text))
}

fn digits(compiler: &Compiler, target: &str) -> Compiled {
    digits_with(compiler, target, Io::Arena)
}

fn digits_with(compiler: &Compiler, target: &str, tuning: impl Into<PipelineOptions>) -> Compiled {
    let model = &models::own()[0];
    let options = CompileOptions {
        tuning: tuning.into(),
        verify_each: true,
        keep_stages: true,
        ..CompileOptions::for_target(target)
    };
    compiler
        .compile(&model.file(), &model.bytes(), &options)
        .unwrap_or_else(|e| panic!("{e}"))
}

/// The reference is tflite-micro, whose answers are the goldens.
#[test]
fn digits_are_the_golden_on_every_runtime() {
    let compiler = compiler();
    let model = &models::own()[0];
    let n = model.golden.n_samples;
    for name in [
        "interp-loops",
        "host",
        "cortex-m0",
        "cortex-m4",
        "acme-board",
    ] {
        if !suite::available("digits_are_the_golden_on_every_runtime", name) {
            continue;
        }
        let runtime = Runtime::parse(name, compiler.registry().targets()).unwrap();
        let compiled = digits(&compiler, runtime.target());
        let source = compiled.c().unwrap().source.text;
        // Three convolutions, of which the one whose window is a pixel becomes a fully connected layer, and one fully
        // connected layer; the calls stand in functions that are called.
        assert_eq!(source.matches("if (acme_conv2d_s8(").count(), 2, "{source}");
        assert_eq!(source.matches("    acme_fully_connected_s8(").count(), 2);
        assert!(source.contains("#include \"acme_kernels.h\""));
        let outcome = run(&compiled, &runtime, model.inputs(n), false).unwrap();
        assert!(outcome.outputs == model.outputs(n), "{name}");
        if matches!(runtime, Runtime::Emulated(_)) {
            let library = outcome.sizes.iter().find(|f| f.file == "acme_kernels.c");
            assert!(library.unwrap().text() > 100);
            assert!(
                outcome
                    .frames
                    .iter()
                    .any(|f| f.function == "acme_conv2d_s8")
            );
        }
    }
}

#[test]
fn tensors_of_the_caller_are_passed_on() {
    if !suite::available("tensors_of_the_caller_are_passed_on", "host") {
        return;
    }
    let compiled = digits_with(&compiler(), "host", Io::Caller);
    let model = &models::own()[0];
    for runtime in [Runtime::InterpLoops, Runtime::Host] {
        let outcome = run(&compiled, &runtime, model.inputs(8), false).unwrap();
        assert!(outcome.outputs == model.outputs(8), "{}", runtime.name());
    }
}

#[test]
fn the_profile_counts_the_library_with_the_layer_that_calls_it() {
    const TEST: &str = "the_profile_counts_the_library_with_the_layer_that_calls_it";
    if !prerequisites::programs(TEST, &["arm-none-eabi-gcc", "qemu-system-arm", "cc"]) {
        return;
    }
    let compiler = compiler();
    let runtime = Runtime::parse("acme-board", compiler.registry().targets()).unwrap();
    let compiled = digits(&compiler, "acme-board");
    let outcome = run(&compiled, &runtime, models::own()[0].inputs(1), true).unwrap();
    let profile = outcome.profile.unwrap();
    let layer = &profile.layers[0];
    // At least a load and a multiplication a product.
    assert!(layer.count.instructions > 2 * layer.macs, "{layer:?}");
}

/// Convolutions and fully connected layers of drawn shapes, strides, pads, zero points and quantisation.
#[test]
fn random_layers_compute_what_the_network_does() {
    let compiler = compiler();
    let plain = Compiler::new().unwrap();
    let all = testgen::nn::cases(7, 3000);
    let cases: Vec<_> = all
        .iter()
        .filter(|c| {
            ["conv_2d_i8", "fully_connected_i8"]
                .iter()
                .any(|n| c.name().starts_with(n))
        })
        .collect();
    let mut compiled = Vec::new();
    let mut inputs = Vec::new();
    for (i, c) in cases.iter().enumerate() {
        let network = c.build(plain.registry().dialects());
        let options = CompileOptions {
            name: Some(format!("net_{i}")),
            ..CompileOptions::for_target("host")
        };
        let network_again = c.build(compiler.registry().dialects());
        let here = compiler
            .compile_network("net", network_again, &options, &mut ())
            .unwrap_or_else(|e| panic!("{}: {e}", c.name()));
        if !here.libraries().is_empty() {
            let expected = thumbwright::runtime::interpret(&network, c.inputs(0)).unwrap();
            inputs.push((c.inputs(0), expected.outputs, c.name()));
            compiled.push(here);
        }
    }
    // Dilated convolutions and short filters stay with the built-in schedules.
    assert!(
        compiled.len() > 50 && compiled.len() < cases.len(),
        "{} of {}",
        compiled.len(),
        cases.len()
    );
    let sanitized = HostOptions {
        sanitizers: Sanitizers::AddressAndUndefined,
        ..HostOptions::default()
    };
    let settings = BuildSettings {
        host: sanitized,
        ..BuildSettings::default()
    };
    for runtime in [Runtime::InterpLoops, Runtime::Host] {
        if !suite::available(
            "random_layers_compute_what_the_network_does",
            runtime.name(),
        ) {
            continue;
        }
        let batch: Batch<'_> = compiled.iter().collect();
        let executable = batch.build(&runtime, &settings).unwrap();
        let jobs = compiled
            .iter()
            .zip(&inputs)
            .enumerate()
            .map(|(model, (c, i))| Job {
                model,
                samples: Samples::new(&c.inputs(), i.0.clone()).unwrap(),
            });
        let jobs: Vec<Job> = jobs.collect();
        let outcomes = executable.run(&jobs, false).unwrap();
        for ((_, expected, name), outcome) in inputs.iter().zip(outcomes) {
            assert_eq!(
                &outcome.unwrap().outputs,
                expected,
                "{name} on {}",
                runtime.name()
            );
        }
    }
}

#[test]
fn an_error_of_the_function_ends_the_run() {
    if !suite::available("an_error_of_the_function_ends_the_run", "host") {
        return;
    }
    let wrong = "n = \"filter.dim(0)\", h = \"kernel.h\"";
    let compiler = compiler_with(library(|text| {
        assert!(text.contains(wrong));
        text.replace(wrong, "n = \"filter.dim(0) + 1\", h = \"kernel.h\"")
    }));
    let compiled = digits(&compiler, "host");
    let inputs = models::own()[0].inputs(1);
    match run(&compiled, &Runtime::Host, inputs, false) {
        Err(RunError::Status { status: -5, .. }) => {}
        other => panic!("{other:?}"),
    }
    let header = compiled.c().unwrap().header.text;
    assert!(
        header.contains(
            "#define DIGITS_INT8_ERROR_KERNEL (-5)           /* a function of acme_kernels failed"
        ),
        "{header}"
    );
}

/// A pad that is not passed on: what comes out is not what the network computes, so the comparison can fail.
#[test]
fn a_wrong_table_is_noticed() {
    if !suite::available("a_wrong_table_is_noticed", "host") {
        return;
    }
    let compiler = compiler_with(library(|text| text.replace("h = \"pad.top\"", "h = 0")));
    let compiled = digits(&compiler, "host");
    let model = &models::own()[0];
    let outcome = run(&compiled, &Runtime::Host, model.inputs(4), false).unwrap();
    assert!(outcome.outputs != model.outputs(4));
}

#[test]
fn the_cheaper_kernel_is_taken_and_a_remark_says_why() {
    let dear = compiler_with(library(|text| {
        text.replace("cycles = \"macs / 2", "cycles = \"1000 * macs")
    }));
    let compiled = digits(&dear, "cortex-m4");
    assert!(compiled.libraries().is_empty());
    assert!(!compiled.c().unwrap().source.text.contains("acme"));
    let remarks: Vec<String> = compiled
        .diagnostics()
        .iter()
        .map(|d| d.to_string())
        .collect();
    let found = remarks.iter().filter(|r| {
        r.contains("remark[remark.schedule-not-taken]: acme-conv2d-s8 does not lower `nn.conv_2d`: it costs ")
    });
    assert_eq!(found.count(), 3, "{remarks:?}");
    let never = compiler_with(library(|text| {
        text.replace("filter.dim(1) >= 4", "filter.dim(1) >= 4096")
    }));
    // A convolution by the library would be cheaper than what is left for a fully connected layer.
    let mut tuning = PipelineOptions::default();
    tuning.rules.disable = vec!["fully-connected-as-convolution".to_owned()];
    let compiled = digits_with(&never, "cortex-m4", tuning);
    let remarks: Vec<String> = compiled
        .diagnostics()
        .iter()
        .map(|d| d.to_string())
        .collect();
    let want = "acme-fully-connected-s8 does not lower `nn.fully_connected`: wants filter.dim(1) >= 4096 and filter.dim(1) <= 32768";
    assert!(remarks.iter().any(|r| r.contains(want)), "{remarks:?}");
}

#[test]
fn the_same_comes_out_each_time_without_paths_of_this_machine() {
    let (a, b) = (
        digits(&compiler(), "acme-board"),
        digits(&compiler(), "acme-board"),
    );
    assert_eq!(a.c_files().unwrap(), b.c_files().unwrap());
    let here = folder().canonicalize().unwrap();
    for file in a.c_files().unwrap() {
        assert!(!file.text.contains(here.to_str().unwrap()), "{}", file.path);
    }
}

/// The emitted build file in a project that has the library as a target of its own.
#[test]
fn a_cmake_project_links_the_library() {
    if !prerequisites::programs("a_cmake_project_links_the_library", &["cmake", "cc"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for f in digits(&compiler(), "host").c_files().unwrap() {
        let path = dir.path().join("net").join(&f.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, f.text).unwrap();
    }
    let acme = folder().canonicalize().unwrap();
    let project = format!(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C)\nadd_library(acme_kernels STATIC {0}/src/acme_kernels.c)\n\
         target_include_directories(acme_kernels PUBLIC {0}/include)\nset(DIGITS_INT8_EXAMPLE ON)\nadd_subdirectory(net)\n",
        acme.display()
    );
    std::fs::write(dir.path().join("CMakeLists.txt"), project).unwrap();
    for args in [vec!["-S", ".", "-B", "build"], vec!["--build", "build"]] {
        let out = Command::new("cmake")
            .args(args)
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
    }
    let out = Command::new(dir.path().join("build/net/digits_int8_example"))
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
}

/// The checker of placements knows what a function writes.
#[test]
fn workspace_on_top_of_an_input_is_a_wrong_plan() {
    let compiler = compiler();
    let mut m = digits(&compiler, "acme-board").module().clone();
    let check = |m: &mut ir::Module| {
        let target = compiler.target("acme-board").unwrap().clone();
        let mut cx = pass::PassCx::new(compiler.registry(), &target);
        let pipeline = pass::Pipeline::parse("builtin.module(check-placement)").unwrap();
        let options = pass::ManagerOptions::default();
        let done = pass::run_pipeline(&pipeline, m, &mut cx, options, &mut ());
        done.map_err(|_| cx.diagnostics.to_string())
    };
    assert_eq!(check(&mut m), Ok(()));
    // The input of @main is the first operand of the first call, its workspace the last but one.
    let map = thumbwright::MemoryMap::of(&m).unwrap();
    let operands: Vec<ir::ValueId> = m.operands(map.events[0]).collect();
    let view = operands[operands.len() - 2];
    let shift = m
        .defining_op(m.operand(m.defining_op(view).unwrap(), 1))
        .unwrap();
    let (offset, index) = (map.buffers[0].offset.unwrap() as i64, m.index());
    let value = m.int_attr(offset, index);
    m.set_prop(shift, "value", value);
    let errors = check(&mut m).unwrap_err();
    assert!(
        errors.contains("M010") && errors.contains("share bytes of the arena"),
        "{errors}"
    );
}

/// The objects of LLVM, which is told no header, call the same functions.
#[cfg(feature = "llvm")]
mod by_llvm {
    use super::*;
    use thumbwright::Backend;

    fn settings() -> BuildSettings {
        BuildSettings {
            backend: Backend::Llvm,
            ..BuildSettings::default()
        }
    }

    #[test]
    fn digits_are_the_golden_with_the_library() {
        const TEST: &str = "digits_are_the_golden_with_the_library by LLVM";
        let compiler = compiler();
        let model = &models::own()[0];
        let n = model.golden.n_samples;
        for name in ["host", "cortex-m0", "cortex-m4", "acme-board"] {
            if !suite::available(TEST, name) {
                continue;
            }
            let runtime = Runtime::parse(name, compiler.registry().targets()).unwrap();
            let compiled = digits(&compiler, runtime.target());
            let batch: Batch<'_> = [&compiled].into_iter().collect();
            let executable = batch.build(&runtime, &settings()).unwrap();
            let job = Job {
                model: 0,
                samples: Samples::new(&compiled.inputs(), model.inputs(n)).unwrap(),
            };
            let outcome = executable.run(&[job], false).unwrap().remove(0).unwrap();
            assert!(outcome.outputs == model.outputs(n), "{name}");
            if let Runtime::Emulated(_) = runtime {
                let of = |function: &str| outcome.frames.iter().any(|f| f.function == function);
                assert!(
                    of("acme_conv2d_s8") && of("digits_int8_run_in"),
                    "{:?}",
                    outcome.frames
                );
            }
        }
    }

    #[test]
    fn an_error_of_the_function_ends_the_run() {
        if !suite::available("an_error_of_the_function_ends_the_run by LLVM", "host") {
            return;
        }
        let compiler = compiler_with(library(|text| {
            let wrong = "n = \"filter.dim(0)\", h = \"kernel.h\"";
            text.replace(wrong, "n = \"filter.dim(0) + 1\", h = \"kernel.h\"")
        }));
        let compiled = digits(&compiler, "host");
        let samples = Samples::new(&compiled.inputs(), models::own()[0].inputs(1)).unwrap();
        let batch: Batch<'_> = [&compiled].into_iter().collect();
        let executable = batch.build(&Runtime::Host, &settings()).unwrap();
        let outcome = executable.run(&[Job { model: 0, samples }], false).unwrap();
        assert!(
            matches!(outcome[0], Err(RunError::Status { status: -5, .. })),
            "{:?}",
            outcome[0]
        );
    }

    /// Without the table of its structs, the error says how to get on.
    #[test]
    fn structs_that_are_not_listed_are_refused() {
        let compiler = compiler_with(library(|text| {
            text.replace("type = \"struct acme_dims\"", "type = \"struct dims\"")
        }));
        let options = thumbwright::ObjectOptions::new(&[thumbwright::ObjectKind::Object]);
        let error = digits(&compiler, "cortex-m4")
            .objects(&options)
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("B001")
                && text.contains("`struct acme_dims`")
                && text.contains("[[struct]]"),
            "{text}"
        );
    }
}
