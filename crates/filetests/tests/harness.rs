//! The harness on files that pass, and on files that must not. The command is this program itself, called with `as-command`.
#![allow(clippy::unwrap_used, reason = "tests")]

use filetests::{Suite, Verdict};
use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

/// `as-command` is the first argument; the others say what to do, in order.
fn command(args: &[String]) -> ExitCode {
    let mut code = 0;
    let mut args = args.iter().map(String::as_str);
    while let Some(what) = args.next() {
        let argument = args.next().unwrap_or("");
        match what {
            "out" => println!("{argument}"),
            "err" => eprintln!("{argument}"),
            "exit" => code = argument.parse().unwrap(),
            "cat" => print!("{}", fs::read_to_string(argument).unwrap()),
            "write" => fs::write(argument, "written").unwrap(),
            "sleep" => std::thread::sleep(Duration::from_secs(argument.parse().unwrap())),
            "panic" => panic!("{argument}"),
            "env" => println!("{argument}={}", env::var(argument).unwrap_or_default()),
            _ => return ExitCode::from(99),
        }
    }
    ExitCode::from(code)
}

/// A directory with one test file, and a suite for it.
fn suite(directory: &Path, text: &str) -> (Suite, PathBuf) {
    let file = directory.join("a.test");
    fs::write(&file, text).unwrap();
    let program = env::current_exe().unwrap();
    (
        Suite::new(directory)
            .command("tool", program)
            .bless(false)
            .limit(Duration::from_secs(20)),
        file,
    )
}

fn verdict(text: &str) -> Verdict {
    let directory = tempfile::tempdir().unwrap();
    let (suite, file) = suite(directory.path(), &text.replace("tool ", "tool as-command "));
    suite.check(&file)
}

fn passes(text: &str) {
    assert_eq!(verdict(text), Verdict::Passed, "{text}");
}

fn fails(text: &str, why: &str) {
    match verdict(text) {
        Verdict::Failed(e) => assert!(e.contains(why), "{text}\n{e}"),
        other => panic!("{text}\n{other:?}"),
    }
}

fn lines_and_exit_codes() {
    passes("// RUN: tool out 'a  b' out c\n// CHECK: a b\n// CHECK-NEXT: c\n");
    passes("# RUN: tool exit 3 err oops\n# EXIT: 3\n# ERR: oops\n");
    fails(
        "// RUN: tool out a\n// CHECK: b\n",
        "line 2: `b` is not in the output",
    );
    fails("// RUN: tool exit 1\n", "exit code 1, expected 0");
    fails(
        "// RUN: tool out a\n// EXIT: 1\n// CHECK: a\n",
        "exit code 0, expected 1",
    );
    fails(
        "// RUN: tool out a out b\n// CHECK-NOT: b\n",
        "line 2: `b` is in `b`",
    );
}

fn unexpected_errors_fail() {
    fails(
        "// RUN: tool out a err warning\n// CHECK: a\n",
        "no `ERR:` asks for it",
    );
    fails(
        "// RUN: tool panic deliberate\n// EXIT: 101\n// ERR: deliberate\n",
        "the command panicked",
    );
    fails(
        "// RUN: other\n",
        "unknown command `other`; known: tool, cat, ls",
    );
    fails("no directives\n", "there is no `RUN:` line");
}

fn files_and_paths() {
    passes(
        "// RUN: tool cat %t/d/x.csv out %t\n// CHECK: 1,2\n// CHECK-NEXT: 3\n// CHECK: %t\n// FILE: d/x.csv\n1,2\n3\n",
    );
    passes("// RUN: tool cat %s\n// CHECK: needle{{.*}}\n");
    passes("// RUN: tool write here\n// RUN: tool cat %t/here\n// CHECK: written\n");
    passes("// RUN: tool env NO_COLOR\n// CHECK: NO_COLOR=1\n");
}

fn requirements() {
    let text = "// REQUIRES: no-such-program-at-all\n// RUN: tool exit 1\n";
    assert_eq!(
        verdict(text),
        Verdict::NotRun("no-such-program-at-all is not in PATH".to_owned())
    );
    let text = "// REQUIRES: %S/missing\n// RUN: tool exit 1\n";
    assert_eq!(
        verdict(text),
        Verdict::NotRun("%S/missing does not exist".to_owned())
    );
    passes("// REQUIRES: %S/a.test\n// RUN: tool out a\n// CHECK: a\n");
    let directory = tempfile::tempdir().unwrap();
    let (suite, file) = suite(
        directory.path(),
        "// REQUIRES: no-such-program-at-all\n// RUN: tool\n",
    );
    let required = suite.tools_are_required(true).check(&file);
    assert!(matches!(required, Verdict::Failed(_)));
}

fn blessing() {
    let directory = tempfile::tempdir().unwrap();
    let text = "// RUN: tool as-command out one out '' out %t err two\n// EXPECT:\n//| old\n// EXPECT-ERR:\n\nrest\n";
    let (suite, file) = suite(directory.path(), text);
    assert!(
        matches!(suite.check(&file), Verdict::Failed(e) if e.contains("line 1 of the block is `old`, of the output `one`"))
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(suite.clone().bless(true).check(&file), Verdict::Blessed);
    let blessed = "// RUN: tool as-command out one out '' out %t err two\n// EXPECT:\n//| one\n//|\n//| %t\n// EXPECT-ERR:\n//| two\n\nrest\n";
    assert_eq!(fs::read_to_string(&file).unwrap(), blessed);
    assert_eq!(suite.check(&file), Verdict::Passed);
    assert_eq!(suite.bless(true).check(&file), Verdict::Passed);
}

fn built_in_commands() {
    passes(
        "// RUN: cat %t/a x/b\n// EXPECT:\n//| 1\n//| 2\n// RUN: ls %t\n// EXPECT:\n//| a\n//| x/b\n// FILE: x/b\n2\n// FILE: a\n1\n",
    );
    passes("// RUN: cat %t/absent\n// EXIT: 1\n// ERR: cat %t/absent: {{.*}}\n");
    passes("// RUN: ls %t\n// CHECK-NOT: {{.*}}\n");
}

fn time_limit() {
    let directory = tempfile::tempdir().unwrap();
    let (suite, file) = suite(directory.path(), "// RUN: tool as-command sleep 30\n");
    let verdict = suite.limit(Duration::from_millis(100)).check(&file);
    assert!(matches!(verdict, Verdict::Failed(e) if e.contains("took longer than")));
}

fn every_file_is_a_named_test() {
    let directory = tempfile::tempdir().unwrap();
    let (suite, _) = suite(directory.path(), "// RUN: tool\n");
    for path in ["b/c.test", "b/inputs/data.csv", "README.md", ".hidden"] {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let names: Vec<String> = suite
        .trials()
        .unwrap()
        .iter()
        .map(|t| t.name().to_owned())
        .collect();
    assert_eq!(names, ["a", "b/c"]);
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "as-command") {
        return command(&args[1..]);
    }
    let tests: [(&str, fn()); 9] = [
        ("built_in_commands", built_in_commands),
        ("lines_and_exit_codes", lines_and_exit_codes),
        ("unexpected_errors_fail", unexpected_errors_fail),
        ("files_and_paths", files_and_paths),
        ("requirements", requirements),
        ("blessing", blessing),
        ("time_limit", time_limit),
        ("every_file_is_a_named_test", every_file_is_a_named_test),
        (
            "an_empty_directory_is_a_failure",
            an_empty_directory_is_a_failure,
        ),
    ];
    let trials = tests.map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn an_empty_directory_is_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    assert!(Suite::new(directory.path()).trials().unwrap().is_empty());
    assert!(
        Suite::new(directory.path().join("missing"))
            .trials()
            .is_err()
    );
}
