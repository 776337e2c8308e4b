//! `plugin.h` is what the Rust side says, and a C compiler puts everything where Rust does.

#![allow(clippy::unwrap_used, reason = "tests")]

use plugin::abi::header;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("include")
}

#[test]
fn the_header_is_up_to_date() {
    let path = include().join("thumbwright/plugin.h");
    let text = header::text();
    if std::env::var_os("BLESS").is_some_and(|v| v == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "{} is stale; BLESS=1 rewrites it",
        path.display()
    );
}

/// What both compilers say: each size, offset and constant, by name.
fn rust_side() -> String {
    let mut out = String::new();
    for s in header::structs() {
        writeln!(out, "sizeof({}) {}", s.name, s.size).unwrap();
        for f in s.fields {
            writeln!(out, "offsetof({}, {}) {}", s.name, f.name, f.offset).unwrap();
        }
    }
    for group in header::constants() {
        for (name, _, value) in group.values {
            writeln!(out, "{}{name} {value}", group.prefix).unwrap();
        }
    }
    out
}

fn c_program() -> String {
    let mut c =
        String::from("#include <stdio.h>\n#include \"thumbwright/plugin.h\"\nint main(void) {\n");
    for s in header::structs() {
        let name = s.name;
        writeln!(
            c,
            "  printf(\"sizeof({name}) %lu\\n\", (unsigned long)sizeof({name}));"
        )
        .unwrap();
        for f in s.fields {
            let f = f.name;
            writeln!(
                c,
                "  printf(\"offsetof({name}, {f}) %lu\\n\", (unsigned long)offsetof({name}, {f}));"
            )
            .unwrap();
        }
    }
    for group in header::constants() {
        for (name, _, _) in group.values {
            let name = format!("{}{name}", group.prefix);
            writeln!(c, "  printf(\"{name} %ld\\n\", (long){name});").unwrap();
        }
    }
    c + "  return 0;\n}\n"
}

#[test]
fn a_c_compiler_agrees_on_the_layout() {
    if !prerequisites::programs("a_c_compiler_agrees_on_the_layout", &["cc"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("layout.c"), folder.path().join("layout"));
    std::fs::write(&source, c_program()).unwrap();
    compile(&["-std=c99"], &source, &program);
    let output = Command::new(&program).output().unwrap();
    let c_side = String::from_utf8(output.stdout).unwrap();
    let rust_side = rust_side();
    assert!(rust_side.lines().count() > 250);
    for (c, rust) in c_side.lines().zip(rust_side.lines()) {
        assert_eq!(c, rust, "left: the C compiler, right: Rust");
    }
    assert_eq!(c_side, rust_side);
}

fn compile(options: &[&str], source: &Path, out: &Path) {
    let status = Command::new("cc")
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic"])
        .args(options)
        .arg("-I")
        .arg(include())
        .arg(source)
        .arg("-o")
        .arg(out)
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn the_header_is_cpp_too() {
    if !prerequisites::programs("the_header_is_cpp_too", &["cc", "c++"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("entry.cpp");
    let text = "#include \"thumbwright/plugin.h\"\n\
        const tw_plugin *tw_plugin_query(uint32_t, const tw_host *) { return NULL; }\n";
    std::fs::write(&source, text).unwrap();
    compile(
        &["-std=c++98", "-Wno-long-long", "-c"],
        &source,
        &folder.path().join("entry.o"),
    );
}
