//! The example in C, built and run as a user would: against the header and the static library, and against the shared one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use thumbwright::report::{IoTensor, Measurements, PageOptions, Report};
use thumbwright::{CompileOptions, Compiled, Compiler};

const EXAMPLE: &str = "examples/compile_model.c";
const TARGETS: [&str; 2] = ["cortex-m4", "cortex-m0"];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where cargo put the libraries: beside this test, as every library that a test depends on.
fn libraries() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let dir = test
        .parent()
        .expect("this test lies in a folder")
        .to_owned();
    let library = dir.join("libthumbwright_capi.a");
    assert!(
        library.exists(),
        "cargo did not build {}",
        library.display()
    );
    dir
}

fn static_library() -> String {
    let library = libraries().join("libthumbwright_capi.a");
    library.to_str().expect("its path is text").to_owned()
}

/// Builds the example, warnings being errors.
fn build(source: &Path, program: &Path, flags: &[&str], library: &[&str]) {
    let run = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g"])
        .args(flags)
        .arg("-I")
        .arg(here("include"))
        .arg(source)
        .arg("-o")
        .arg(program)
        .arg("-L")
        .arg(libraries())
        .args(library)
        // What the library's own standard library needs: `cargo rustc -- --print native-static-libs`.
        .args([
            "-lgcc_s",
            "-lutil",
            "-lrt",
            "-lpthread",
            "-lm",
            "-ldl",
            "-lc",
        ])
        .output()
        .expect("cc runs");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

/// Path and contents of every file below a folder.
fn tree(dir: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).expect("it lies below");
            let name = name.to_str().expect("its name is ours").to_owned();
            all.insert(name, std::fs::read_to_string(&path).expect("it is text"));
        }
    }
    all
}

fn compiled(target: &str, model: &[u8]) -> Compiled {
    let compiler = Compiler::new().expect("the built-in parts fit");
    let options = CompileOptions::for_target(target);
    compiler
        .compile("digits_int8.tflite", model, &options)
        .expect("the digits compile")
}

/// What the façade makes of the digits network.
fn expected(target: &str, model: &[u8]) -> BTreeMap<String, String> {
    let compiled = compiled(target, model);
    let report = Report::of(&compiled, &Measurements::default());
    let files = compiled.c_files().expect("they can be written in C");
    let mut all: BTreeMap<String, String> = files.into_iter().map(|f| (f.path, f.text)).collect();
    all.insert("report.json".to_owned(), report.json());
    all.insert(
        "report.html".to_owned(),
        report.html(&PageOptions::default()),
    );
    all
}

/// What the example says of inputs and outputs, up to the scale, which C prints in its own way.
fn tensor_lines(target: &str, model: &[u8]) -> Vec<String> {
    let report = Report::of(&compiled(target, model), &Measurements::default());
    let inputs = report.inputs.iter().map(|t| ("input", t));
    let outputs = report.outputs.iter().map(|t| ("output", t));
    let line = |(role, t): (&str, &IoTensor)| {
        let (tensor, offset) = (&t.tensor, t.offset.expect("it is in the arena"));
        let shape: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
        format!(
            "{target}: {role} {}: {}[{}], {} bytes at {offset}, real = ",
            tensor.name,
            tensor.dtype,
            shape.join("x"),
            tensor.bytes
        )
    };
    let lines: Vec<String> = inputs.chain(outputs).map(line).collect();
    assert_eq!(lines.len(), 2);
    lines
}

fn run(program: &Path, model: &Path, output: &Path, targets: &[&str]) -> Output {
    Command::new(program)
        .arg(model)
        .arg(output)
        .args(targets)
        .env("LD_LIBRARY_PATH", libraries())
        .output()
        .expect("the example runs")
}

/// Runs a good and two bad jobs.
fn check(program: &Path) {
    let dir = program.parent().expect("it lies in a folder");
    let model = here("../../models/digits_int8.tflite");
    let output = dir.join("good");
    let good = run(program, &model, &output, &TARGETS);
    let errors = String::from_utf8_lossy(&good.stderr);
    assert!(good.status.success(), "{errors}");
    let bytes = std::fs::read(&model).expect("the digits are there");
    let lines = String::from_utf8_lossy(&good.stdout).into_owned();
    for target in TARGETS {
        let expected = expected(target, &bytes);
        assert!(
            expected.contains_key("include/digits_int8.h"),
            "{:?}",
            expected.keys()
        );
        assert_eq!(tree(&output.join(target)), expected, "for {target}");
        let line = format!("{target}: {} files, arena of ", expected.len());
        assert!(lines.contains(&line), "{lines}");
        for line in tensor_lines(target, &bytes) {
            assert!(lines.contains(&line), "{line} in {lines}");
        }
    }

    let unknown = run(
        program,
        &model,
        &dir.join("unknown"),
        &["cortex-m4", "cortex-m44"],
    );
    assert_eq!(unknown.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&unknown.stderr);
    assert!(errors.contains("cortex-m44: error[D001]: "), "{errors}");
    assert!(errors.contains("did you mean \"cortex-m4\""), "{errors}");
    assert!(dir.join("unknown/cortex-m4/report.json").exists());
    assert!(!dir.join("unknown/cortex-m44").exists());

    let cut = dir.join("cut.tflite");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("a file can be written");
    let broken = run(program, &cut, &dir.join("cut"), &["cortex-m4"]);
    assert_eq!(broken.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&broken.stderr);
    assert!(errors.starts_with("cortex-m4: error[T"), "{errors}");
}

#[test]
fn the_example_with_the_static_library() {
    if !prerequisites::programs("the_example_with_the_static_library", &["cc"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder for the test");
    let program = dir.path().join("compile_model");
    build(&here(EXAMPLE), &program, &[], &[&static_library()]);
    check(&program);
}

#[test]
fn the_example_with_the_shared_library() {
    if !prerequisites::programs("the_example_with_the_shared_library", &["cc"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder for the test");
    let program = dir.path().join("compile_model");
    build(&here(EXAMPLE), &program, &[], &["-lthumbwright_capi"]);
    check(&program);
}

/// Accesses of the example's own and of intercepted functions, and whatever anybody leaks, ends the program with a failure.
#[test]
fn the_example_under_the_address_sanitizer() {
    if !prerequisites::programs("the_example_under_the_address_sanitizer", &["cc"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder for the test");
    let program = dir.path().join("compile_model");
    let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    build(&here(EXAMPLE), &program, &flags, &[&static_library()]);
    check(&program);
}

/// The lines that `docs/embedding-c.md` calls essential, with what they leave out around them.
#[test]
fn the_lines_of_the_page() {
    const MAIN: &str = r#"
#include <stdlib.h>

int main(int argc, char **argv) {
    static unsigned char model[1 << 20];
    FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
    size_t size = in == NULL ? 0 : fread(model, 1, sizeof model, in);
    return compile(model, size) ? EXIT_SUCCESS : EXIT_FAILURE;
}
"#;
    if !prerequisites::programs("the_lines_of_the_page", &["cc"]) {
        return;
    }
    let page = here("../../docs/embedding-c.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let (_, lines) = page.split_once("```c\n").expect("it has C");
    let (lines, _) = lines.split_once("```").expect("the C ends");
    let dir = tempfile::tempdir().expect("a folder for the test");
    let (source, program) = (dir.path().join("page.c"), dir.path().join("page"));
    std::fs::write(&source, format!("{lines}{MAIN}")).expect("the source can be written");
    build(&source, &program, &[], &[&static_library()]);
    let model = here("../../models/digits_int8.tflite");
    let good = Command::new(&program).arg(&model).output();
    let good = good.expect("the program runs");
    let out = String::from_utf8_lossy(&good.stdout);
    let model = std::fs::read(model).expect("the digits are there");
    for (path, text) in expected("cortex-m4", &model) {
        // The page calls its model otherwise, which shows in contents too.
        let path = path.replace("digits_int8", "kws");
        assert!(
            out.contains(&format!("{path}: ")),
            "{} bytes; {out}",
            text.len()
        );
    }
    assert!(good.status.success());
    let bad = Command::new(&program).output().expect("the program runs");
    let errors = String::from_utf8_lossy(&bad.stderr);
    assert_eq!(bad.status.code(), Some(1), "{errors}");
    assert!(errors.contains("the model was not compiled"), "{errors}");
    assert!(errors.contains("error[T"), "{errors}");
}

/// A plug-in in C in a program in C: what the program says of it, and of a file that is none.
#[test]
fn a_plugin_under_the_address_sanitizer() {
    const PROGRAM: &str = r#"
#include <stdio.h>
#include <string.h>
#include <thumbwright/thumbwright.h>

int main(int argc, char **argv) {
    tw_session *session;
    const tw_entry *passes;
    tw_string why;
    size_t count, i;
    if (argc != 3 || tw_session_create(TW_ABI_VERSION, &session) != TW_STATUS_OK)
        return 2;
    if (tw_session_load_plugin(session, argv[1]) != TW_STATUS_LOAD_FAILED)
        return 3;
    if (tw_session_last_error(session, &why) != TW_STATUS_OK)
        return 4;
    puts(why.data);
    if (tw_session_load_plugin(session, argv[2]) != TW_STATUS_OK)
        return 5;
    if (tw_session_passes(session, &passes, &count) != TW_STATUS_OK)
        return 6;
    for (i = 0; i < count; i++)
        if (strncmp(passes[i].name.data, "acme-", 5) == 0)
            printf("%s: %s\n", passes[i].name.data, passes[i].summary.data);
    return tw_session_destroy(session) == TW_STATUS_OK ? 0 : 7;
}
"#;
    if !prerequisites::programs("a_plugin_under_the_address_sanitizer", &["cc"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder for the test");
    let plugin = dir.path().join("libacme.so");
    let shared = ["-shared", "-fPIC", "-fvisibility=hidden", "-I"];
    let headers = here("../plugin/include");
    let headers = headers.to_str().expect("its path is text");
    let flags = [&shared[..], &[headers]].concat();
    build(
        &here("../../examples/plugin-c/double.c"),
        &plugin,
        &flags,
        &[],
    );
    let (source, program) = (dir.path().join("load.c"), dir.path().join("load"));
    std::fs::write(&source, PROGRAM).expect("the source can be written");
    let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    build(&source, &program, &flags, &[&static_library()]);
    let run = Command::new(&program).args([&source, &plugin]).output();
    let run = run.expect("the program runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(0), "{errors}");
    let out = String::from_utf8_lossy(&run.stdout);
    let start = format!(
        "error[A002]: cannot load the plug-in `{}`: ",
        source.display()
    );
    assert!(out.starts_with(&start), "{out}");
    let end = "\nacme-lower-double: Lower acme.double to shifts.\n";
    assert!(out.ends_with(end), "{out}");
}
