//! The checked-in header is what the source says, and C and C++ compilers take it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The header as the source has it now. Its parts are in the order of the modules in `lib.rs`.
fn generated() -> String {
    let config = cbindgen::Config::from_file(here("cbindgen.toml")).expect("cbindgen.toml is one");
    let root = std::fs::read_to_string(here("src/lib.rs")).expect("the crate has a root");
    let modules = root
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for module in modules {
        builder = builder.with_src(here(&format!("src/{module}.rs")));
    }
    let mut text = Vec::new();
    builder
        .generate()
        .expect("the source has a C interface")
        .write(&mut text);
    String::from_utf8(text).expect("the source is UTF-8")
}

#[test]
fn the_header_is_fresh() {
    let place = here("include/thumbwright/thumbwright.h");
    let generated = generated();
    if std::env::var_os("BLESS").is_some_and(|v| v == "1") {
        std::fs::write(&place, &generated).expect("the header can be written");
    }
    let checked_in = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(
        checked_in == generated,
        "include/thumbwright/thumbwright.h is not what cbindgen makes of the source; BLESS=1 rewrites it:\n{generated}"
    );
}

/// Every function of the library is in the header, and the header promises no other.
#[test]
fn header_and_library_have_the_same_functions() {
    let header = std::fs::read_to_string(here("include/thumbwright/thumbwright.h"))
        .expect("the header is checked in");
    let mut exported = BTreeSet::new();
    for entry in std::fs::read_dir(here("src")).expect("the crate has a source") {
        let path = entry.expect("an entry can be read").path();
        let source = std::fs::read_to_string(&path).expect("a source file is text");
        for after in source.split("#[unsafe(no_mangle)]").skip(1) {
            let (signature, _) = after.split_once('{').expect("a function has a body");
            exported.extend(functions(signature));
        }
    }
    assert!(exported.contains("tw_session_create"), "{exported:?}");
    assert_eq!(functions(&header), exported);
}

/// What is called `tw_` and has a parenthesis after it.
fn functions(text: &str) -> BTreeSet<String> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c: char| !part_of_name(c) && c != '(')
        .filter_map(|word| word.split_once('('))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.starts_with("tw_"))
        .collect()
}

#[test]
fn c_and_cpp_compilers_take_the_header() {
    const TEST: &str = "c_and_cpp_compilers_take_the_header";
    let header = here("include/thumbwright/thumbwright.h");
    for (program, flags) in [
        ("cc", ["-xc", "-std=c99"]),
        ("cc", ["-xc", "-std=c11"]),
        ("g++", ["-xc++", "-std=c++11"]),
        ("g++", ["-xc++", "-std=c++17"]),
    ] {
        if !prerequisites::programs(TEST, &[program]) {
            continue;
        }
        // Twice, for the include guard; C++ must find the C name of a function.
        let source = format!(
            "#include {header:?}\n#include {header:?}\nextern uint32_t (*version)(void);\nuint32_t (*version)(void) = tw_abi_version;\n"
        );
        let dir = tempfile::tempdir().expect("a folder for the test");
        let (file, object) = (dir.path().join("include"), dir.path().join("include.o"));
        std::fs::write(&file, source).expect("the source can be written");
        let run = Command::new(program)
            .args(flags)
            .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-c", "-o"])
            .args([&object, &file])
            .output()
            .expect("the compiler runs");
        assert!(
            run.status.success(),
            "{program} {flags:?}: {}",
            String::from_utf8_lossy(&run.stderr)
        );
        let bytes = std::fs::read(&object).expect("the object was written");
        let name = b"\0tw_abi_version\0";
        assert!(
            bytes.windows(name.len()).any(|w| w == name),
            "{program} mangles the name"
        );
    }
}
