//! The same cases on the host, with and without sanitizers.

mod model;

use emulate::{EmulateError, HostOptions, HostProgram, RunOptions, Sanitizers, Tool};
use model::{case, expected, inputs, present};

#[test]
fn outputs_are_exact_on_the_host() {
    if !present("outputs_are_exact_on_the_host", &[Tool::CC]) {
        return;
    }
    for sanitizers in [Sanitizers::Off, Sanitizers::AddressAndUndefined] {
        let options = HostOptions {
            sanitizers,
            ..HostOptions::default()
        };
        let program =
            HostProgram::build(&[case("one", 100), case("two", -90_000)], &options).unwrap();
        let mut options = RunOptions::default();
        options.add(1, inputs(5)).add(0, inputs(6));
        let runs = program.run(&options).unwrap().runs;
        assert!(runs.iter().all(|r| r.is_clean()));
        assert_eq!(runs[0].outputs, expected(&inputs(5), -90_000));
        assert_eq!(runs[1].outputs, expected(&inputs(6), 100));
    }
}

#[test]
fn sanitizers_find_an_overrun_and_name_the_function() {
    if !present(
        "sanitizers_find_an_overrun_and_name_the_function",
        &[Tool::CC],
    ) {
        return;
    }
    let mut case = case("model", 1);
    case.arenas[0].size -= 4;
    let options = HostOptions {
        sanitizers: Sanitizers::AddressAndUndefined,
        ..HostOptions::default()
    };
    let program = HostProgram::build(&[case], &options).unwrap();
    let mut options = RunOptions::default();
    options.add(0, inputs(1));
    let error = program.run(&options).unwrap_err();
    let EmulateError::Stopped { messages, .. } = &error else {
        panic!("{error}")
    };
    assert!(
        messages.contains("heap-buffer-overflow") && messages.contains("k_correlate"),
        "{messages}"
    );
}

#[test]
fn a_crash_names_the_case() {
    if !present("a_crash_names_the_case", &[Tool::CC]) {
        return;
    }
    let mut case = case("model", 1);
    for file in &mut case.sources {
        file.text = file
            .text
            .replace("return 0;", "*(volatile int *)0 = 1; return 0;");
    }
    let program = HostProgram::build(&[case], &HostOptions::default()).unwrap();
    let mut options = RunOptions::default();
    options.add(0, inputs(1));
    let error = program.run(&options).unwrap_err();
    assert!(
        matches!(&error, EmulateError::Stopped { case: Some(c), .. } if c == "model"),
        "{error}"
    );
}

#[test]
fn a_missing_compiler_names_its_package() {
    let options = HostOptions {
        compiler: "no-such-cc".to_owned(),
        ..HostOptions::default()
    };
    let error = HostProgram::build(&[], &options).unwrap_err().to_string();
    assert!(
        error.contains("no-such-cc is not found; install the Debian package"),
        "{error}"
    );
}
