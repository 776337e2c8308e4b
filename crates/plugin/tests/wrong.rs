//! Wrong plug-ins, compiled by a C compiler: each gets a clear error, and none breaks the host.

#![allow(clippy::unwrap_used, reason = "tests")]

use ir::{Module, OpId};
use pass::{ManagerOptions, PassCx, Pipeline, Registry, RegistryBuilder, run_pipeline};
use plugin::{PluginError, PluginInfo, load};
use std::path::{Path, PathBuf};
use std::process::Command;
use target::Targets;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles `wrong.c` with a definition; the library, and the folder that it is in.
fn compile(definition: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("libwrong.so");
    let output = Command::new("cc")
        .args([
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-unused",
            "-shared",
            "-fPIC",
        ])
        .arg(format!("-D{definition}"))
        .arg("-I")
        .arg(here().join("include"))
        .arg(here().join("tests/wrong.c"))
        .arg("-o")
        .arg(&library)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (folder, library)
}

fn builder() -> RegistryBuilder {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    r
}

fn loaded(definition: &str) -> (Result<PluginInfo, PluginError>, Registry) {
    let (folder, library) = compile(definition);
    let mut r = builder();
    let result = load(&library, &mut r);
    // An open library needs no file.
    drop(folder);
    (result, r.freeze())
}

fn error(definition: &str) -> String {
    let (result, _) = loaded(definition);
    result.unwrap_err().to_string()
}

fn cc(test: &str) -> bool {
    prerequisites::programs(test, &["cc"])
}

#[test]
fn what_is_no_plugin_is_refused() {
    if !cc("what_is_no_plugin_is_refused") {
        return;
    }
    for (definition, says) in [
        (
            "NO_ENTRY",
            "is no Thumbwright plug-in: it exports no `tw_plugin_query`",
        ),
        (
            "REFUSES",
            "cannot serve version 2 of the interface, the latest of this Thumbwright: use a newer",
        ),
        (
            "NEWER",
            "serves version 3 of the interface, and was asked for at most 2",
        ),
        ("SMALL_HEAD", "its `size` is 8, wants at least"),
        ("NAMELESS", "it has no name"),
        ("NULL_NAME", "its `name` is a null pointer with a length"),
        ("NO_REGISTER", "`register_all` is null"),
    ] {
        let e = error(definition);
        assert!(e.contains(says), "{definition}: {e}");
        assert!(e.contains("libwrong.so"), "{definition}: {e}");
    }
}

#[test]
fn what_is_no_library_is_refused() {
    let file = here().join("Cargo.toml");
    let e = load(&file, &mut builder()).unwrap_err().to_string();
    assert!(
        e.contains("Cargo.toml") && e.contains("shared library"),
        "{e}"
    );
    let e = load(Path::new("nowhere.so"), &mut builder()).unwrap_err();
    assert!(matches!(&e, PluginError::Open { .. }));
    assert!(e.to_string().contains("`nowhere.so`"), "{e}");
    let e = load(here(), &mut builder()).unwrap_err().to_string();
    assert!(e.contains("it is no file"), "{e}");
}

#[test]
fn what_cannot_be_registered_is_refused() {
    if !cc("what_cannot_be_registered_is_refused") {
        return;
    }
    for (definition, says) in [
        ("REGISTER_FAILS", "no licence"),
        ("REGISTERS_TWICE", "op `arith.addi` is registered twice"),
        ("SMALL_STRUCT", "a struct of 0 bytes, wants"),
        (
            "NO_EXTENSION_POINT",
            "no extension point `before-lunch`; there are after-import",
        ),
        ("NOT_UTF8", "text that is not UTF-8"),
    ] {
        let e = error(definition);
        assert!(e.contains(says), "{definition}: {e}");
        assert!(e.contains("the plug-in `wrong`"), "{definition}: {e}");
    }
    // The same library twice: what it has is there already.
    let (_folder, library) = compile("NOTHING");
    let mut r = builder();
    load(&library, &mut r).unwrap();
    let e = load(&library, &mut r).unwrap_err().to_string();
    assert!(e.contains("pass `acme-pass` is registered twice"), "{e}");
}

/// A function that adds a number to itself, with a constant behind.
const MODULE: &str = r#"
"func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({
^bb0(%x: i32):
  %0 = "arith.addi"(%x, %x) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  "func.return"(%0) : (i32) -> ()
}) : () -> ()"#;

fn module(registry: &Registry) -> Module {
    ir::text::parse(
        MODULE,
        "t.mlir",
        registry.dialects().clone(),
        &Default::default(),
    )
    .unwrap()
}

/// Runs the plug-in's pass on the function; its diagnostics, and whether the module verifies all the same.
fn run(registry: &Registry) -> (String, bool) {
    run_as(registry, "builtin.module(func.func(acme-pass))")
}

fn run_as(registry: &Registry, pipeline: &str) -> (String, bool) {
    let mut m = module(registry);
    let target = registry.targets().get("cortex-m4").unwrap();
    let mut cx = PassCx::new(registry, target);
    let pipeline = Pipeline::parse(pipeline).unwrap();
    let result = run_pipeline(
        &pipeline,
        &mut m,
        &mut cx,
        ManagerOptions::default(),
        &mut (),
    );
    assert_eq!(result.is_err(), cx.diagnostics.has_errors());
    (cx.diagnostics.to_string(), ir::verify::verify(&m).is_ok())
}

#[test]
fn a_failing_pass_says_why() {
    if !cc("a_failing_pass_says_why") {
        return;
    }
    for (definition, says, verifies) in [
        ("NOTHING", "", true),
        (
            "FAILS",
            "error[K001]: pass `acme-pass` of plug-in `wrong`: the moon is wrong",
            true,
        ),
        ("FAILS_SILENTLY", "it returned -77 and no message", true),
        ("EMITS", "error[acme.moon]: the moon is wrong", true),
        (
            "ERASED_HANDLE",
            "op_name: the op is gone: it was erased or replaced",
            false,
        ),
        (
            "WRONG_KIND",
            "op_name: the handle should be that of an op, is that of a type",
            true,
        ),
        (
            "USED_OP",
            "op_erase: a value of `arith.addi` is still used by `func.return`",
            true,
        ),
        (
            "INTO_ITSELF",
            "op_move: this callback was called for the op, which stays",
            true,
        ),
        (
            "NULL_ANSWER",
            "op_name: a null pointer for the answer",
            true,
        ),
        (
            "NO_SUCH_OPTION",
            "option: the pass declares no option `speed`",
            true,
        ),
    ] {
        let (result, registry) = loaded(definition);
        result.unwrap();
        let (found, ok) = run(&registry);
        assert!(found.contains(says), "{definition}: {found}");
        assert_eq!(found.is_empty(), says.is_empty(), "{definition}: {found}");
        assert_eq!(ok, verifies, "{definition}");
    }
}

#[test]
fn what_outlives_its_callback_is_refused() {
    if !cc("what_outlives_its_callback_is_refused") {
        return;
    }
    for (definition, says) in [
        (
            "STALE_HANDLE",
            "op_name: the op is of another callback; handles do not outlive theirs",
        ),
        ("STALE_CONTEXT", "it returned -4 and no message"),
    ] {
        let (result, registry) = loaded(definition);
        result.unwrap();
        assert_eq!(
            run(&registry).0,
            "",
            "{definition}: the first run only keeps it"
        );
        let (found, _) = run(&registry);
        assert!(found.contains(says), "{definition}: {found}");
    }
}

#[test]
fn a_registry_keeps_its_library() {
    if !cc("a_registry_keeps_its_library") {
        return;
    }
    let (result, registry) = loaded("EMITS");
    result.unwrap();
    // A pass that was made outlives the registry that made it.
    let pass = registry.pass("acme-pass").unwrap().clone();
    drop(registry);
    let registry = builder().freeze();
    let mut m = module(&registry);
    let f: OpId = m.lookup_symbol("f").unwrap();
    let mut cx = PassCx::new(&registry, registry.targets().get("host").unwrap());
    let made = pass.instantiate(&pass::PassOptions::none()).unwrap();
    drop(pass);
    assert!(made.run(&mut m, f, &mut cx).is_err());
    assert!(cx.diagnostics.to_string().contains("acme.moon"));
}

#[test]
fn a_replaced_module_makes_handles_stale() {
    if !cc("a_replaced_module_makes_handles_stale") {
        return;
    }
    for (definition, pipeline, says) in [
        (
            "REPLACED_MODULE",
            "builtin.module(acme-pass)",
            "op_name: the op is of another callback",
        ),
        (
            "REPLACED_BY_NONSENSE",
            "builtin.module(acme-pass)",
            "module_replace: error[S0",
        ),
        (
            "REPLACED_BY_NONSENSE",
            "builtin.module(func.func(acme-pass))",
            "module_replace: only a pass on `builtin.module` replaces the module",
        ),
    ] {
        let (result, registry) = loaded(definition);
        result.unwrap();
        let (found, verifies) = run_as(&registry, pipeline);
        assert!(found.contains(says), "{definition}: {found}");
        assert!(verifies, "{definition}");
    }
}
