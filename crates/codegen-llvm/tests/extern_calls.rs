//! Calls of external functions: C that looks at every argument, linked with what LLVM built.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../codegen-c/tests/acme_call/mod.rs"]
mod acme_call;

use acme_call::{ARGUMENTS, PRINTED, network};
use codegen_llvm::{Kind, Options, emit};
use ir::Module;
use std::path::Path;
use std::process::Command;
use target::Targets;

fn built(m: &Module, target: &str, kind: Kind, dir: &Path) -> Result<String, String> {
    let targets = Targets::builtin();
    let target = targets.get(target).unwrap();
    let verified = ir::verify::verify(m).unwrap_or_else(|d| panic!("{d}"));
    let options = Options {
        kinds: vec![kind],
        ..Options::new("net")
    };
    let emitted = emit(verified, target, &options).map_err(|e| e.to_string())?;
    std::fs::create_dir_all(dir.join("include")).unwrap();
    std::fs::write(dir.join(&emitted.header.path), &emitted.header.text).unwrap();
    let artifact = &emitted.artifacts[0];
    std::fs::write(dir.join(&artifact.path), &artifact.bytes).unwrap();
    Ok(String::from_utf8_lossy(&artifact.bytes).into_owned())
}

fn command(program: &str, arguments: &[&str], dir: &Path) -> String {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(dir).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {text}{errors}");
    text
}

#[test]
fn every_form_of_argument_reaches_the_function() {
    if !prerequisites::programs("every_form_of_argument_reaches_the_function", &["cc"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let m = network("acme_run", ARGUMENTS, "status");
    built(&m, "host", Kind::Object, dir.path()).unwrap();
    acme_call::write(dir.path());
    for optimization in ["-O0", "-O2"] {
        let arguments = [
            optimization,
            "-Iinclude",
            "acme.c",
            "main.c",
            "net.o",
            "-o",
            "run",
        ];
        command("cc", &arguments, dir.path());
        let run = dir.path().join("run");
        assert_eq!(command(run.to_str().unwrap(), &[], dir.path()), PRINTED);
    }
}

/// The same on cores, with both ways to pass floats.
#[test]
fn every_form_of_argument_reaches_the_function_on_cores() {
    const TEST: &str = "every_form_of_argument_reaches_the_function_on_cores";
    if !prerequisites::programs(TEST, &["arm-none-eabi-gcc", "qemu-system-arm"]) {
        return;
    }
    let m = network("acme_run", ARGUMENTS, "status");
    for core in ["cortex-m0", "cortex-m4", "cortex-m55"] {
        let dir = tempfile::tempdir().unwrap();
        built(&m, core, Kind::Object, dir.path()).unwrap();
        acme_call::write(dir.path());
        let case = emulate::Case {
            objects: vec![(
                "net.o".to_owned(),
                std::fs::read(dir.path().join("net.o")).unwrap(),
            )],
            inputs: vec![4],
            outputs: vec![4],
            arenas: vec![emulate::Arena::new(48)],
            foreign: emulate::ForeignCode {
                sources: vec![dir.path().join("acme.c")],
                include: vec![dir.path().to_owned()],
            },
            ..emulate::Case::new("net")
        };
        let targets = Targets::builtin();
        let target = targets.get(core).unwrap();
        let firmware =
            emulate::Firmware::build(target, &[case], &emulate::BuildOptions::default()).unwrap();
        let mut run = emulate::RunOptions::default();
        run.add(0, vec![vec![1, 0xfe, 3, 4]]);
        run.add(0, vec![vec![1, 99, 3, 4]]);
        let runs = firmware.run(&run).unwrap().runs;
        assert_eq!(runs[0].status, 0, "{core}");
        assert_eq!(runs[0].outputs, [[111, 29, 43, 115]], "{core}");
        assert_eq!(runs[1].status, -5, "{core}");
    }
}

#[test]
fn nothing_can_fail_where_nothing_returns_a_status() {
    let dir = tempfile::tempdir().unwrap();
    let ir = built(
        &network("acme_run", "{buffer = 0 : i64}, {buffer = 2 : i64}", "void"),
        "cortex-m4",
        Kind::LlvmIr,
        dir.path(),
    )
    .unwrap();
    assert!(ir.contains("declare void @acme_run(ptr, ptr)"), "{ir}");
    assert!(ir.contains("void @call_acme("), "{ir}");
    let header = std::fs::read_to_string(dir.path().join("include/net.h")).unwrap();
    assert!(!header.contains("ERROR_KERNEL"));
}

#[test]
fn types_that_only_a_header_knows_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (argument, words) in [
        (
            "{type = \"enum acme_mode\", value = 1 : i64}",
            "type `enum acme_mode`, which only its header knows",
        ),
        (
            "{type = \"struct acme_dims\", fields = [{name = \"n\", type = \"int32_t\", value = 1 : i64}]}",
            "`struct acme_dims`, whose members only its header lists",
        ),
    ] {
        let m = network(
            "acme_run",
            &format!("{argument}, {{buffer = 2 : i64}}"),
            "void",
        );
        let error = built(&m, "cortex-m4", Kind::Object, dir.path()).unwrap_err();
        assert!(error.contains("B001") && error.contains(words), "{error}");
        assert!(error.contains("@call_acme"), "{error}");
    }
}
