//! Calls of external functions, against C that looks at every argument.
#![allow(clippy::unwrap_used, reason = "tests")]

mod acme_call;
mod harness;

use acme_call::{ARGUMENTS, PRINTED, network};
use harness::*;
use std::process::Command;

/// An argument of a call that is printed, not compiled.
const INPUT: &str = "{buffer = 0 : i64}";

#[test]
fn every_form_of_argument_reaches_the_function() {
    let files = emit(&network("acme_run", ARGUMENTS, "status"), "net");
    assert!(
        files
            .source
            .text
            .contains("#include \"net_data.h\"\n#include \"acme.h\"\n")
    );
    let link = "target_link_libraries(net PRIVATE acme)";
    assert!(files.cmake.text.contains(link), "{}", files.cmake.text);
    for compiler in ["cc", "clang-19"] {
        if !has(
            compiler,
            &format!("every_form_of_argument_reaches_the_function with {compiler}"),
        ) {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        write(&files, dir.path());
        acme_call::write(dir.path());
        let mut args = STRICT.to_vec();
        args.extend([
            "-Iinclude",
            "-I.",
            "src/net.c",
            "src/net_data.c",
            "acme.c",
            "main.c",
            "-o",
            "run",
        ]);
        compile(compiler, &args, dir.path());
        let out = Command::new(dir.path().join("run")).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        assert_eq!(text, PRINTED, "{}", files.source.text);
        assert!(out.status.success());
    }
}

#[test]
fn nothing_can_fail_where_nothing_returns_a_status() {
    let files = emit(&network("acme_run", ARGUMENTS, "void"), "net");
    assert!(
        files
            .source
            .text
            .contains("static NET_NOINLINE void call_acme(")
    );
    assert!(!files.header.text.contains("ERROR_KERNEL"));
    let files = emit(&network("acme_run", ARGUMENTS, "status"), "net");
    assert!(files.header.text.contains("#define NET_ERROR_KERNEL (-5)"));
}

#[test]
fn a_name_of_the_models_own_is_refused() {
    let m = network("net_run", INPUT, "void");
    let verified = ir::verify::verify(&m).unwrap();
    let options = codegen_c::Options {
        name: "net".to_owned(),
        ..codegen_c::Options::default()
    };
    let errors = codegen_c::emit(verified, &host(), &options).unwrap_err();
    assert_eq!(errors.iter().next().unwrap().code, "C009", "{errors}");
    // A kernel of the callee's name gives way.
    let files = emit(&network("call_acme", INPUT, "void"), "net");
    assert!(
        files.source.text.contains("void call_acme_2("),
        "{}",
        files.source.text
    );
}
