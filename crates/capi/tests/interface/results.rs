//! What the functions do when all is well; the façade is the oracle.

use crate::caller::*;
use std::ffi::{CStr, CString, c_char};
use thumbwright::Compiler;
use thumbwright::report::{Measurements, Report};
use thumbwright_capi::*;

fn facade_pipeline(io: thumbwright::Io) -> String {
    let compiler = Compiler::new().expect("the built-in parts fit");
    compiler.default_pipeline(&io.into()).to_string()
}

#[test]
fn versions_and_words() {
    assert_eq!(tw_abi_version(), TW_ABI_VERSION);
    // SAFETY: the library returns texts that live as long as the program.
    let words = |p: *const c_char| unsafe { CStr::from_ptr(p) }.to_str().unwrap();
    assert_eq!(words(tw_version()), thumbwright::VERSION);
    assert_eq!(words(tw_status_text(0)), "no error");
    for no_status in [-1, 12, i32::MAX, i32::MIN] {
        assert_eq!(words(tw_status_text(no_status)), "no status");
    }
}

#[test]
fn everything_that_the_facade_makes() {
    let session = Owned::ready();
    let output = session.compile();
    assert_eq!(session.last_error(), "");
    let expected = facade("cortex-m4");
    let report = Report::of(&expected, &Measurements::default());

    let mut files = output.files();
    let html = files.pop().unwrap();
    assert_eq!(html.0, "report.html");
    assert!(html.1.starts_with("<!DOCTYPE html>") || html.1.starts_with("<!doctype html>"));
    assert_eq!(
        files.pop().unwrap(),
        ("report.json".to_owned(), report.json())
    );
    let c: Vec<(String, String)> = expected
        .c_files()
        .unwrap()
        .into_iter()
        .map(|f| (f.path, f.text))
        .collect();
    assert_eq!(files, c);
    for (path, contents) in c {
        let path = CString::new(path).unwrap();
        assert_eq!(output.find(&path), (Status::Ok, contents));
    }
    assert_eq!(output.find(c"include/"), (Status::NotFound, String::new()));

    assert_eq!(output.text(tw_compiled_name), "digits_int8");
    assert_eq!(output.text(tw_compiled_pipeline), expected.pipeline());
    let module = ir::text::print_module(expected.module());
    assert_eq!(output.text(tw_compiled_module_text), module);
    assert_eq!(output.text(tw_compiled_module_text), module);

    // SAFETY: every member is a number.
    let mut memory: Memory = unsafe { std::mem::zeroed() };
    // SAFETY: a compiled model and a place for the numbers.
    let status = unsafe { tw_compiled_memory(output.0, &raw mut memory) };
    assert_eq!(status, Status::Ok);
    assert_eq!(memory.arena_bytes, expected.memory().arena_size);
    assert_eq!(memory.arena_align, 16);
    assert_eq!(memory.bound_bytes, report.memory.bound_bytes);
    assert_eq!(memory.activation_bytes, report.memory.activation_bytes);
    assert_eq!(memory.scratch_bytes, report.memory.scratch_bytes);
    assert_eq!(memory.constant_bytes, report.totals.constant_bytes);

    for (get, infos) in [
        (
            tw_compiled_inputs as unsafe extern "C" fn(_, _, _) -> _,
            expected.inputs(),
        ),
        (tw_compiled_outputs, expected.outputs()),
    ] {
        // SAFETY: a compiled model and places for the list.
        let list: Vec<Tensor> =
            listed(|items, count| unsafe { get(output.0.cast_const(), items, count) });
        assert_eq!(list.len(), infos.len());
        for (tensor, info) in list.iter().zip(infos) {
            // SAFETY: the library stored lists of these lengths.
            let (shape, scales, zero_points) = unsafe {
                (
                    std::slice::from_raw_parts(tensor.shape, tensor.rank),
                    std::slice::from_raw_parts(tensor.scales, tensor.scale_count),
                    std::slice::from_raw_parts(tensor.zero_points, tensor.scale_count),
                )
            };
            assert_eq!(text(tensor.name), info.name);
            assert_eq!(text(tensor.element), "int8");
            assert_eq!((shape, tensor.bytes), (&*info.shape, info.bytes));
            assert_eq!((scales, zero_points), (&*info.scales, &*info.zero_points));
            assert_eq!(scales.len(), 1);
            assert!(tensor.offset + tensor.bytes <= memory.arena_bytes);
        }
    }
}

#[test]
fn options_change_what_comes_out_and_go_back_to_their_defaults() {
    let session = Owned::ready();
    let default = session.compile();
    for (name, value) in [
        (c"name", c"net"),
        (c"io", c"caller"),
        (c"keep-stages", c"true"),
        (c"verify-each", c"true"),
        (c"target", c"cortex-m0"),
    ] {
        assert_eq!(session.set(name, Some(value)), Status::Ok);
    }
    assert_eq!(
        session.shown_pipeline(),
        facade_pipeline(thumbwright::Io::Caller)
    );
    let changed = session.compile();
    assert_eq!(changed.text(tw_compiled_name), "net");
    let paths: Vec<String> = changed.files().into_iter().map(|f| f.0).collect();
    assert!(paths.contains(&"include/net.h".to_owned()), "{paths:?}");
    assert!(
        paths.contains(&"mlir/00-import.mlir".to_owned()),
        "{paths:?}"
    );
    let last = paths.iter().rfind(|p| p.starts_with("mlir/")).unwrap();
    let last = CString::new(last.as_str()).unwrap();
    assert_eq!(changed.find(&last).1, changed.text(tw_compiled_module_text));
    // SAFETY: a compiled model and places for the list.
    let inputs: Vec<Tensor> =
        listed(|items, count| unsafe { tw_compiled_inputs(changed.0, items, count) });
    assert!(inputs.iter().all(|t| t.offset == TW_NO_OFFSET));
    assert!(changed.find(c"report.json").1.contains("\"cortex-m0\""));

    for name in [c"name", c"io", c"keep-stages", c"verify-each"] {
        assert_eq!(session.set(name, None), Status::Ok);
    }
    assert_eq!(session.set(c"target", Some(c"cortex-m4")), Status::Ok);
    assert_eq!(session.compile().files(), default.files());
    assert_eq!(session.set(c"target", None), Status::Ok);
    assert_eq!(session.try_compile().0, Status::Incomplete);
}

#[test]
fn options_of_the_plan_reach_the_planner() {
    let session = Owned::ready();
    for (name, value) in [
        (c"algorithm", c"best-fit"),
        (c"pools", c"ram=4096,psram=0"),
        (c"constants", c"fast"),
    ] {
        assert_eq!(session.set(name, Some(value)), Status::Ok);
    }
    let pipeline = session.shown_pipeline();
    for option in [
        "algorithm=best-fit",
        "pools=ram:4096,psram:0",
        "constants=fast",
    ] {
        assert!(pipeline.contains(option), "{pipeline}");
    }
    for name in [c"algorithm", c"pools", c"constants"] {
        assert_eq!(session.set(name, None), Status::Ok);
    }
    let default = facade_pipeline(thumbwright::Io::Arena);
    assert_eq!(session.shown_pipeline(), default);
}

#[test]
fn a_pipeline_of_ones_own() {
    let session = Owned::ready();
    let default = session.shown_pipeline();
    assert_eq!(default, facade_pipeline(thumbwright::Io::Arena));
    let own = default.replace("plan-memory", "plan-memory{algorithm=greedy-by-size}");
    assert_ne!(own, default);
    let own = CString::new(own).unwrap();
    assert_eq!(session.pipeline(Some(&own)), Status::Ok);
    assert_eq!(session.shown_pipeline(), own.to_str().unwrap());
    assert_eq!(
        session.compile().text(tw_compiled_pipeline),
        own.to_str().unwrap()
    );
    assert_eq!(session.pipeline(None), Status::Ok);
    assert_eq!(session.compile().text(tw_compiled_pipeline), default);
}

#[test]
fn a_network_as_text() {
    let network = ir::text::print_module(facade("cortex-m4").network());
    let session = Owned::ready();
    let status = session.model(c"folder/digits_int8.mlir", network.as_bytes());
    assert_eq!(status, Status::Ok);
    let output = session.compile();
    let module = ir::text::print_module(facade("cortex-m4").module());
    assert_eq!(output.text(tw_compiled_module_text), module);
    assert_eq!(output.text(tw_compiled_name), "digits_int8");
}

/// The back end by LLVM, or how to get it.
#[test]
fn a_library_by_llvm() {
    let session = Owned::ready();
    assert_eq!(session.set(c"backend", Some(c"llvm")), Status::Ok);
    if cfg!(feature = "llvm") {
        let output = session.compile();
        let (found, archive) = output.find_bytes(c"libdigits_int8.a");
        assert_eq!(found, Status::Ok);
        assert!(archive.starts_with(b"!<arch>\n"));
        let c = facade("cortex-m4").c_files().unwrap().swap_remove(0);
        assert_eq!(output.find(c"include/digits_int8.h"), (Status::Ok, c.text));
        assert_eq!(output.find(c"src/digits_int8.c").0, Status::NotFound);
    } else {
        assert_eq!(session.try_compile().0, Status::CompileFailed);
        let error = session.last_error();
        assert!(error.contains("D007"), "{error}");
    }
    assert_eq!(
        session.set(c"backend", Some(c"basic")),
        Status::InvalidValue
    );
    assert_eq!(session.set(c"backend", None), Status::Ok);
    let output = session.compile();
    assert_eq!(output.find(c"src/digits_int8.c").0, Status::Ok);
}

#[cfg(unix)]
#[test]
fn a_pipeline_runs_programs_only_where_it_may() {
    let session = Owned::ready();
    let own = session.shown_pipeline();
    let own = own.replace("plan-memory", "external{cmd=\"cat\"},plan-memory");
    let own = CString::new(own).unwrap();
    assert_eq!(session.pipeline(Some(&own)), Status::Ok);
    assert_eq!(session.try_compile().0, Status::CompileFailed);
    let error = session.last_error();
    assert!(error.contains("external"), "{error}");
    let status = session.set(c"allow-external", Some(c"true"));
    assert_eq!(status, Status::Ok);
    let module = ir::text::print_module(facade("cortex-m4").module());
    assert_eq!(session.compile().text(tw_compiled_module_text), module);
    assert_eq!(session.set(c"allow-external", None), Status::Ok);
    assert_eq!(session.try_compile().0, Status::CompileFailed);
}

#[test]
fn what_compiled_outlives_its_session_and_later_compiles() {
    let session = Owned::ready();
    let first = session.compile();
    let before = first.files();
    assert_eq!(session.set(c"target", Some(c"cortex-m0")), Status::Ok);
    let second = session.compile();
    assert_ne!(second.files(), before);
    drop(session);
    assert_eq!(first.files(), before);
}

#[test]
fn remarks_of_a_good_compile_are_told() {
    let session = Owned::ready();
    let mut heard = Heard::new();
    session.listen(&mut heard);
    drop(session.compile());
    let expected = facade("cortex-m4");
    let expected: Vec<(Severity, String)> = expected
        .diagnostics()
        .iter()
        .map(|d| (d.severity.into(), d.message.clone()))
        .collect();
    assert!(expected.iter().any(|d| d.1.starts_with("plan of ")));
    let told: Vec<(Severity, String)> = heard.drain(..).map(|d| (d.0, d.2)).collect();
    assert_eq!(told, expected);
    // Nobody listens any more.
    // SAFETY: a session; no callback, so that the pointer is not used.
    let status = unsafe { tw_session_on_diagnostic(session.0, None, std::ptr::dangling_mut()) };
    assert_eq!(status, Status::Ok);
    drop(session.compile());
    assert_eq!(heard, []);
}

#[test]
fn targets_and_passes_are_listed() {
    let session = Owned::new();
    let compiler = Compiler::new().unwrap();
    let expected: Vec<&str> = compiler.registry().targets().names().collect();
    assert_eq!(session.targets(), expected);
    let expected = compiler.registry().passes().iter();
    let expected: Vec<(String, String)> = expected
        .map(|p| (p.name.clone(), p.summary.clone()))
        .collect();
    assert_eq!(session.passes(), expected);
}

#[test]
fn a_target_of_ones_own() {
    const BOARD: &CStr = c"name = \"my-board\"\nbase = \"mps2-an386\"\ndescription = \"mine\"\nsource = \"a guess\"\n";
    let session = Owned::ready();
    assert_eq!(session.add_target(c"name = "), Status::InvalidValue);
    assert!(
        session.last_error().contains("my.toml"),
        "{}",
        session.last_error()
    );
    assert_eq!(
        session.add_target(BOARD),
        Status::Ok,
        "{}",
        session.last_error()
    );
    assert_eq!(
        session.add_target(BOARD),
        Status::InvalidValue,
        "the name is taken"
    );
    assert!(session.targets().contains(&"my-board".to_owned()));
    assert_eq!(session.set(c"target", Some(c"my-board")), Status::Ok);
    let report = session.compile().find(c"report.json").1;
    assert!(report.contains("\"my-board\""), "{report}");
    // Other sessions know nothing of it.
    assert!(!Owned::new().targets().contains(&"my-board".to_owned()));
}
