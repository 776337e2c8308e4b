//! Plug-ins and kernel libraries that are loaded into a session.

use crate::caller::*;
use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use thumbwright::{CompileOptions, Compiler, KernelLibrary};
use thumbwright_capi::*;

const BOARD: &CStr =
    c"name = \"my-board\"\nbase = \"mps2-an386\"\ndescription = \"mine\"\nsource = \"a guess\"\n";

/// A function that an operation of the plug-in in C is in.
const DOUBLE: &str = r#"
"func.func"() <{function_type = (i32) -> i32, sym_name = "twice", sym_visibility = "private"}> ({
^bb0(%x: i32):
  %0 = "acme.double"(%x) : (i32) -> i32
  "func.return"(%0) : (i32) -> ()
}) : () -> ()
"#;

/// A plug-in that registers a pass, and then one whose name is taken.
const HALF: &str = r#"
#include "thumbwright/plugin.h"
#include <string.h>
static const tw_host *host;
static tw_str str(const char *text) {
  tw_str s;
  s.data = text;
  s.len = strlen(text);
  return s;
}
static tw_status run(void *user, tw_context cx, tw_op op) {
  (void)user, (void)cx, (void)op;
  return TW_OK;
}
static tw_status add(tw_context cx, const char *name) {
  tw_pass_info pass;
  memset(&pass, 0, sizeof pass);
  pass.size = sizeof pass;
  pass.name = str(name);
  pass.anchor = str("any");
  pass.summary = str("Do nothing.");
  pass.run = run;
  return host->register_pass(cx, &pass);
}
static tw_status register_all(void *user, tw_context cx) {
  tw_status status = add(cx, "acme-first");
  (void)user;
  return status == TW_OK ? add(cx, "dce") : status;
}
const tw_plugin *tw_plugin_query(uint32_t max_version, const tw_host *the_host) {
  static tw_plugin plugin;
  (void)max_version;
  host = the_host;
  plugin.version = TW_ABI_VERSION;
  plugin.size = sizeof plugin;
  plugin.name = str("half");
  plugin.summary = str("Half a plug-in.");
  plugin.register_all = register_all;
  return &plugin;
}
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A shared library of a source in C.
fn shared(folder: &TempDir, source: &Path) -> PathBuf {
    let library = folder.path().join("libacme.so");
    let run = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .args(["-shared", "-fPIC", "-fvisibility=hidden", "-I"])
        .arg(root().join("crates/plugin/include"))
        .arg(source)
        .arg("-o")
        .arg(&library)
        .output()
        .expect("cc runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{errors}");
    library
}

/// The plug-in of `examples/plugin-c`.
fn example() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let library = shared(&folder, &root().join("examples/plugin-c/double.c"));
    (folder, library)
}

fn has_pass(session: &Owned) -> bool {
    let passes = session.passes();
    passes.iter().any(|p| p.0 == "acme-lower-double")
}

/// The digits as text, and beside them a function with an operation of the plug-in.
fn set_network(session: &Owned) {
    let network = ir::text::print_module(facade("cortex-m4").network());
    let (network, end) = network.rsplit_once("})").expect("a module ends so");
    let network = format!("{network}{DOUBLE}}}){end}");
    let status = session.model(c"digits_int8.mlir", network.as_bytes());
    assert_eq!(status, Status::Ok);
}

/// Lowers what the plug-in has, drops the function, and goes on as usual.
fn set_pipeline(session: &Owned) {
    let usual = session.shown_pipeline();
    let passes = usual.strip_prefix("builtin.module(");
    let passes = passes.expect("a pipeline is of a module");
    let own = format!("builtin.module(func.func(acme-lower-double),symbol-dce,{passes}");
    let own = CString::new(own).expect("a pipeline has no NUL");
    assert_eq!(session.pipeline(Some(&own)), Status::Ok);
}

/// The module's text after the plug-in's pass.
fn lowered(output: &Output) -> String {
    let files = output.files().into_iter().rev();
    let mut stages = files.filter(|f| f.0.ends_with("-acme-lower-double.mlir"));
    stages.next().expect("the pass ran").1
}

#[test]
fn a_plugins_pass_is_listed_and_runs() {
    if !prerequisites::programs("a_plugins_pass_is_listed_and_runs", &["cc"]) {
        return;
    }
    let session = Owned::ready();
    assert!(!has_pass(&session));
    assert_eq!(session.add_target(BOARD), Status::Ok);
    let (folder, plugin) = example();
    let status = session.load_plugin(&plugin);
    assert_eq!(status, Status::Ok, "{}", session.last_error());
    assert_eq!(session.last_error(), "");
    let summary = "Lower acme.double to shifts.".to_owned();
    let listed = ("acme-lower-double".to_owned(), summary);
    assert!(session.passes().contains(&listed));
    // What is added later does not need the file again.
    drop(folder);
    let other = CString::new(BOARD.to_str().unwrap().replace("my-board", "other-board"));
    assert_eq!(session.add_target(&other.unwrap()), Status::Ok);
    assert!(has_pass(&session));
    for target in ["my-board", "other-board", "cortex-m4"] {
        assert!(session.targets().contains(&target.to_owned()), "{target}");
    }

    set_network(&session);
    set_pipeline(&session);
    assert_eq!(session.set(c"keep-stages", Some(c"true")), Status::Ok);
    assert_eq!(session.set(c"target", Some(c"other-board")), Status::Ok);
    let output = session.compile();
    assert!(
        output
            .find(c"mlir/00-import.mlir")
            .1
            .contains("acme.double")
    );
    let after = lowered(&output);
    assert!(after.contains("arith.shli"), "{after}");
    assert!(!after.contains("acme.double"), "{after}");

    // What was compiled needs no session, and keeps what it needs of the plug-in.
    drop(session);
    let module = output.text(tw_compiled_module_text);
    assert!(module.contains("func.func"), "{module}");
    // Other sessions know nothing of it.
    let session = Owned::ready();
    assert!(!has_pass(&session));
    set_network(&session);
    assert_eq!(session.try_compile().0, Status::CompileFailed);
    assert!(session.last_error().contains("acme.double"));
}

#[test]
fn sessions_on_two_threads_load_one_plugin() {
    if !prerequisites::programs("sessions_on_two_threads_load_one_plugin", &["cc"]) {
        return;
    }
    let (_folder, plugin) = example();
    let texts: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            let session = Owned::ready();
            assert_eq!(session.load_plugin(&plugin), Status::Ok);
            set_network(&session);
            set_pipeline(&session);
            assert_eq!(session.set(c"keep-stages", Some(c"true")), Status::Ok);
            lowered(&session.compile())
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(texts[0].contains("arith.shli"), "{}", texts[0]);
    assert_eq!(texts[0], texts[1]);
}

/// That a load fails with one diagnostic, which says all of this, and changes nothing.
fn refused(
    session: &Owned,
    load: fn(&Owned, &Path) -> Status,
    path: &Path,
    code: &str,
    says: &[&str],
) {
    let before = (
        session.passes(),
        session.targets(),
        session.shown_pipeline(),
    );
    let mut heard = Heard::new();
    session.listen(&mut heard);
    assert_eq!(load(session, path), Status::LoadFailed, "{says:?}");
    let error = session.last_error();
    assert!(error.starts_with(&format!("error[{code}]: ")), "{error}");
    for part in says {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((heard[0].0, &*heard[0].1), (Severity::Error, code));
    assert!(error.contains(&heard[0].2), "{error}: {heard:?}");
    // SAFETY: a session; no callback, so that the pointer is not used.
    let status = unsafe { tw_session_on_diagnostic(session.0, None, std::ptr::null_mut()) };
    assert_eq!(status, Status::Ok);
    assert_eq!(
        (
            session.passes(),
            session.targets(),
            session.shown_pipeline()
        ),
        before
    );
}

#[test]
fn what_is_no_plugin_is_refused() {
    let session = Owned::ready();
    assert_eq!(session.add_target(BOARD), Status::Ok);
    let files = session.compile().files();
    let refused = |path: &Path, says: &[&str]| {
        refused(&session, Owned::load_plugin, path, "A002", says);
    };
    let missing = root().join("nowhere/libacme.so");
    refused(
        &missing,
        &["nowhere/libacme.so", "give the path of a shared library"],
    );
    refused(&root(), &["it is no file"]);
    let text = root().join("Cargo.toml");
    refused(&text, &["Cargo.toml", "it must be a shared library"]);
    if prerequisites::programs("what_is_no_plugin_is_refused", &["cc"]) {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source.c");
        std::fs::write(&source, "int nothing;\n").unwrap();
        let library = shared(&folder, &source);
        refused(&library, &["libacme.so", "exports no `tw_plugin_query`"]);
    }
    // The session is as good as before, its own target included.
    assert_eq!(session.compile().files(), files);
    assert!(session.targets().contains(&"my-board".to_owned()));
}

#[test]
fn a_plugin_whose_names_are_taken_is_refused_whole() {
    if !prerequisites::programs("a_plugin_whose_names_are_taken_is_refused_whole", &["cc"]) {
        return;
    }
    let (_folder, plugin) = example();
    let session = Owned::ready();
    assert_eq!(session.load_plugin(&plugin), Status::Ok);
    let twice = ["the plug-in `acme-c`", "`acme.double` is registered twice"];
    refused(&session, Owned::load_plugin, &plugin, "A002", &twice);

    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("half.c");
    std::fs::write(&source, HALF).unwrap();
    let half = shared(&folder, &source);
    let says = ["the plug-in `half`", "pass `dce` is registered twice"];
    refused(&session, Owned::load_plugin, &half, "A002", &says);
    assert!(session.passes().iter().all(|p| p.0 != "acme-first"));

    // The plug-in that is there still works.
    set_network(&session);
    set_pipeline(&session);
    session.compile();
}

#[test]
fn a_kernel_library_and_its_target() {
    let path = root().join("examples/acme-kernels/acme-kernels.toml");
    let session = Owned::ready();
    let plain = session.compile().files();
    assert_eq!(session.add_target(BOARD), Status::Ok);
    let status = session.load_library(&path);
    assert_eq!(status, Status::Ok, "{}", session.last_error());
    for target in ["my-board", "acme-board"] {
        assert!(session.targets().contains(&target.to_owned()), "{target}");
    }
    assert_eq!(session.set(c"target", Some(c"acme-board")), Status::Ok);
    let output = session.compile();
    let source = output.find(c"src/digits_int8.c").1;
    assert!(source.contains("#include \"acme_kernels.h\""), "{source}");
    assert!(source.contains("acme_conv2d_s8("), "{source}");

    let compiler = Compiler::builder().unwrap();
    let compiler = compiler.library(KernelLibrary::load(&path).unwrap());
    let options = CompileOptions::for_target("acme-board");
    let compiled = compiler.unwrap().build();
    let compiled = compiled.compile("digits_int8.tflite", DIGITS, &options);
    let files = output.files();
    for file in compiled.unwrap().c_files().unwrap() {
        assert!(files.contains(&(file.path, file.text)));
    }
    // Other sessions know nothing of it.
    assert_eq!(Owned::ready().compile().files(), plain);
}

/// A library whose table comes along is loaded by its name.
#[test]
fn cmsis_nn_by_name() {
    let session = Owned::ready();
    let plain = session.compile().files();
    let name = std::path::Path::new("cmsis-nn");
    assert_eq!(
        session.load_library(name),
        Status::Ok,
        "{}",
        session.last_error()
    );
    assert_eq!(session.set(c"target", Some(c"cortex-m4")), Status::Ok);
    assert_eq!(session.set(c"prefer", Some(c"cmsis-nn")), Status::Ok);
    let output = session.compile();
    let source = output.find(c"src/digits_int8.c").1;
    assert!(
        source.contains("#include \"arm_nnfunctions.h\""),
        "{source}"
    );
    assert!(source.contains("arm_convolve_wrapper_s8("), "{source}");
    // Without the option what is cheaper is taken.
    assert_eq!(session.set(c"prefer", None), Status::Ok);
    let source = session.compile().find(c"src/digits_int8.c").1;
    assert!(!source.contains("arm_convolve_wrapper_s8("), "{source}");
    assert_eq!(Owned::ready().compile().files(), plain);
}

#[test]
fn what_is_no_kernel_library_is_refused() {
    let session = Owned::ready();
    assert_eq!(session.add_target(BOARD), Status::Ok);
    let example = root().join("examples/acme-kernels/acme-kernels.toml");
    let missing = root().join("nowhere/acme.toml");
    let load = Owned::load_library;
    refused(
        &session,
        load,
        &missing,
        "A003",
        &["nowhere/acme.toml", "cannot be read"],
    );
    let binary = root().join("models/digits_int8.tflite");
    refused(
        &session,
        load,
        &binary,
        "A003",
        &["digits_int8.tflite", "cannot be read"],
    );

    // Everything that is wrong is told.
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.toml");
    std::fs::write(
        &wrong,
        "name = \"acme\"\ncolour = 1\nheader = \"/acme.h\"\n",
    )
    .unwrap();
    let mut heard = Heard::new();
    session.listen(&mut heard);
    assert_eq!(load(&session, &wrong), Status::LoadFailed);
    let places: Vec<(&str, bool)> = heard
        .iter()
        .map(|d| (&*d.1, d.3.contains("wrong.toml")))
        .collect();
    assert_eq!(places, [("A003", true); 3], "{heard:?}");
    for (line, says) in [
        (2, "colour: unknown key"),
        (3, "header: \"/acme.h\" cannot be"),
    ] {
        let told = |d: &(_, String, String, String, String, Vec<String>)| {
            let _: Severity = d.0;
            d.2 == says && d.3.ends_with(&format!("wrong.toml:{line}")) && !d.4.is_empty()
        };
        assert!(heard.iter().any(told), "{says}: {heard:?}");
        assert!(session.last_error().contains(says));
    }
    heard.clear();

    assert_eq!(
        load(&session, &example),
        Status::Ok,
        "{}",
        session.last_error()
    );
    assert_eq!(heard, []);
    let targets = session.targets();
    assert_eq!(load(&session, &example), Status::LoadFailed);
    let error = session.last_error();
    assert!(error.contains("\"acme-board\""), "{error}");
    assert!(
        heard.len() > 1 && heard.iter().all(|d| d.1 == "A003"),
        "{heard:?}"
    );
    assert_eq!(session.targets(), targets);
    session.compile();
}
