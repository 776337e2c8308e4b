//! The calls of the tests, as a program in C would make them.

use std::ffi::{CStr, CString, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};
use thumbwright::{CompileOptions, Compiler};
use thumbwright_capi::*;

pub const DIGITS: &[u8] = include_bytes!("../../../../models/digits_int8.tflite");

/// The text of a view, as a program that trusts its size and one that trusts its NUL see it.
pub fn text(view: StringView) -> String {
    String::from_utf8(bytes(view)).expect("it is UTF-8")
}

/// The bytes of a view, which has a NUL behind them.
pub fn bytes(view: StringView) -> Vec<u8> {
    // SAFETY: the view came from the library and its owner lives.
    let bytes = unsafe { std::slice::from_raw_parts(view.data.cast::<u8>(), view.size + 1) };
    let (last, bytes) = bytes.split_last().expect("it is not empty");
    assert_eq!(*last, 0);
    bytes.to_vec()
}

fn c_path(path: &Path) -> CString {
    let path = path.to_str().expect("its path is text");
    CString::new(path).expect("its path has no NUL")
}

pub fn no_text() -> StringView {
    StringView {
        data: null(),
        size: 77,
    }
}

/// The list that a function stores.
pub fn listed<T: Copy>(get: impl FnOnce(*mut *const T, *mut usize) -> Status) -> Vec<T> {
    let (mut items, mut count) = (null(), 0);
    assert_eq!(get(&raw mut items, &raw mut count), Status::Ok);
    // SAFETY: the library stored a list of that length.
    unsafe { std::slice::from_raw_parts(items, count) }.to_vec()
}

/// A session that ends with the test.
pub struct Owned(pub *mut Session);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: it is a session, and this is its end.
        let status = unsafe { tw_session_destroy(self.0) };
        assert_eq!(status, Status::Ok);
    }
}

impl Owned {
    pub fn new() -> Owned {
        let mut session = null_mut();
        // SAFETY: there is a place for the session.
        let status = unsafe { tw_session_create(TW_ABI_VERSION, &raw mut session) };
        assert_eq!(status, Status::Ok);
        Owned(session)
    }

    /// With the digits and a target.
    pub fn ready() -> Owned {
        let session = Owned::new();
        assert_eq!(session.model(c"digits_int8.tflite", DIGITS), Status::Ok);
        assert_eq!(session.set(c"target", Some(c"cortex-m4")), Status::Ok);
        session
    }

    pub fn model(&self, name: &CStr, bytes: &[u8]) -> Status {
        // SAFETY: a session, a text, and as many bytes as said.
        unsafe { tw_session_set_model(self.0, name.as_ptr(), bytes.as_ptr().cast(), bytes.len()) }
    }

    pub fn set(&self, name: &CStr, value: Option<&CStr>) -> Status {
        // SAFETY: a session and texts.
        unsafe { tw_session_set_option(self.0, name.as_ptr(), value.map_or(null(), CStr::as_ptr)) }
    }

    pub fn pipeline(&self, text: Option<&CStr>) -> Status {
        // SAFETY: a session and a text.
        unsafe { tw_session_set_pipeline(self.0, text.map_or(null(), CStr::as_ptr)) }
    }

    pub fn shown_pipeline(&self) -> String {
        let mut view = no_text();
        // SAFETY: a session and a place for a view.
        let status = unsafe { tw_session_pipeline(self.0, &raw mut view) };
        assert_eq!(status, Status::Ok);
        text(view)
    }

    pub fn last_error(&self) -> String {
        let mut view = no_text();
        // SAFETY: a session and a place for a view.
        let status = unsafe { tw_session_last_error(self.0, &raw mut view) };
        assert_eq!(status, Status::Ok);
        text(view)
    }

    pub fn try_compile(&self) -> (Status, *mut Compiled) {
        let mut compiled = std::ptr::dangling_mut();
        // SAFETY: a session and a place for what comes out.
        let status = unsafe { tw_session_compile(self.0, &raw mut compiled) };
        assert_eq!(status == Status::Ok, !compiled.is_null());
        (status, compiled)
    }

    pub fn compile(&self) -> Output {
        let (status, compiled) = self.try_compile();
        assert_eq!(status, Status::Ok, "{}", self.last_error());
        Output(compiled)
    }

    pub fn listen(&self, heard: &mut Heard) {
        // SAFETY: a session, and a callback for such a pointer; the test keeps it as long as the session compiles.
        let status =
            unsafe { tw_session_on_diagnostic(self.0, Some(hear), (&raw mut *heard).cast()) };
        assert_eq!(status, Status::Ok);
    }

    pub fn load_plugin(&self, path: &Path) -> Status {
        let path = c_path(path);
        // SAFETY: a session and a text; a plug-in of ours, or none.
        unsafe { tw_session_load_plugin(self.0, path.as_ptr()) }
    }

    pub fn load_library(&self, path: &Path) -> Status {
        let path = c_path(path);
        // SAFETY: a session and a text.
        unsafe { tw_session_load_library(self.0, path.as_ptr()) }
    }

    pub fn add_target(&self, text: &CStr) -> Status {
        // SAFETY: a session and texts.
        unsafe { tw_session_add_target(self.0, c"my.toml".as_ptr(), text.as_ptr()) }
    }

    /// Names and summaries.
    pub fn passes(&self) -> Vec<(String, String)> {
        // SAFETY: a session and places for the list.
        let list = listed(|items, count| unsafe { tw_session_passes(self.0, items, count) });
        let entry = |e: Entry| (text(e.name), text(e.summary));
        list.into_iter().map(entry).collect()
    }

    pub fn targets(&self) -> Vec<String> {
        // SAFETY: a session and places for the list.
        let list = listed(|items, count| unsafe { tw_session_targets(self.0, items, count) });
        list.into_iter().map(|e| text(e.name)).collect()
    }
}

/// A compiled model that ends with the test.
pub struct Output(pub *mut Compiled);

// SAFETY: the header says that any number of threads may look at it.
unsafe impl Sync for Output {}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: it is a compiled model, and this is its end.
        let status = unsafe { tw_compiled_destroy(self.0) };
        assert_eq!(status, Status::Ok);
    }
}

pub type GetText = unsafe extern "C" fn(*const Compiled, *mut StringView) -> Status;

impl Output {
    pub fn text(&self, get: GetText) -> String {
        let mut view = no_text();
        // SAFETY: a compiled model and a place for a view.
        assert_eq!(unsafe { get(self.0, &raw mut view) }, Status::Ok);
        text(view)
    }

    pub fn files(&self) -> Vec<(String, String)> {
        // SAFETY: a compiled model and places for the list.
        let list = listed(|items, count| unsafe { tw_compiled_files(self.0, items, count) });
        list.into_iter()
            .map(|f| (text(f.path), text(f.contents)))
            .collect()
    }

    pub fn find(&self, path: &CStr) -> (Status, String) {
        let (status, bytes) = self.find_bytes(path);
        (status, String::from_utf8(bytes).expect("it is UTF-8"))
    }

    pub fn find_bytes(&self, path: &CStr) -> (Status, Vec<u8>) {
        let mut view = no_text();
        // SAFETY: a compiled model, a text and a place for a view.
        let status = unsafe { tw_compiled_find_file(self.0, path.as_ptr(), &raw mut view) };
        (status, bytes(view))
    }
}

/// Severity, code, message, location, help and notes of every diagnostic.
pub type Heard = Vec<(Severity, String, String, String, String, Vec<String>)>;

pub unsafe extern "C" fn hear(diagnostic: *const Diagnostic, user: *mut c_void) {
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

pub fn facade(target: &str) -> thumbwright::Compiled {
    let options = CompileOptions::for_target(target);
    Compiler::new()
        .expect("the built-in parts fit")
        .compile("digits_int8.tflite", DIGITS, &options)
        .expect("the digits compile")
}
