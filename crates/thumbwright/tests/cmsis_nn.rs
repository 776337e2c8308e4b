//! `--with cmsis-nn`: layers by CMSIS-NN's functions compute what the network does.
//!
//! The functions are a stand-in's, `tests/data/cmsis-nn`: its prototypes and types are the library's, its C is ours, and it refuses a call that
//! has less working memory than the library asks for. Expected values are those of TensorFlow Lite Micro, and of the interpreter.
#![allow(clippy::unwrap_used, reason = "tests")]

mod drawn;
mod models;
mod suite;

use emulate::{HostOptions, Sanitizers};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use thumbwright::runtime::{BuildSettings, RunError, Runtime, run};
use thumbwright::{CompileOptions, Compiled, Compiler, Io, KernelLibrary, PipelineOptions};

/// Every function of the table.
const FUNCTIONS: [&str; 9] = [
    "arm_avgpool_s8",
    "arm_convolve_wrapper_s8",
    "arm_depthwise_conv_wrapper_s8",
    "arm_elementwise_add_s8",
    "arm_elementwise_mul_s8",
    "arm_fully_connected_per_channel_s8",
    "arm_fully_connected_s8",
    "arm_max_pool_s8",
    "arm_softmax_s8",
];

/// Runtimes of every way that the library is built: portable C, the DSP extension, Helium; and the regions of the calls.
const RUNTIMES: [&str; 5] = [
    "interp-loops",
    "host",
    "cortex-m0",
    "cortex-m4",
    "cortex-m55",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/cmsis-nn")
}

/// CMSIS-NN without its C.
fn library() -> KernelLibrary {
    KernelLibrary::builtin("cmsis-nn").unwrap()
}

fn compiler() -> Compiler {
    let library = library().with_folder(&folder()).unwrap();
    let builder = Compiler::builder().unwrap().library(library);
    builder.unwrap_or_else(|e| panic!("{e}")).build()
}

/// The library wherever it applies.
fn preferred() -> PipelineOptions {
    PipelineOptions {
        prefer: vec!["cmsis-nn".to_owned()],
        ..PipelineOptions::default()
    }
}

fn compiled(compiler: &Compiler, case: &suite::Case, target: &str) -> Compiled {
    let options = CompileOptions {
        name: Some(case.name.clone()),
        tuning: preferred(),
        ..CompileOptions::for_target(target)
    };
    let network = case.network.clone();
    let compiled = compiler.compile_network(&case.name, network, &options, &mut ());
    compiled.unwrap_or_else(|e| panic!("{}: {e}", case.name))
}

/// The library's functions that a model's C calls.
fn called(compiled: &Compiled) -> BTreeSet<&'static str> {
    let source = compiled.c().unwrap().source.text;
    let calls = |f: &&&str| source.contains(&format!("{f}("));
    FUNCTIONS.iter().filter(calls).copied().collect()
}

/// Runs those of the cases that call the library, and says which functions they call.
fn check(
    runtime: &str,
    cases: Vec<suite::Case>,
    settings: &BuildSettings,
) -> BTreeSet<&'static str> {
    let compiler = compiler();
    let target = Runtime::parse(runtime, compiler.registry().targets())
        .unwrap()
        .target()
        .to_owned();
    let mut all = BTreeSet::new();
    let mut calling = Vec::new();
    for case in cases {
        let functions = called(&compiled(&compiler, &case, &target));
        if !functions.is_empty() {
            all.extend(functions);
            calling.push(case);
        }
    }
    let failures = suite::failures_of(&compiler, runtime, &calling, preferred(), settings);
    suite::assert_none(&failures, calling.len());
    all
}

/// The cases of `tests/data/conformance`, which a newer compiler's operators may be missing in.
fn conformance() -> Vec<suite::Case> {
    let compiler = Compiler::new().unwrap();
    drawn::cases("THUMBWRIGHT_CONFORMANCE", "conformance")
        .into_iter()
        .map(|c| suite::Case {
            network: compiler
                .import(&format!("{}.tflite", c.name), &c.model)
                .unwrap()
                .0,
            name: c.name,
            inputs: c.inputs,
            expected: c.outputs,
            tolerance: c.tolerance,
        })
        .collect()
}

fn every_function_is_called(called: &BTreeSet<&str>) {
    assert_eq!(called.iter().copied().collect::<Vec<_>>(), FUNCTIONS);
}

macro_rules! on_every_runtime {
    ($($test:ident $runtime:literal),* $(,)?) => {
        /// Single operators, against TensorFlow Lite Micro.
        mod conformance {
            $(#[test]
            fn $test() {
                if super::suite::available("conformance with cmsis-nn", $runtime) {
                    let settings = super::BuildSettings::default();
                    let called = super::check($runtime, super::conformance(), &settings);
                    super::every_function_is_called(&called);
                }
            })*
        }

        /// Whole networks, against their goldens.
        mod golden {
            $(#[test]
            fn $test() {
                super::golden($runtime);
            })*
        }

        #[test]
        fn every_way_to_build_it_is_tested() {
            assert_eq!([$($runtime),*], RUNTIMES);
        }
    };
}

on_every_runtime! {
    on_interp_loops "interp-loops",
    on_host "host",
    on_cortex_m0 "cortex-m0",
    on_cortex_m4 "cortex-m4",
    on_cortex_m55 "cortex-m55",
}

/// Samples of a network on an emulated core, whose kernels here are slow.
const SAMPLES_ON_CORES: usize = 2;

fn golden(runtime: &str) {
    const TEST: &str = "golden networks with cmsis-nn";
    if !suite::available(TEST, runtime) {
        return;
    }
    let compiler = Compiler::new().unwrap();
    let models = models::all(&format!("{TEST} on {runtime}"));
    let cases = models.iter().filter(|m| m.is_int8()).map(|model| {
        let samples = match runtime.starts_with("cortex") {
            true => SAMPLES_ON_CORES.min(model.golden.n_samples),
            false => model.golden.n_samples,
        };
        suite::Case {
            name: model.name.clone(),
            network: compiler.import(&model.file(), &model.bytes()).unwrap().0,
            inputs: model.inputs(samples),
            expected: model.outputs(samples),
            tolerance: 0.0,
        }
    });
    let called = check(runtime, cases.collect(), &BuildSettings::default());
    assert!(called.contains("arm_convolve_wrapper_s8"), "{called:?}");
}

/// Layers of drawn shapes, strides, pads, zero points and quantisation, against the interpreter.
#[test]
fn random_layers_compute_what_the_network_does() {
    let plain = Compiler::new().unwrap();
    let layers = testgen::nn::cases(11, 2000).into_iter().enumerate();
    let cases = || {
        layers.clone().map(|(i, c)| {
            let network = c.build(plain.registry().dialects());
            let inputs = c.inputs(0);
            let expected = thumbwright::runtime::interpret(&network, inputs.clone()).unwrap();
            suite::Case {
                name: format!("{}_{i}", c.name()),
                network,
                inputs,
                expected: expected.outputs,
                tolerance: 0.0,
            }
        })
    };
    let int8 = |c: &suite::Case| c.name.contains("_i8");
    let settings = BuildSettings {
        host: HostOptions {
            sanitizers: Sanitizers::AddressAndUndefined,
            ..HostOptions::default()
        },
        ..BuildSettings::default()
    };
    for runtime in ["interp-loops", "host"] {
        if suite::available("random layers with cmsis-nn", runtime) {
            let called = check(runtime, cases().filter(int8).collect(), &settings);
            every_function_is_called(&called);
        }
    }
}

fn digits(compiler: &Compiler, target: &str, tuning: PipelineOptions) -> Compiled {
    let model = &models::own()[0];
    let options = CompileOptions {
        tuning,
        ..CompileOptions::for_target(target)
    };
    let compiled = compiler.compile(&model.file(), &model.bytes(), &options);
    compiled.unwrap_or_else(|e| panic!("{e}"))
}

/// Of a core with Helium a fully connected layer is told its biases with the input's zero point in them, of others nothing.
#[test]
fn weight_sums_are_constants() {
    let compiler = compiler();
    for (target, told) in [("cortex-m4", false), ("cortex-m55", true)] {
        let compiled = digits(&compiler, target, preferred());
        let c = compiled.c().unwrap();
        assert!(
            c.source
                .text
                .contains("arm_fully_connected_per_channel_s8(")
        );
        assert_eq!(c.source.text.contains("folded_bias"), told, "{target}");
    }
}

/// Without a preference the cheaper one is taken, and a remark has the cycles of both.
#[test]
fn the_cheaper_one_is_taken_unless_it_is_preferred() {
    let compiler = compiler();
    let compiled = digits(&compiler, "cortex-m4", PipelineOptions::default());
    assert!(!called(&compiled).contains("arm_convolve_wrapper_s8"));
    let remarks = compiled.diagnostics().to_string();
    let want = "arm-convolve-wrapper-s8 does not lower `nn.conv_2d`: it costs ";
    assert!(remarks.contains(want), "{remarks}");
    let compiled = digits(&compiler, "cortex-m4", preferred());
    let functions = called(&compiled);
    for f in [
        "arm_convolve_wrapper_s8",
        "arm_fully_connected_per_channel_s8",
        "arm_max_pool_s8",
    ] {
        assert!(functions.contains(f), "{f}: {functions:?}");
    }
    let c = compiled.c_files().unwrap();
    let cmake = c.iter().find(|f| f.path == "CMakeLists.txt").unwrap();
    let link = "target_link_libraries(digits_int8 PRIVATE cmsis-nn)";
    assert!(cmake.text.contains(link), "{}", cmake.text);
}

/// With `ram` the arena is no larger than without the library.
#[test]
fn a_budget_goes_before_a_preference() {
    let arena = |compiler: &Compiler, prefer: &[&str]| {
        let tuning = PipelineOptions {
            prefer: prefer.iter().map(|&p| p.to_owned()).collect(),
            optimize_for: thumbwright::OptimizeFor::Ram,
            ..PipelineOptions::default()
        };
        digits(compiler, "cortex-m55", tuning).memory().arena_size
    };
    let plain = arena(&Compiler::new().unwrap(), &[]);
    assert!(arena(&compiler(), &["cmsis-nn"]) <= plain);
}

#[test]
fn a_library_that_is_not_there_cannot_be_preferred() {
    let model = &models::own()[0];
    for (compiler, prefer, help) in [
        (Compiler::new().unwrap(), "cmsis-nn", "add the library"),
        (compiler(), "cmsis-n", "did you mean `cmsis-nn`?"),
    ] {
        let options = CompileOptions {
            tuning: PipelineOptions {
                prefer: vec![prefer.to_owned()],
                ..PipelineOptions::default()
            },
            ..CompileOptions::for_target("cortex-m4")
        };
        let error = compiler.compile(&model.file(), &model.bytes(), &options);
        let error = error.unwrap_err().to_string();
        let want = format!("cannot prefer `{prefer}`: no such kernel library");
        assert!(error.contains("P001") && error.contains(&want), "{error}");
        assert!(error.contains(help), "{error}");
    }
}

/// Only the header's name is known without a folder: the C comes out, and cannot be built here.
#[test]
fn without_its_sources_a_program_is_not_built() {
    let builder = Compiler::builder().unwrap().library(library()).unwrap();
    let compiled = digits(&builder.build(), "host", preferred());
    let source = compiled.c().unwrap().source.text;
    assert!(source.contains("#include \"arm_nnfunctions.h\""));
    let inputs = models::own()[0].inputs(1);
    match run(&compiled, &Runtime::Host, inputs, false) {
        Err(e @ RunError::NoLibraryCode { .. }) => {
            assert!(!e.is_bug());
            assert!(e.to_string().contains("--with cmsis-nn=DIR"), "{e}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_without_c_is_refused() {
    for (folder, want) in [
        (folder().join("Include"), "there is no C file"),
        (folder().join("nowhere"), "nowhere: "),
    ] {
        let error = library().with_folder(&folder).unwrap_err().to_string();
        assert!(error.starts_with("cmsis-nn.toml: "), "{error}");
        assert!(error.contains(want), "{error}");
    }
}

/// A pad that is not passed on is noticed, so the comparisons can fail; and so is working memory that is too small.
#[test]
fn a_wrong_table_is_noticed() {
    if !suite::available("a_wrong_table_is_noticed", "host") {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../kernel-library/src/data/cmsis-nn.toml");
    let table = std::fs::read_to_string(path).unwrap();
    let model = &models::own()[0];
    let outcome = |from: &str, to: &str| {
        assert!(table.contains(from), "{from}");
        let table = table.replace(from, to);
        let library = KernelLibrary::from_text("cmsis-nn.toml", &table, Path::new("")).unwrap();
        let library = library.with_folder(&folder()).unwrap();
        let compiler = Compiler::builder().unwrap().library(library).unwrap();
        let compiled = digits(&compiler.build(), "host", preferred());
        run(&compiled, &Runtime::Host, model.inputs(4), false)
    };
    let pads = outcome("h = \"pad.top\"", "h = 0").unwrap();
    assert!(pads.outputs != model.outputs(4));
    let small = outcome("+ 3) / 4)))", "+ 3) / 4 - 1)))");
    assert!(
        matches!(small, Err(RunError::Status { status: -5, .. })),
        "{small:?}"
    );
}

/// Inputs and outputs in the caller's memory are passed on as they are.
#[test]
fn tensors_of_the_caller_are_passed_on() {
    if !suite::available("tensors_of_the_caller_are_passed_on", "host") {
        return;
    }
    let tuning = PipelineOptions {
        io: Io::Caller,
        ..preferred()
    };
    let compiled = digits(&compiler(), "host", tuning);
    let model = &models::own()[0];
    for runtime in [Runtime::InterpLoops, Runtime::Host] {
        let outcome = run(&compiled, &runtime, model.inputs(8), false).unwrap();
        assert!(outcome.outputs == model.outputs(8), "{}", runtime.name());
    }
}

/// The objects of LLVM, which knows the structs from the table alone, call the same functions.
#[cfg(feature = "llvm")]
#[test]
fn objects_by_llvm_call_the_same_functions() {
    let settings = BuildSettings {
        backend: thumbwright::Backend::Llvm,
        ..BuildSettings::default()
    };
    for runtime in ["host", "cortex-m4", "cortex-m55"] {
        if suite::available("objects_by_llvm_call_the_same_functions", runtime) {
            check(runtime, conformance(), &settings);
        }
    }
}
