//! `docs/plugin-data.md` from nothing: its files are written, its commands are run. And what is said of options that are wrong.

use crate::command::{Ended, command, names, repository, text, thumbwright};
use std::path::Path;

/// The page's files, written to a folder; the page's commands.
fn page(dir: &Path) -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(repository("docs/plugin-data.md")).unwrap();
    let mut commands = Vec::new();
    let mut file: Option<String> = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("<!-- file: ") {
            file = Some(name.trim_end_matches(" -->").to_owned());
        } else if line.starts_with("```") && line != "```" {
            let block: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            if let Some(name) = file.take() {
                std::fs::write(dir.join(name), block.join("\n") + "\n").unwrap();
            } else if line == "```sh" {
                for command in block {
                    let words = command.strip_prefix("thumbwright ").unwrap();
                    commands.push(words.split(' ').map(str::to_owned).collect());
                }
            }
        }
    }
    assert_eq!(names(dir).len(), 4);
    commands
}

fn run(dir: &Path, arguments: &[String]) -> Ended {
    Ended::of(command(arguments).current_dir(dir).output().unwrap())
}

#[test]
fn the_tutorial_runs_as_it_stands() {
    let programs = ["cc", "arm-none-eabi-gcc", "qemu-system-arm"];
    if !prerequisites::programs("the_tutorial_runs_as_it_stands", &programs) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let commands = page(dir.path());
    assert_eq!(commands.len(), 5, "{commands:?}");
    let ended: Vec<Ended> = commands.iter().map(|c| run(dir.path(), c).ok()).collect();
    // Host, interpreter, core and board print the same values.
    let values = |i: usize| ended[i].out.lines().next().unwrap().to_owned();
    assert!(values(0).starts_with("Identity: argmax 1"), "{}", values(0));
    for i in [1, 3, 4] {
        assert_eq!(values(i), values(0), "{:?}", commands[i]);
    }
    let source = std::fs::read_to_string(dir.path().join("out/src/digits_int8.c")).unwrap();
    assert!(source.contains("#include \"tiny_pool.h\""));
    assert!(
        source.contains("    tiny_max_pool_2x2_s8(in, out, 4, 4, 16, -128, 127);"),
        "{source}"
    );
    let cmake = std::fs::read_to_string(dir.path().join("out/CMakeLists.txt")).unwrap();
    assert!(cmake.contains("target_link_libraries(digits_int8 PRIVATE tiny-pool)"));
    assert!(ended[3].out.contains("tiny_pool.c: "), "{}", ended[3].out);
}

#[test]
fn the_pages_message_is_the_commands() {
    let dir = tempfile::tempdir().unwrap();
    page(dir.path());
    let table = dir.path().join("tiny-pool.toml");
    let wrong = std::fs::read_to_string(&table)
        .unwrap()
        .replacen("kernel.h", "kernal.h", 1);
    std::fs::write(&table, wrong).unwrap();
    let page = std::fs::read_to_string(repository("docs/plugin-data.md")).unwrap();
    let shown = page
        .lines()
        .find(|l| l.starts_with("error: tiny-pool.toml:"))
        .unwrap();
    let arguments = ["inspect", "--with", "tiny-pool.toml"].map(str::to_owned);
    run(dir.path(), &arguments).fails(1, &[shown.trim_end_matches(" …")]);
}

#[test]
fn files_that_are_missing_or_no_tables_are_errors() {
    let run = ["run", "--target", "host", "--with"];
    let with = |name: &str| thumbwright(run.iter().copied().chain([name]));
    with("none.toml").fails(1, &["none.toml: cannot be read"]);
    with("cmsis").fails(
        1,
        &[
            "--with cmsis: no accelerator has the name `cmsis`",
            "no kernel library that comes along (there is cmsis-nn)",
            "path of its table, which ends in .toml",
        ],
    );
    with("cmsis=.").fails(
        1,
        &["--with cmsis=.: cmsis is no kernel library that comes along"],
    );
    with("cmsis-nn=none").fails(1, &["cmsis-nn.toml: none: "]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.toml");
    std::fs::write(&path, "name = \"bad\"\n[[kernel\n").unwrap();
    with(&text(&path)).fails(1, &["bad.toml:2: ", "the file must be TOML"]);
    thumbwright(["run", "--target", "none.toml"]).fails(1, &["--target none.toml: cannot be read"]);
    std::fs::write(&path, "name = \"cortex-m4\"\nbase = \"cortex-m4\"\n").unwrap();
    thumbwright(["run", "--target", &text(&path)])
        .fails(1, &["a target of this name exists already"]);
}

/// A library whose table comes along is known by its name; its C is compiled where a folder has it.
#[test]
fn cmsis_nn_comes_along() {
    let dir = tempfile::tempdir().unwrap();
    let out = text(dir.path());
    let compile = ["compile", "--target", "cortex-m4", "-o", &out, "--with"];
    let compile = |rest: &[&str]| thumbwright(compile.iter().chain(rest)).ok();
    let source = || std::fs::read_to_string(dir.path().join("src/digits_int8.c")).unwrap();
    // By the cycles of both, and with a preference.
    let remarks = compile(&["cmsis-nn", "--remarks"]).err;
    assert!(
        remarks.contains("arm-convolve-wrapper-s8 does not lower"),
        "{remarks}"
    );
    assert!(!source().contains("arm_convolve_wrapper_s8("));
    compile(&["cmsis-nn", "--prefer", "cmsis-nn"]);
    assert!(source().contains("arm_convolve_wrapper_s8("));
    assert!(source().contains("#include \"arm_nnfunctions.h\""));
    let unknown = [
        "compile",
        "--target",
        "cortex-m4",
        "-o",
        &out,
        "--prefer",
        "cmsis-nn",
    ];
    thumbwright(unknown).fails(
        1,
        &["P001", "cannot prefer `cmsis-nn`: no such kernel library"],
    );

    let run = ["run", "--target", "host", "--prefer", "cmsis-nn", "--with"];
    let run = |with: &str| thumbwright(run.iter().copied().chain([with]));
    run("cmsis-nn").fails(
        1,
        &[
            "the C of the kernel library `cmsis-nn`",
            "--with cmsis-nn=DIR",
        ],
    );
    if prerequisites::programs("cmsis_nn_comes_along", &["cc"]) {
        let folder = text(&repository("tests/data/cmsis-nn"));
        let ran = run(&format!("cmsis-nn={folder}")).ok();
        let plain = thumbwright(["run", "--target", "interp"]).ok();
        assert_eq!(ran.out, plain.out);
    }
}

#[test]
fn a_board_that_a_library_brings_is_known_by_name_and_by_file() {
    let acme = text(&repository("examples/acme-kernels/acme-kernels.toml"));
    let board = text(&repository("examples/acme-kernels/acme-board.toml"));
    let inspect = |rest: &[&str]| {
        thumbwright(["inspect", "--target"].iter().chain(rest))
            .ok()
            .out
    };
    let by_name = inspect(&["acme-board", "--with", &acme]);
    assert!(
        by_name.starts_with("digits_int8.tflite for acme-board\n"),
        "{by_name}"
    );
    assert_eq!(inspect(&[&board, "--with", &acme]), by_name);
    let plain = inspect(&[&board]);
    assert!(
        plain.starts_with("digits_int8.tflite for acme-board\n"),
        "{plain}"
    );
    assert_ne!(plain, by_name, "scratch differs");
}

/// Passes run with a library too, and each of them keeps what the network computes.
#[test]
fn a_pipeline_takes_libraries() {
    let dir = tempfile::tempdir().unwrap();
    let out = text(dir.path());
    let acme = text(&repository("examples/acme-kernels/acme-kernels.toml"));
    thumbwright([
        "compile",
        "--target",
        "cortex-m4",
        "-o",
        &out,
        "--emit",
        "mlir",
    ])
    .ok();
    let network = format!("{out}/mlir/00-import.mlir");
    let pipeline =
        "lower-nn,share-kernels,propagate-constants,plan-memory,mark-noalias,check-placement";
    let opt = [
        "opt",
        &network,
        "--pipeline",
        pipeline,
        "--validate-each",
        "--with",
        &acme,
    ];
    let module = thumbwright(opt).ok().out;
    // As many as in the emitted C: three convolutions, one fully connected layer.
    assert_eq!(module.matches("\"mcu.call_extern\"").count(), 4);
}
