//! The plug-in in C of `examples/plugin-c`, built by its own Makefile and used by the command and by the library.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use thumbwright::Compiler;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The built example, and the folder that it is in.
static LIBRARY: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for file in ["double.c", "Makefile"] {
        let from = root().join("examples/plugin-c").join(file);
        std::fs::copy(from, folder.path().join(file)).unwrap();
    }
    let output = Command::new("make")
        .arg("-C")
        .arg(folder.path())
        .arg(format!("THUMBWRIGHT={}", root().display()))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let library = folder.path().join("libacme.so");
    (folder, library)
});

fn tools(test: &str) -> bool {
    prerequisites::programs(test, &["make", "cc"])
}

/// Standard output of the command with the plug-in, and standard error.
fn thumbwright(arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_thumbwright"))
        .arg("--load-plugin")
        .arg(&LIBRARY.1)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let errors = text(output.stderr);
    assert!(output.status.success(), "{errors}");
    (text(output.stdout), errors)
}

const DOUBLE: &str = r#"
"func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({
^bb0(%x: i32):
  %0 = "acme.double"(%x) : (i32) -> i32
  %1 = "arith.addi"(%0, %0) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  "func.return"(%1) : (i32) -> ()
}) : () -> ()
"#;

#[test]
fn the_command_lists_what_the_plugin_has() {
    if !tools("the_command_lists_what_the_plugin_has") {
        return;
    }
    for (list, has) in [
        ("--list-passes", "acme-lower-double (on any)"),
        ("--list-dialects", "acme.double (Interpret)"),
        ("--list-patterns", "acme.sum-is-double"),
    ] {
        let (text, _) = thumbwright(&["opt", list]);
        assert!(text.contains(has), "{list}: {text}");
    }
}

#[test]
fn the_command_runs_the_plugins_pass() {
    if !tools("the_command_runs_the_plugins_pass") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("double.mlir");
    std::fs::write(&file, DOUBLE).unwrap();
    let file = file.to_str().unwrap();
    let (text, errors) = thumbwright(&[
        "opt",
        file,
        "--pipeline",
        "func.func(acme-lower-double)",
        "--statistics",
        "--verify-each",
        "--validate-each",
    ]);
    assert!(text.contains("\"arith.shli\"(%arg0, %0)"), "{text}");
    assert!(!text.contains("acme."), "{text}");
    assert!(errors.contains("shifts"), "{errors}");
}

#[test]
fn a_network_compiles_with_the_plugin_loaded() {
    if !tools("a_network_compiles_with_the_plugin_loaded") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    thumbwright(&["compile", "--target", "cortex-m4", "-o", out]);
    assert!(folder.path().join("src").is_dir());
}

/// Patterns, verifier and interpretation, on several threads at once with one registry.
#[test]
fn compilers_on_several_threads_share_the_plugin() {
    if !tools("compilers_on_several_threads_share_the_plugin") {
        return;
    }
    let compiler = Compiler::builder()
        .unwrap()
        .plugin(&LIBRARY.1)
        .unwrap()
        .build();
    let one = || {
        let registry = compiler.registry();
        let dialects = registry.dialects();
        let mut m =
            ir::text::parse(DOUBLE, "d.mlir", dialects.clone(), &Default::default()).unwrap();
        assert!(ir::verify::verify(&m).is_ok());
        let f = m.lookup_symbol("f").unwrap();
        let mut fuel = ir::rewrite::Fuel::unlimited();
        let patterns = registry.patterns_without(&[]);
        let rewrites = ir::rewrite::apply_patterns(&mut m, f, &patterns, &mut fuel);
        assert_eq!(rewrites.applied.get("acme.sum-is-double"), Some(&1));
        // 4 · 5, by the plug-in's interpretation of both.
        let args = [ir::interfaces::Datum::Int(5)];
        let double = dialects.interpret("acme.double").unwrap();
        let mut value = args.to_vec();
        for op in m.walk(f, ir::WalkOrder::Pre) {
            if m.op_name(op) == "acme.double" {
                value = double.interpret(m.op(op), &value).unwrap().to_vec();
            }
        }
        assert_eq!(value, [ir::interfaces::Datum::Int(20)]);
        ir::text::print_module(&m)
    };
    let texts: Vec<String> = std::thread::scope(|s| {
        let many = || (0..50).map(|_| one()).next_back().unwrap();
        let threads: Vec<_> = (0..4).map(|_| s.spawn(many)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(texts.iter().all(|t| *t == texts[0]));
}

/// Random modules have the plug-in's op; it is verified and given types as the plug-in declared it.
#[test]
fn the_random_generator_draws_the_plugins_op() {
    if !tools("the_random_generator_draws_the_plugins_op") {
        return;
    }
    let builder = Compiler::builder().unwrap().plugin(&LIBRARY.1).unwrap();
    let compiler = builder.build();
    let options = testgen::modules::Options::default().favour("acme");
    let mut found = 0;
    for case in testgen::modules::cases(&options, 1, 20) {
        let m = case.build(compiler.registry().dialects());
        assert!(ir::verify::verify(&m).is_ok());
        let ops = m.walk(m.root(), ir::WalkOrder::Pre);
        found += ops
            .iter()
            .filter(|&&op| m.op_name(op) == "acme.double")
            .count();
    }
    assert!(found > 20, "{found}");
}

/// The examples' manifests take nothing from this workspace: in another repository each is one by itself.
#[test]
fn the_examples_stand_alone() {
    for example in ["plugin-static", "plugin-rust"] {
        let folder = tempfile::tempdir().unwrap();
        let from = root().join("examples").join(example);
        let manifest = std::fs::read_to_string(from.join("Cargo.toml")).unwrap();
        let crates = root().join("crates").canonicalize().unwrap();
        let manifest = manifest.replace("../../crates", crates.to_str().unwrap());
        let copy = folder.path().join("Cargo.toml");
        std::fs::write(&copy, manifest + "\n[workspace]\n").unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        std::fs::copy(from.join("src/lib.rs"), folder.path().join("src/lib.rs")).unwrap();
        let metadata = cargo_metadata::MetadataCommand::new()
            .manifest_path(copy)
            .no_deps()
            .other_options(["--offline".to_owned()])
            .exec()
            .unwrap();
        for dependency in &metadata.packages[0].dependencies {
            let manifest = dependency.path.as_ref().unwrap().join("Cargo.toml");
            let text = std::fs::read_to_string(manifest).unwrap();
            let named = text.contains(&format!("name = \"{}\"", dependency.name));
            assert!(named, "{example}: {}", dependency.name);
        }
    }
}
