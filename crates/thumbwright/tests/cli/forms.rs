//! What holds for every form.

use std::process::Stdio;

use crate::command::{Ended, command, digits, thumbwright};

#[test]
fn usage_errors_exit_with_2() {
    let none: [&str; 0] = [];
    thumbwright(none).fails(2, &["Usage: thumbwright"]);
    thumbwright(["compyle"]).fails(2, &["unrecognized subcommand", "compile"]);
    thumbwright(["compile", &digits(), "-o", "x"]).fails(2, &["--target"]);
    thumbwright(["run", &digits(), "--target", "interp", "--json"]).fails(2, &["--profile"]);
    let both = [
        "compile",
        "--target",
        "host",
        "-o",
        "x",
        "--io",
        "caller",
        "--pipeline",
        "y",
    ];
    thumbwright(both).fails(2, &["cannot be used with"]);
}

#[test]
fn help_and_version_are_results() {
    let version = thumbwright(["--version"]).ok();
    assert_eq!(
        version.out,
        format!("thumbwright {}\n", thumbwright::VERSION)
    );
    let help = thumbwright(["--help"]).ok().out;
    for form in ["compile", "run", "inspect", "targets", "plan"] {
        assert!(help.contains(&format!("\n  {form} ")), "{help}");
        thumbwright([form, "--help"]).ok();
    }
}

#[test]
fn an_unknown_target_gets_the_nearest_name() {
    let out = tempfile::tempdir().unwrap();
    let dir = out.path().join("o");
    let dir = dir.to_str().unwrap();
    let compile = ["compile", "--target", "cortex-m44", "-o", dir];
    thumbwright(compile).fails(1, &["cortex-m44", "did you mean \"cortex-m4\""]);
    let run = ["run", "--target", "cortexm4"];
    thumbwright(run).fails(1, &["did you mean \"cortex-m4\"", "interp-loops"]);
    thumbwright(["inspect", "--target", "stm32"]).fails(1, &["cortex-m4"]);
    assert!(!out.path().join("o").exists());
}

#[test]
fn accelerators_that_are_not_there() {
    let with = ["run", "--target", "cortex-m4", "--with", "ethos-u"];
    thumbwright(with).fails(
        1,
        &["--with ethos-u", "there is none; a plug-in can bring one"],
    );
    let with = [
        "compile",
        "--target",
        "cortex-m4",
        "-o",
        "x",
        "--with",
        "acme-npu",
    ];
    thumbwright(with).fails(1, &["--with acme-npu"]);
}

#[test]
fn targets_lists_every_target() {
    let out = thumbwright(["targets"]).ok().out;
    for target in target::Targets::builtin().iter() {
        let line = out
            .lines()
            .find(|l| l.split_whitespace().next() == Some(&target.name));
        let line = line.unwrap_or_else(|| panic!("{} is not listed", target.name));
        assert!(
            line.contains(target.kind.name()) && line.contains(&target.core.cpu),
            "{line}"
        );
    }
    assert!(out.contains("interp, interp-loops, host"));
}

#[test]
fn colours_stay_out_of_files_and_pipes() {
    let ended = thumbwright(["compile", "/", "--target", "host", "-o", "x"]);
    let ended = ended.fails(1, &["error[T001]: it is a directory", "\n  help: "]);
    assert!(!ended.err.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for form in [&["targets"][..], &["inspect", "--json"]] {
        let mut child = command(form)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        Ended::of(child.wait_with_output().unwrap()).ok();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_an_error() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = command(["targets"]).stdout(full).output().unwrap();
    Ended::of(output).fails(1, &["cannot write to standard output"]);
}
