//! The functions as C calls them: what they do, and what they say to calls that cannot be right.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};
use thumbwright::report::{Measurements, Report};
use thumbwright::{CompileOptions, Compiler};
use thumbwright_capi::*;

const DIGITS: &[u8] = include_bytes!("../../../models/digits_int8.tflite");

/// The text of a view, as a program that trusts its size and one that trusts its NUL see it.
fn text(view: StringView) -> String {
    // SAFETY: the view came from the library and its owner lives.
    let bytes = unsafe { std::slice::from_raw_parts(view.data.cast::<u8>(), view.size + 1) };
    let (last, bytes) = bytes.split_last().unwrap();
    assert_eq!(*last, 0);
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn no_text() -> StringView {
    StringView {
        data: null(),
        size: 77,
    }
}

/// The list that a function stores.
fn listed<T: Copy>(get: impl FnOnce(*mut *const T, *mut usize) -> Status) -> Vec<T> {
    let (mut items, mut count) = (null(), 0);
    assert_eq!(get(&raw mut items, &raw mut count), Status::Ok);
    // SAFETY: the library stored a list of that length.
    unsafe { std::slice::from_raw_parts(items, count) }.to_vec()
}

/// A session that ends with the test.
struct Owned(*mut Session);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: it is a session, and this is its end.
        assert_eq!(unsafe { tw_session_destroy(self.0) }, Status::Ok);
    }
}

impl Owned {
    fn new() -> Owned {
        let mut session = null_mut();
        // SAFETY: there is a place for the session.
        let status = unsafe { tw_session_create(TW_ABI_VERSION, &raw mut session) };
        assert_eq!(status, Status::Ok);
        Owned(session)
    }

    /// With the digits and a target.
    fn ready() -> Owned {
        let session = Owned::new();
        assert_eq!(session.model(c"digits_int8.tflite", DIGITS), Status::Ok);
        assert_eq!(session.set(c"target", Some(c"cortex-m4")), Status::Ok);
        session
    }

    fn model(&self, name: &CStr, bytes: &[u8]) -> Status {
        // SAFETY: a session, a text, and as many bytes as said.
        unsafe { tw_session_set_model(self.0, name.as_ptr(), bytes.as_ptr().cast(), bytes.len()) }
    }

    fn set(&self, name: &CStr, value: Option<&CStr>) -> Status {
        // SAFETY: a session and texts.
        unsafe { tw_session_set_option(self.0, name.as_ptr(), value.map_or(null(), CStr::as_ptr)) }
    }

    fn pipeline(&self, text: Option<&CStr>) -> Status {
        // SAFETY: a session and a text.
        unsafe { tw_session_set_pipeline(self.0, text.map_or(null(), CStr::as_ptr)) }
    }

    fn shown_pipeline(&self) -> String {
        let mut view = no_text();
        // SAFETY: a session and a place for a view.
        assert_eq!(
            unsafe { tw_session_pipeline(self.0, &raw mut view) },
            Status::Ok
        );
        text(view)
    }

    fn last_error(&self) -> String {
        let mut view = no_text();
        // SAFETY: a session and a place for a view.
        assert_eq!(
            unsafe { tw_session_last_error(self.0, &raw mut view) },
            Status::Ok
        );
        text(view)
    }

    fn try_compile(&self) -> (Status, *mut Compiled) {
        let mut compiled = std::ptr::dangling_mut();
        // SAFETY: a session and a place for what comes out.
        let status = unsafe { tw_session_compile(self.0, &raw mut compiled) };
        assert_eq!(status == Status::Ok, !compiled.is_null());
        (status, compiled)
    }

    fn compile(&self) -> Output {
        let (status, compiled) = self.try_compile();
        assert_eq!(status, Status::Ok, "{}", self.last_error());
        Output(compiled)
    }

    fn listen(&self, heard: &mut Heard) {
        // SAFETY: a session, and a callback for such a pointer; the test keeps it as long as the session compiles.
        let status =
            unsafe { tw_session_on_diagnostic(self.0, Some(hear), (&raw mut *heard).cast()) };
        assert_eq!(status, Status::Ok);
    }

    fn targets(&self) -> Vec<String> {
        // SAFETY: a session and places for the list.
        let list = listed(|items, count| unsafe { tw_session_targets(self.0, items, count) });
        list.into_iter().map(|e| text(e.name)).collect()
    }
}

/// A compiled model that ends with the test.
struct Output(*mut Compiled);

// SAFETY: the header says that any number of threads may look at it.
unsafe impl Sync for Output {}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: it is a compiled model, and this is its end.
        assert_eq!(unsafe { tw_compiled_destroy(self.0) }, Status::Ok);
    }
}

type GetText = unsafe extern "C" fn(*const Compiled, *mut StringView) -> Status;

impl Output {
    fn text(&self, get: GetText) -> String {
        let mut view = no_text();
        // SAFETY: a compiled model and a place for a view.
        assert_eq!(unsafe { get(self.0, &raw mut view) }, Status::Ok);
        text(view)
    }

    fn files(&self) -> Vec<(String, String)> {
        // SAFETY: a compiled model and places for the list.
        let list = listed(|items, count| unsafe { tw_compiled_files(self.0, items, count) });
        list.into_iter()
            .map(|f| (text(f.path), text(f.contents)))
            .collect()
    }

    fn find(&self, path: &CStr) -> (Status, String) {
        let mut view = no_text();
        // SAFETY: a compiled model, a text and a place for a view.
        let status = unsafe { tw_compiled_find_file(self.0, path.as_ptr(), &raw mut view) };
        (status, text(view))
    }
}

/// Severity, code, message, location, help and notes of every diagnostic.
type Heard = Vec<(Severity, String, String, String, String, Vec<String>)>;

unsafe extern "C" fn hear(diagnostic: *const Diagnostic, user: *mut c_void) {
    // SAFETY: the library calls with a diagnostic and what was registered, which is a `Heard`.
    let (d, heard) = unsafe { (&*diagnostic, &mut *user.cast::<Heard>()) };
    // SAFETY: there are as many notes as said.
    let notes = unsafe { std::slice::from_raw_parts(d.notes, d.note_count) };
    heard.push((
        d.severity,
        text(d.code),
        text(d.message),
        text(d.location),
        text(d.help),
        notes.iter().map(|n| text(*n)).collect(),
    ));
}

fn facade(target: &str) -> thumbwright::Compiled {
    Compiler::new()
        .unwrap()
        .compile(
            "digits_int8.tflite",
            DIGITS,
            &CompileOptions::for_target(target),
        )
        .unwrap()
}

#[test]
fn versions_and_words() {
    assert_eq!(tw_abi_version(), TW_ABI_VERSION);
    // SAFETY: the library returns texts that live as long as the program.
    let words = |p: *const c_char| unsafe { CStr::from_ptr(p) }.to_str().unwrap();
    assert_eq!(words(tw_version()), thumbwright::VERSION);
    assert_eq!(words(tw_status_text(0)), "no error");
    for no_status in [-1, 11, i32::MAX, i32::MIN] {
        assert_eq!(words(tw_status_text(no_status)), "no status");
    }
}

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
    assert_eq!(
        unsafe { tw_compiled_memory(output.0, &raw mut memory) },
        Status::Ok
    );
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
        Compiler::default_pipeline(thumbwright::Io::Caller)
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
fn a_pipeline_of_ones_own() {
    let session = Owned::ready();
    let default = session.shown_pipeline();
    assert_eq!(default, Compiler::default_pipeline(thumbwright::Io::Arena));
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
    assert_eq!(options.len(), 5);
    for option in options {
        assert!(known.contains(&text(option.name)), "{known}");
        assert!(!text(option.summary).is_empty());
    }
    for (name, value) in [
        (c"io", c"Arena"),
        (c"verify-each", c"yes"),
        (c"keep-stages", c""),
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
    }
    let no_utf8 = c"\xff";
    assert_eq!(session.model(no_utf8, DIGITS), invalid);
    assert!(session.last_error().starts_with("name is no UTF-8: "));
    assert_eq!(session.set(no_utf8, None), invalid);
    assert_eq!(session.set(c"target", Some(no_utf8)), invalid);
    assert_eq!(session.pipeline(Some(no_utf8)), invalid);
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

/// Calls the session that it is called from.
unsafe extern "C" fn interfere(_: *const Diagnostic, user: *mut c_void) {
    // SAFETY: the library calls with what was registered, which is a session and a list.
    let (session, statuses) = unsafe { &mut *user.cast::<(*mut Session, Vec<Status>)>() };
    let (mut view, mut compiled) = (no_text(), null_mut());
    // SAFETY: a session, and arguments as the header wants them.
    unsafe {
        statuses.push(tw_session_set_pipeline(*session, null()));
        statuses.push(tw_session_last_error(*session, &raw mut view));
        statuses.push(tw_session_compile(*session, &raw mut compiled));
        statuses.push(tw_session_destroy(*session));
    }
}

#[test]
fn a_session_at_work_is_busy() {
    let session = Owned::ready();
    let mut told = (session.0, Vec::<Status>::new());
    // SAFETY: a session, and a callback for such a pointer.
    let status =
        unsafe { tw_session_on_diagnostic(session.0, Some(interfere), (&raw mut told).cast()) };
    assert_eq!(status, Status::Ok);
    let output = session.compile();
    assert!(told.1.len() >= 4);
    assert!(told.1.iter().all(|s| *s == Status::Busy), "{:?}", told.1);
    assert!(!output.files().is_empty());
}

#[test]
fn targets_and_passes_are_listed() {
    let session = Owned::new();
    let compiler = Compiler::new().unwrap();
    let expected: Vec<&str> = compiler.registry().targets().names().collect();
    assert_eq!(session.targets(), expected);
    // SAFETY: a session and places for the list.
    let passes: Vec<Entry> =
        listed(|items, count| unsafe { tw_session_passes(session.0, items, count) });
    let passes: Vec<(String, String)> = passes
        .into_iter()
        .map(|p| (text(p.name), text(p.summary)))
        .collect();
    let expected = compiler.registry().passes().iter();
    let expected: Vec<(String, String)> = expected
        .map(|p| (p.name.clone(), p.summary.clone()))
        .collect();
    assert_eq!(passes, expected);
}

#[test]
fn a_target_of_ones_own() {
    const BOARD: &CStr = c"name = \"my-board\"\nbase = \"mps2-an386\"\ndescription = \"mine\"\nsource = \"a guess\"\n";
    let session = Owned::ready();
    // SAFETY: a session and texts.
    let add = |text: &CStr| unsafe {
        tw_session_add_target(session.0, c"my.toml".as_ptr(), text.as_ptr())
    };
    assert_eq!(add(c"name = "), Status::InvalidValue);
    assert!(
        session.last_error().contains("my.toml"),
        "{}",
        session.last_error()
    );
    assert_eq!(add(BOARD), Status::Ok, "{}", session.last_error());
    assert_eq!(add(BOARD), Status::InvalidValue, "the name is taken");
    assert!(session.targets().contains(&"my-board".to_owned()));
    assert_eq!(session.set(c"target", Some(c"my-board")), Status::Ok);
    let report = session.compile().find(c"report.json").1;
    assert!(report.contains("\"my-board\""), "{report}");
    // Other sessions know nothing of it.
    assert!(!Owned::new().targets().contains(&"my-board".to_owned()));
}

#[test]
fn two_sessions_on_two_threads() {
    let targets = [c"cortex-m4", c"cortex-m0"];
    let expected = targets.map(|target| {
        let session = Owned::ready();
        assert_eq!(session.set(c"target", Some(target)), Status::Ok);
        session.compile().files()
    });
    assert_ne!(expected[0], expected[1]);
    std::thread::scope(|scope| {
        for (target, expected) in targets.iter().zip(&expected) {
            scope.spawn(move || {
                let session = Owned::ready();
                let mut heard = Heard::new();
                session.listen(&mut heard);
                assert_eq!(session.set(c"target", Some(target)), Status::Ok);
                for round in 1..=4 {
                    assert_eq!(session.compile().files(), *expected);
                    assert_eq!(heard.len() % round, 0, "no other session's diagnostics");
                    // Its own last error, whatever the other does.
                    assert_eq!(session.set(target, None), Status::UnknownOption);
                    assert!(session.last_error().contains(target.to_str().unwrap()));
                }
            });
        }
    });
}

#[test]
fn many_threads_look_at_one_compiled_model() {
    let session = Owned::ready();
    let output = session.compile();
    let texts: Vec<(Vec<(String, String)>, String)> = std::thread::scope(|scope| {
        let look = || (output.files(), output.text(tw_compiled_module_text));
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(look)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(texts.iter().all(|t| *t == texts[0]));
}

/// One session, called from two threads at once: every call either works or is told that the session is busy.
#[test]
fn one_session_on_two_threads_is_busy_or_works() {
    struct Everywhere(*mut Session);
    // SAFETY: the header says that calls may come from any thread.
    unsafe impl Sync for Everywhere {}
    let session = Owned::ready();
    let expected = session.compile().files();
    let shared = Everywhere(session.0);
    let shared = &shared;
    let worked: usize = std::thread::scope(|scope| {
        let expected = &expected;
        let work = move || {
            let mut worked = 0;
            while worked < 3 {
                let mut compiled = null_mut();
                // SAFETY: a session and a place for what comes out.
                match unsafe { tw_session_compile(shared.0, &raw mut compiled) } {
                    Status::Ok => {
                        assert_eq!(Output(compiled).files(), *expected);
                        worked += 1;
                    }
                    status => assert_eq!(status, Status::Busy),
                }
            }
            worked
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(worked, 6);
}
