//! Every code of a diagnostic has a file test that provokes it, or a reason why it has none and a test elsewhere.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::{Module, OpId};
use pass::{Failed, PassCx, PassInfo};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use thumbwright::optimize::OptimizeOptions;
use thumbwright::{CompileOptions, Compiler, codes, example};
use usmp::{Algorithm, Plan, Problem};

/// Code, why no file of the command can provoke it, and the test that does.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "V001",
        "the parser refuses what is not registered, S011",
        "crates/ir/tests/verifier.rs",
    ),
    (
        "V013",
        "the parser knows no value from outside, S014",
        "crates/ir/tests/verifier.rs",
    ),
    (
        "P002",
        "it takes a pass that is wrong",
        "crates/thumbwright/tests/codes.rs",
    ),
    (
        "P003",
        "it takes a pass that panics",
        "crates/thumbwright/tests/codes.rs",
    ),
    (
        "D004",
        "it takes a pass that is wrong",
        "crates/thumbwright/tests/codes.rs",
    ),
    (
        "D007",
        "a build with the LLVM back end never says it",
        "crates/thumbwright/tests/llvm.rs",
    ),
    (
        "L003",
        "it takes a schedule that does not keep what it says in `applies`",
        "",
    ),
    (
        "M005",
        "it takes a planning algorithm that is wrong, as a third party may register one",
        "crates/thumbwright/tests/codes.rs",
    ),
    (
        "remark.not-converged",
        "it takes patterns that undo each other, and ours do not",
        "crates/passes/tests/rewriting/options.rs",
    ),
    (
        "K001",
        "it takes a plug-in that fails",
        "crates/plugin/tests/wrong.rs",
    ),
    (
        "C001",
        "`compile` refuses the name first, D002",
        "crates/codegen-c/tests/diagnostics.rs",
    ),
    (
        "remark.not-claimed",
        "it takes an accelerator",
        "examples/acme-npu/tests/npu.rs",
    ),
    (
        "remark.schedule-not-taken",
        "it takes a kernel library that is slower than what is generated",
        "crates/thumbwright/tests/kernel_library.rs",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn listed() -> BTreeSet<&'static str> {
    codes::LISTS
        .iter()
        .flat_map(|l| l.codes)
        .map(|c| c.0)
        .collect()
}

/// The files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path),
        }
    }
    all
}

#[test]
fn every_code_has_its_file_test() {
    for code in listed() {
        let exception = EXCEPTIONS.iter().find(|e| e.0 == code);
        match (codes::example(code), exception) {
            (Some(_), Some(_)) => panic!("{code} has a file test and is an exception"),
            (None, None) => panic!("{code} has no file test in src/codes/examples.rs"),
            (None, Some((_, _, ""))) => {}
            (None, Some((_, _, test))) => {
                let text = fs::read_to_string(root().join(test)).unwrap();
                let forms = [format!("\"{code}\""), format!("[{code}]")];
                assert!(forms.iter().any(|f| text.contains(f)), "{code} in {test}");
            }
            (Some(example), None) => {
                let severity = match code.starts_with("remark.") {
                    true => "remark",
                    false => "error",
                };
                let wanted = format!("{severity}[{code}]: ");
                assert!(example.text.contains(&wanted), "{}", example.path);
            }
        }
    }
}

#[test]
fn every_file_and_exception_is_of_a_code() {
    let codes = listed();
    for (code, _, _) in EXCEPTIONS {
        assert!(codes.contains(code), "{code}");
    }
    for path in files(&root().join("tests/filetests")) {
        let directory = path.parent().unwrap().file_name().unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let is_code = stem.len() == 4 && stem[1..].bytes().all(|b| b.is_ascii_digit());
        if directory != "inputs" && (is_code || stem.starts_with("remark.")) {
            let example = codes::example(stem).map(|e| root().join(e.path));
            assert_eq!(example, Some(path), "src/codes/examples.rs lists all");
        }
    }
}

/// A remark's kind is in the list before anything reports it.
#[test]
fn every_kind_of_remark_is_listed() {
    let mut found = BTreeSet::new();
    for path in files(&root().join("crates")) {
        let source = path.components().any(|c| c.as_os_str() == "src");
        if !source || path.extension().is_none_or(|e| e != "rs") || path.ends_with("src/codes.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for part in code.split("\"remark.").skip(1) {
            let kind = part.split('"').next().unwrap_or_default();
            found.insert(format!("remark.{kind}"));
        }
    }
    let listed: BTreeSet<String> = codes::REMARKS.iter().map(|c| c.0.to_owned()).collect();
    assert_eq!(found, listed);
}

/// Takes an op's last operand away, which no verifier lets pass.
fn maim(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    for op in m.walk(op, ir::WalkOrder::Pre) {
        if m.op_name(op) == "arith.minsi" {
            let first = m.operand(op, 0);
            m.set_operands(op, &[first]);
        }
    }
    Ok(())
}

fn panic_on_purpose(_: &mut Module, _: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    panic!("on purpose");
}

#[test]
fn wrong_passes_are_caught() {
    let compiler = Compiler::builder()
        .unwrap()
        .register(|r| {
            r.pass(PassInfo::new("maim", pass::ANY, "Maim.", maim))?;
            r.pass(PassInfo::new(
                "panic",
                pass::ANY,
                "Panic.",
                panic_on_purpose,
            ))?;
            Ok(())
        })
        .unwrap()
        .build();
    let source = "\"func.func\"() <{function_type = (i32) -> (), sym_name = \"f\"}> ({\n^bb0(%a: i32):\n\
                  %0 = \"arith.minsi\"(%a, %a) : (i32, i32) -> i32\n\"func.return\"() : () -> ()\n}) : () -> ()\n";
    for (pipeline, verify_each, code) in [
        ("maim", true, "P002"),
        ("maim", false, "D004"),
        ("panic", false, "P003"),
    ] {
        let options = OptimizeOptions {
            pipeline: Some(pipeline.to_owned()),
            verify_each,
            ..OptimizeOptions::for_target("cortex-m4")
        };
        let optimized = compiler.optimize("a.mlir", source, &options, &mut ());
        assert!(optimized.module.is_none());
        let codes: Vec<_> = optimized
            .diagnostics
            .iter()
            .map(|d| d.code.to_string())
            .collect();
        assert_eq!(
            codes.first().map(String::as_str),
            Some(code),
            "{}",
            optimized.diagnostics
        );
    }
}

/// Puts every buffer at the ground.
struct AllAtZero;

impl Algorithm for AllAtZero {
    fn name(&self) -> &str {
        "all-at-zero"
    }

    fn plan(&self, problem: &Problem) -> Plan {
        Plan::new(problem, vec![0; problem.buffers().len()])
    }
}

#[test]
fn wrong_plans_are_caught() {
    let builder = Compiler::builder().unwrap();
    let taken = builder.clone().algorithm(usmp::Exact::default());
    let message = taken.err().unwrap().to_string();
    assert_eq!(
        message,
        "a planning algorithm `exact` is already registered"
    );

    let compiler = builder.algorithm(AllAtZero).unwrap().build();
    let compile = |algorithm: &str| {
        let mut options = CompileOptions::for_target("cortex-m4");
        options.tuning.algorithm = Some(algorithm.to_owned());
        let error = compiler.compile(example::FILE, example::MODEL, &options);
        error.err().unwrap()
    };
    let wrong = compile("all-at-zero");
    let text = wrong.to_string();
    assert!(text.contains("error[M005]"), "{text}");
    assert!(
        text.contains("algorithm `all-at-zero` made a wrong plan: buffers `"),
        "{text}"
    );
    assert!(wrong.is_bug());
    let unknown = compile("all-at-one");
    assert!(
        unknown
            .to_string()
            .contains("hill-climb, exact, all-at-zero"),
        "{unknown}"
    );
    assert!(!unknown.is_bug());
}
