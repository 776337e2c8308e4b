//! `compile`: which files appear, with which contents, and when none do.

use std::fs;
use std::path::Path;

use crate::command::{digits, names, text, thumbwright, tree};

fn compile(dir: &Path, more: &[&str]) -> crate::command::Ended {
    let (model, dir) = (digits(), text(dir));
    let mut arguments = vec!["compile", &model, "--target", "cortex-m4", "-o", &dir];
    arguments.extend(more);
    thumbwright(arguments)
}

const C_FILES: [&str; 8] = [
    "CMakeLists.txt",
    "examples/main.c",
    "include/digits_int8.h",
    "report.html",
    "report.json",
    "src/digits_int8.c",
    "src/digits_int8_data.c",
    "src/digits_int8_data.h",
];

/// The text of the pipeline that runs if none is given.
fn default_pipeline() -> String {
    let compiler = thumbwright::Compiler::new().unwrap();
    compiler
        .default_pipeline(&thumbwright::PipelineOptions::default())
        .to_string()
}

#[test]
fn c_and_a_report_by_default() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("deep/out");
    let ended = compile(&dir, &[]).ok();
    assert_eq!(names(&dir), C_FILES);
    assert_eq!(
        names(root.path()).len(),
        C_FILES.len(),
        "nothing is left beside"
    );
    assert!(
        ended
            .out
            .contains("digits_int8 for cortex-m4: 9 layers, 6,792 bytes of weights"),
        "{}",
        ended.out
    );
    let header = fs::read_to_string(dir.join("include/digits_int8.h")).unwrap();
    for part in [
        "digits_int8_run(",
        "digits_int8_run_in(",
        "struct digits_int8_inputs",
        "DIGITS_INT8_ARENA_SIZE",
    ] {
        assert!(header.contains(part), "{part}");
    }
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "thumbwright.report");
}

#[test]
fn the_built_in_model_is_the_digits_model() {
    let root = tempfile::tempdir().unwrap();
    let (given, built_in) = (root.path().join("a"), root.path().join("b"));
    compile(&given, &["-q"]).ok();
    let dir = text(&built_in);
    let ended = thumbwright(["compile", "--target", "cortex-m4", "-o", &dir, "--quiet"]).ok();
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("", ""));
    assert!(tree(&given) == tree(&built_in));
}

#[test]
fn names_derive_from_the_file_or_the_option() {
    let root = tempfile::tempdir().unwrap();
    let model = root.path().join("my model-2.tflite");
    fs::copy(digits(), &model).unwrap();
    let (model, dir) = (text(&model), root.path().join("o"));
    thumbwright(["compile", &model, "--target", "host", "-o", &text(&dir)]).ok();
    assert!(dir.join("include/my_model_2.h").is_file());
    let dir = root.path().join("named");
    compile(&dir, &["--name", "kws"]).ok();
    assert!(
        fs::read_to_string(dir.join("src/kws.c"))
            .unwrap()
            .contains("kws_run(")
    );
    let bad = root.path().join("bad");
    compile(&bad, &["--name", "9 lives"]).fails(1, &["error[D002]", "9 lives", "--name"]);
    assert!(!bad.exists());
}

#[test]
fn mlir_shows_every_stage() {
    let root = tempfile::tempdir().unwrap();
    compile(root.path(), &["--emit", "mlir"]).ok();
    let all = tree(root.path());
    let stages: Vec<&String> = all.keys().filter(|n| n.starts_with("mlir/")).collect();
    assert_eq!(stages[0], "mlir/00-import.mlir");
    assert_eq!(stages.len() + 2, all.len(), "no C, but the reports");
    // One file a pass, in the order of the pipeline's text.
    let pipeline = default_pipeline();
    let passes: Vec<&str> = pipeline
        .split(['(', ')', ','])
        .filter(|s| !s.is_empty() && !s.contains('.'))
        .collect();
    let expected: Vec<String> = std::iter::once("import")
        .chain(passes)
        .enumerate()
        .map(|(i, name)| format!("mlir/{i:02}-{name}.mlir"))
        .collect();
    assert_eq!(stages, expected.iter().collect::<Vec<_>>());
    let first = String::from_utf8(all["mlir/00-import.mlir"].clone()).unwrap();
    assert!(first.contains("\"nn.conv_2d\""));
    let last = String::from_utf8(all[stages[stages.len() - 1]].clone()).unwrap();
    assert!(last.contains("\"memref.view\"") && !last.contains("\"nn.conv_2d\"("));
}

#[test]
fn two_processes_write_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let (a, b) = (root.path().join("a"), root.path().join("b"));
    for dir in [&a, &b] {
        compile(dir, &["--emit", "c,mlir"]).ok();
    }
    let (a, b) = (tree(&a), tree(&b));
    assert!(a.len() > C_FILES.len());
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(*bytes == b[name], "{name} differs");
    }
}

#[test]
fn inputs_and_outputs_may_be_the_callers() {
    let root = tempfile::tempdir().unwrap();
    let arena = |dir: &str, more: &[&str]| {
        let dir = root.path().join(dir);
        compile(&dir, more).ok();
        let header = fs::read_to_string(dir.join("include/digits_int8.h")).unwrap();
        let value = header.split_once("DIGITS_INT8_ARENA_SIZE").unwrap().1;
        let digits = value.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap();
        digits[..end].parse::<u64>().unwrap()
    };
    assert!(arena("caller", &["--io", "caller"]) <= arena("arena", &[]));
    let header = |dir: &str| {
        fs::read_to_string(root.path().join(dir).join("include/digits_int8.h")).unwrap()
    };
    assert!(header("arena").contains("DIGITS_INT8_INPUT_0_OFFSET"));
    assert!(!header("caller").contains("DIGITS_INT8_INPUT_0_OFFSET"));
}

#[test]
fn wrong_pipelines_say_where() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("o");
    for (pipeline, parts) in [
        (
            "builtin.module(lower-mm)",
            &["error[P001]", "lower-mm", "lower-nn"][..],
        ),
        ("builtin.module(lower-nn", &["error[P001]"]),
        (
            "builtin.module(func.func(dce))",
            &["error[D003]", "does not lower"],
        ),
        (
            "builtin.module(plan-memory{io=moon})",
            &["error[P001]", "moon"],
        ),
    ] {
        compile(&dir, &["--pipeline", pipeline]).fails(1, parts);
        assert!(!dir.exists());
    }
    let default = default_pipeline();
    compile(&dir, &["--pipeline", &default, "--verify-each"]).ok();
    let by_default = root.path().join("p");
    compile(&by_default, &[]).ok();
    assert!(tree(&dir) == tree(&by_default));
}

#[test]
fn the_module_after_a_pass() {
    let root = tempfile::tempdir().unwrap();
    let ended = compile(&root.path().join("o"), &["--print-ir-after", "lower-nn"]).ok();
    assert_eq!(ended.err.matches("// after ").count(), 1);
    assert!(ended.err.contains("// after lower-nn\n") && ended.err.contains("\"memref.alloc\""));
    let bad = root.path().join("bad");
    compile(&bad, &["--print-ir-after", "lower"]).fails(1, &["no such pass", "lower-nn"]);
    assert!(!bad.exists());
}

#[test]
fn what_is_there_stays_when_something_fails() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    fs::write(dir.join("report.json"), "old").unwrap();
    fs::write(dir.join("mine.c"), "mine").unwrap();
    // A file where a directory must be.
    fs::write(dir.join("src"), "in the way").unwrap();
    let before = tree(dir);
    compile(dir, &[]).fails(1, &["cannot write to"]);
    assert_eq!(tree(dir), before);
    fs::remove_file(dir.join("src")).unwrap();
    compile(dir, &[]).ok();
    let after = tree(dir);
    assert_eq!(after["mine.c"], b"mine");
    assert_ne!(after["report.json"], b"old");
    assert_eq!(after.len(), C_FILES.len() + 1);
}

#[test]
fn places_that_cannot_be_written() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "x").unwrap();
    compile(&file, &[]).fails(1, &["file is a file, not a directory"]);
    compile(&file.join("below"), &[]).fails(1, &["file"]);
    compile(Path::new(""), &[]).fails(2, &["--output"]);
    assert_eq!(names(root.path()), ["file"]);
    #[cfg(target_os = "linux")]
    compile(Path::new("/proc/thumbwright"), &[]).fails(1, &["/proc/thumbwright"]);
}

#[test]
fn a_board_that_is_too_small_says_what_is_live() {
    let Some(models) = prerequisites::shared(
        "a_board_that_is_too_small_says_what_is_live",
        "models/mlperf_tiny/vww_int8.tflite",
    ) else {
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("o");
    let arguments = [
        "compile",
        &text(&models),
        "--target",
        "microbit",
        "-o",
        &text(&dir),
    ];
    thumbwright(arguments).fails(
        1,
        &["error[M006]", "16384 bytes of RAM", "live there", "help:"],
    );
    assert!(!dir.exists());
}
