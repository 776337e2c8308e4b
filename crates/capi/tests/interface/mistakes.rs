//! Calls that cannot be right: what they return, and that they change nothing.

use crate::caller::*;
use std::ptr::{null, null_mut};
use thumbwright_capi::*;

#[test]
fn a_header_of_another_version_is_refused() {
    for version in [0, TW_ABI_VERSION + 1, u32::MAX] {
        let mut session = std::ptr::dangling_mut();
        // SAFETY: there is a place for the session.
        let status = unsafe { tw_session_create(version, &raw mut session) };
        assert_eq!((status, session), (Status::AbiMismatch, null_mut()));
    }
}

#[test]
fn bad_models_are_diagnosed() {
    let session = Owned::ready();
    let mut heard = Heard::new();
    session.listen(&mut heard);
    for bytes in [
        &[][..],
        &[0],
        b"no model, but some text that is long enough",
        &DIGITS[..DIGITS.len() / 2],
    ] {
        assert_eq!(session.model(c"net.tflite", bytes), Status::Ok);
        assert_eq!(session.try_compile().0, Status::CompileFailed);
        let (severity, code, message, location, ..) = heard.last().unwrap();
        assert_eq!(*severity, Severity::Error);
        assert!(code.starts_with('T'), "{code}");
        assert!(!message.is_empty());
        assert!(
            location.contains("net.tflite") || message.contains("net.tflite"),
            "{location}: {message}"
        );
        assert!(
            session
                .last_error()
                .contains(&format!("error[{code}]: {message}")),
            "{}",
            session.last_error()
        );
    }
    // The session is as good as before.
    assert_eq!(session.model(c"digits_int8.tflite", DIGITS), Status::Ok);
    session.compile();
    // An empty model may be NULL.
    // SAFETY: a session, a text, and no bytes.
    let status = unsafe { tw_session_set_model(session.0, c"net.tflite".as_ptr(), null(), 0) };
    assert_eq!(status, Status::Ok);
    assert_eq!(session.try_compile().0, Status::CompileFailed);
}

#[test]
fn bad_text_is_shown_with_a_caret() {
    let session = Owned::ready();
    let mut heard = Heard::new();
    session.listen(&mut heard);
    let status = session.model(
        c"net.mlir",
        b"\"builtin.module\"() ({\n  ?\n}) : () -> ()\n",
    );
    assert_eq!(status, Status::Ok);
    assert_eq!(session.try_compile().0, Status::CompileFailed);
    assert!(heard[0].3.contains("net.mlir:2:3"), "{heard:?}");
    let error = session.last_error();
    assert!(error.contains("2 |   ?\n    |   ^"), "{error}");
    // What is text in one file is no model in another.
    assert_eq!(session.model(c"net.tflite", b"module {}"), Status::Ok);
    assert_eq!(session.try_compile().0, Status::CompileFailed);
    assert_eq!(session.model(c"net.mlir", &[0xff]), Status::Ok);
    assert_eq!(session.try_compile().0, Status::CompileFailed);
    assert!(session.last_error().starts_with("error[D005]: "));
}

#[test]
fn what_is_wrong_with_target_name_and_pipeline_is_diagnosed() {
    type Break = fn(&Owned) -> Status;
    let cases: [(Break, &str, &str); 5] = [
        (
            |s| s.set(c"target", Some(c"cortex-m44")),
            "D001",
            "\"cortex-m4\"",
        ),
        (|s| s.set(c"name", Some(c"1st")), "D002", "`1st`"),
        (|s| s.pipeline(Some(c"builtin.module(")), "P001", ""),
        (
            |s| s.pipeline(Some(c"builtin.module(plan-memmory)")),
            "P001",
            "plan-memory",
        ),
        (|s| s.pipeline(Some(c"builtin.module()")), "D003", ""),
    ];
    for (break_it, code, part) in cases {
        let session = Owned::ready();
        let mut heard = Heard::new();
        session.listen(&mut heard);
        assert_eq!(break_it(&session), Status::Ok);
        assert_eq!(session.try_compile().0, Status::CompileFailed, "{code}");
        let errors: Vec<_> = heard.iter().filter(|d| d.0 == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].1, code);
        assert!(errors[0].2.contains(part), "{errors:?}");
        assert!(
            session
                .last_error()
                .starts_with(&format!("error[{code}]: "))
        );
    }
}

#[test]
fn a_session_without_model_or_target_is_incomplete() {
    let session = Owned::new();
    assert_eq!(session.try_compile().0, Status::Incomplete);
    assert!(session.last_error().contains("tw_session_set_model"));
    assert_eq!(session.model(c"digits_int8.tflite", DIGITS), Status::Ok);
    assert_eq!(session.try_compile().0, Status::Incomplete);
    assert!(session.last_error().contains("`target`"));
    // The question for the last error does not change it, what succeeds does.
    assert!(session.last_error().contains("`target`"));
    assert_eq!(session.set(c"target", Some(c"host")), Status::Ok);
    assert_eq!(session.last_error(), "");
    session.compile();
}

#[test]
fn options_that_cannot_be() {
    let session = Owned::ready();
    assert_eq!(
        session.set(c"targett", Some(c"host")),
        Status::UnknownOption
    );
    let known = session.last_error();
    // SAFETY: a session and places for the list.
    let options: Vec<Entry> =
        listed(|items, count| unsafe { tw_session_options(session.0, items, count) });
    assert_eq!(options.len(), 16);
    for option in options {
        assert!(known.contains(&text(option.name)), "{known}");
        assert!(!text(option.summary).is_empty());
    }
    for (name, value) in [
        (c"io", c"Arena"),
        (c"verify-each", c"yes"),
        (c"keep-stages", c""),
        (c"pools", c"ram"),
        (c"pools", c"ram=many"),
        (c"constants", c"slow"),
        (c"in-place", c"on"),
        (c"optimize-for", c"size"),
    ] {
        assert_eq!(session.set(name, Some(value)), Status::InvalidValue);
        let name = name.to_str().unwrap();
        assert!(
            session
                .last_error()
                .starts_with(&format!("option `{name}` is ")),
            "{}",
            session.last_error()
        );
    }
    session.compile();
}

#[test]
fn arguments_that_cannot_be() {
    let session = Owned::new();
    let invalid = Status::InvalidArgument;
    // SAFETY: what is wrong here is what the header says is noticed.
    unsafe {
        assert_eq!(tw_session_create(TW_ABI_VERSION, null_mut()), invalid);
        assert_eq!(
            tw_session_set_model(session.0, null(), DIGITS.as_ptr().cast(), 1),
            invalid
        );
        assert_eq!(
            tw_session_set_model(session.0, c"a".as_ptr(), null(), 1),
            invalid
        );
        assert_eq!(session.last_error(), "bytes is NULL");
        for huge in [usize::MAX, isize::MAX as usize + 1] {
            let bytes = DIGITS.as_ptr().cast();
            assert_eq!(
                tw_session_set_model(session.0, c"a".as_ptr(), bytes, huge),
                invalid
            );
        }
        assert!(session.last_error().contains("9223372036854775808") || size_of::<usize>() < 8);
        assert_eq!(tw_session_set_option(session.0, null(), null()), invalid);
        assert_eq!(
            tw_session_add_target(session.0, null(), c"".as_ptr()),
            invalid
        );
        assert_eq!(
            tw_session_add_target(session.0, c"".as_ptr(), null()),
            invalid
        );
        assert_eq!(tw_session_load_plugin(session.0, null()), invalid);
        assert_eq!(tw_session_load_library(session.0, null()), invalid);
        assert_eq!(tw_session_pipeline(session.0, null_mut()), invalid);
        assert_eq!(tw_session_last_error(session.0, null_mut()), invalid);
        assert_eq!(tw_session_compile(session.0, null_mut()), invalid);
        let mut count = 77;
        assert_eq!(
            tw_session_passes(session.0, null_mut(), &raw mut count),
            invalid
        );
        let mut entries = null();
        assert_eq!(
            tw_session_passes(session.0, &raw mut entries, null_mut()),
            invalid
        );
        assert_eq!(
            (count, entries),
            (77, null()),
            "nothing is stored by halves"
        );
    }
    let no_utf8 = c"\xff";
    assert_eq!(session.model(no_utf8, DIGITS), invalid);
    assert!(session.last_error().starts_with("name is no UTF-8: "));
    assert_eq!(session.set(no_utf8, None), invalid);
    assert_eq!(session.set(c"target", Some(no_utf8)), invalid);
    assert_eq!(session.pipeline(Some(no_utf8)), invalid);
    // SAFETY: a session and a text that is not as it should be.
    unsafe {
        assert_eq!(tw_session_load_plugin(session.0, no_utf8.as_ptr()), invalid);
        assert_eq!(
            tw_session_load_library(session.0, no_utf8.as_ptr()),
            invalid
        );
    }
    // None of them set anything.
    assert_eq!(session.try_compile().0, Status::Incomplete);

    let session = Owned::ready();
    let output = session.compile();
    // SAFETY: as above.
    unsafe {
        assert_eq!(tw_compiled_files(output.0, null_mut(), null_mut()), invalid);
        assert_eq!(tw_compiled_memory(output.0, null_mut()), invalid);
        assert_eq!(tw_compiled_name(output.0, null_mut()), invalid);
        assert_eq!(
            tw_compiled_find_file(output.0, c"a".as_ptr(), null_mut()),
            invalid
        );
        let mut view = no_text();
        assert_eq!(
            tw_compiled_find_file(output.0, null(), &raw mut view),
            invalid
        );
        assert_eq!(text(view), "");
    }
}

#[test]
fn handles_that_cannot_be() {
    let session = Owned::ready();
    let output = session.compile();
    let invalid = Status::InvalidHandle;
    let mut view = no_text();
    // SAFETY: what is wrong here is what the header says is noticed.
    unsafe {
        assert_eq!(tw_session_destroy(null_mut()), Status::Ok);
        assert_eq!(tw_compiled_destroy(null_mut()), Status::Ok);
        for wrong in [
            null_mut(),
            output.0.cast::<Session>(),
            session.0.byte_add(1),
        ] {
            let mut compiled = null_mut();
            assert_eq!(tw_session_compile(wrong, &raw mut compiled), invalid);
            assert_eq!(tw_session_set_pipeline(wrong, null()), invalid);
            assert_eq!(tw_session_last_error(wrong, &raw mut view), invalid);
        }
        assert_eq!(tw_session_destroy(output.0.cast()), invalid);
        for wrong in [
            null_mut(),
            session.0.cast::<Compiled>(),
            output.0.byte_add(1),
        ] {
            assert_eq!(tw_compiled_name(wrong, &raw mut view), invalid);
            let (mut files, mut count) = (null(), 0);
            assert_eq!(
                tw_compiled_files(wrong, &raw mut files, &raw mut count),
                invalid
            );
        }
        assert_eq!(tw_compiled_destroy(session.0.cast()), invalid);
    }
    // Neither was harmed.
    assert_eq!(session.compile().files(), output.files());
}
