//! Sessions: a model, options, and somebody who listens.

use crate::boundary::{Failure, Outcome, contain, status, store, store_list};
use crate::compile::{Model, compile, load};
use crate::compiled::{Compiled, Contents};
use crate::diagnostic::{DiagnosticCallback, Listener};
use crate::entry::{Entries, Entry};
use crate::handle::{self, Handle};
use crate::options::{self, Options};
use crate::status::Status;
use crate::string::{self, StringView, Text};
use crate::version::TW_ABI_VERSION;
use ir::{Diagnostic, Diagnostics};
use std::ffi::{c_char, c_void};
use std::path::Path;
use std::ptr;
use std::sync::{Mutex, MutexGuard, TryLockError};
use thumbwright::{Compiler, CompilerBuilder, KernelLibrary, LibraryError};

/// A compiler with a model, options and a callback. Sessions share nothing: any number of them work on any number of threads. One session
/// serves one call at a time, from whatever thread; a second call meanwhile fails with `TW_STATUS_BUSY`.
pub struct Session {
    _private: (),
}

/// What a session knows.
pub(crate) struct State {
    /// What the compiler is made of, to add to.
    builder: CompilerBuilder,
    compiler: Compiler,
    options: Options,
    pipeline: Option<String>,
    model: Option<Model>,
    listener: Option<Listener>,
    last_error: Text,
    pipeline_shown: Text,
    targets: Entries,
    passes: Entries,
    known_options: Entries,
}

/// What is behind the handle.
pub(crate) struct Shared(Mutex<State>);

impl Handle for Shared {
    type Opaque = Session;
    const NAME: &str = "session";
    const TAG: u64 = u64::from_ne_bytes(*b"TWsessio");
}

impl State {
    fn new() -> Outcome<State> {
        let builder =
            Compiler::builder().map_err(|e| Failure::new(Status::Internal, e.to_string()))?;
        let compiler = builder.clone().build();
        Ok(State {
            builder,
            options: Options::default(),
            pipeline: None,
            model: None,
            listener: None,
            last_error: Text::new(""),
            pipeline_shown: Text::new(""),
            targets: target_entries(&compiler),
            passes: pass_entries(&compiler),
            known_options: Entries::new(options::known()),
            compiler,
        })
    }

    /// Has another compiler from now on.
    fn rebuild(&mut self, builder: CompilerBuilder) {
        let compiler = builder.clone().build();
        self.targets = target_entries(&compiler);
        self.passes = pass_entries(&compiler);
        self.compiler = compiler;
        self.builder = builder;
    }

    /// Adds a target, or leaves everything as it was.
    fn add_target(&mut self, file: &str, text: &str) -> Outcome<()> {
        let builder = self.builder.clone().register(|registry| {
            registry.target(file, text)?;
            Ok(())
        });
        let builder = builder.map_err(|e| Failure::new(Status::InvalidValue, e.to_string()))?;
        self.rebuild(builder);
        Ok(())
    }

    /// Adds what a plug-in has, or leaves everything as it was.
    fn load_plugin(&mut self, path: &str) -> Outcome<()> {
        let builder = load(self.listener.as_ref(), || {
            let loaded = self.builder.clone().plugin(path);
            loaded.map_err(|e| Diagnostic::error("A002", e.to_string()).into())
        })?;
        self.rebuild(builder);
        Ok(())
    }

    /// Adds a kernel library, or leaves everything as it was.
    fn load_library(&mut self, path: &str) -> Outcome<()> {
        let builder = load(self.listener.as_ref(), || {
            let library = match KernelLibrary::builtin(path) {
                Some(library) => Ok(library),
                None => KernelLibrary::load(Path::new(path)),
            };
            let added = library.and_then(|library| self.builder.clone().library(library));
            added.map_err(library_diagnostics)
        })?;
        self.rebuild(builder);
        Ok(())
    }
}

/// One for each thing that is wrong.
fn library_diagnostics(error: LibraryError) -> Diagnostics {
    let file = error.file;
    let mut all = Diagnostics::new();
    for problem in error.problems {
        let message = match problem.key.is_empty() {
            true => problem.message,
            false => format!("{}: {}", problem.key, problem.message),
        };
        let place = match problem.line {
            Some(line) => format!("{file}:{line}"),
            None => file.clone(),
        };
        let mut d = Diagnostic::error("A003", message).at(place);
        if !problem.help.is_empty() {
            d = d.help(problem.help);
        }
        all.push(d);
    }
    all
}

fn pass_entries(compiler: &Compiler) -> Entries {
    let passes = compiler.registry().passes().iter();
    Entries::new(passes.map(|p| (p.name.as_str(), p.summary.as_str())))
}

fn target_entries(compiler: &Compiler) -> Entries {
    let targets = compiler.registry().targets().iter();
    Entries::new(targets.map(|t| (t.name.as_str(), t.description.as_str())))
}

impl Shared {
    fn lock(&self) -> Outcome<MutexGuard<'_, State>> {
        match self.0.try_lock() {
            Ok(state) => Ok(state),
            Err(TryLockError::Poisoned(state)) => Ok(state.into_inner()),
            Err(TryLockError::WouldBlock) => Err(Failure::new(Status::Busy, "")),
        }
    }
}

/// Does `work` in the session; how it fails becomes the session's last error.
///
/// # Safety
/// `session` is NULL or a handle, and is not destroyed meanwhile.
unsafe fn enter(session: *const Session, work: impl FnOnce(&mut State) -> Outcome<()>) -> Status {
    status(|| {
        // SAFETY: the caller's.
        let shared = unsafe { handle::get::<Shared>(session) }?;
        let mut state = shared.lock()?;
        let outcome = contain(|| work(&mut state));
        let text = outcome.as_ref().err().map(|failure| failure.text.as_str());
        state.last_error = Text::new(text.unwrap_or_default());
        outcome
    })
}

/// Makes a session with all defaults: no model, no target, no callback.
///
/// Pass `TW_ABI_VERSION` first, which lets the library refuse a header that it does not serve (`TW_STATUS_ABI_MISMATCH`). `*session`
/// becomes the new session, which you own and end with `tw_session_destroy`, or NULL on failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_create(abi_version: u32, session: *mut *mut Session) -> Status {
    status(|| {
        // SAFETY: as the header says of places for results.
        unsafe { store(session, "session", ptr::null_mut()) }?;
        if !(1..=TW_ABI_VERSION).contains(&abi_version) {
            let text = format!("header {abi_version}, library {TW_ABI_VERSION}");
            return Err(Failure::new(Status::AbiMismatch, text));
        }
        let handle = handle::into_raw(Shared(Mutex::new(State::new()?)));
        // SAFETY: as above.
        unsafe { store(session, "session", handle) }
    })
}

/// Ends a session and frees what it owns; what it compiled stays. NULL is fine. `TW_STATUS_BUSY`, and the session stays, when it is at
/// work, as in its own callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_destroy(session: *mut Session) -> Status {
    status(|| {
        if session.is_null() {
            return Ok(());
        }
        // SAFETY: as the header says of handles.
        drop(unsafe { handle::get::<Shared>(session) }?.lock()?);
        // SAFETY: as above, and nobody is at work in it.
        unsafe { handle::destroy::<Shared>(session) }
    })
}

/// Why the last call on this session failed, in words; empty if it did not. The text lives until the next call on the session, but for
/// this one. It fails only for a wrong handle, a NULL or a session at work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_last_error(
    session: *const Session,
    text: *mut StringView,
) -> Status {
    status(|| {
        // SAFETY: as the header says of places for results.
        unsafe { store(text, "text", StringView::EMPTY) }?;
        // SAFETY: as the header says of handles.
        let state = unsafe { handle::get::<Shared>(session) }?.lock()?;
        // SAFETY: as above.
        unsafe { store(text, "text", state.last_error.view()) }
    })
}

/// Sets the model: `size` bytes at `bytes`, which are copied, so that you may free them at once. `name` is its file name: for messages
/// and for the default prefix of C names; its ending says what the bytes are, ".mlir" for the network as MLIR text, ".onnx" or ".tflite". Folders before it do not matter.
///
/// The bytes are not looked at before a compile, which says what is wrong with them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_set_model(
    session: *mut Session,
    name: *const c_char,
    bytes: *const c_void,
    size: usize,
) -> Status {
    let work = |state: &mut State| {
        // SAFETY: as the header says of texts.
        let name = unsafe { string::read(name, "name") }?;
        if isize::try_from(size).is_err() {
            let text = format!("the model's size, {size}, is larger than memory can be");
            return Err(Failure::argument(text));
        }
        if bytes.is_null() && size > 0 {
            return Err(Failure::argument("bytes is NULL"));
        }
        let bytes = match size {
            0 => Vec::new(),
            // SAFETY: not NULL, no larger than memory can be, and there are `size` bytes, as the header says.
            _ => unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), size) }.to_vec(),
        };
        let file = name.to_owned();
        state.model = Some(Model { file, bytes });
        Ok(())
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}

/// Sets an option, which `tw_session_options` lists, to a value; NULL as the value sets it back to its default.
///
/// `TW_STATUS_UNKNOWN_OPTION` if there is none of that name; `TW_STATUS_INVALID_VALUE` if the option takes one of a few values and this is
/// none of them. Whether a target exists, or a name can be one in C, is said by a compile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_set_option(
    session: *mut Session,
    name: *const c_char,
    value: *const c_char,
) -> Status {
    let work = |state: &mut State| {
        // SAFETY: as the header says of texts.
        let name = unsafe { string::read(name, "name") }?;
        let value = match value.is_null() {
            true => None,
            // SAFETY: as above.
            false => Some(unsafe { string::read(value, "value") }?),
        };
        state.options.set(name, value)
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}

/// Sets the passes to run, as text: "builtin.module(func.func(dce),lower-nn,...)". NULL sets it back to the default pipeline. A compile
/// says what is wrong with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_set_pipeline(
    session: *mut Session,
    text: *const c_char,
) -> Status {
    let work = |state: &mut State| {
        state.pipeline = match text.is_null() {
            true => None,
            // SAFETY: as the header says of texts.
            false => Some(unsafe { string::read(text, "text") }?.to_owned()),
        };
        Ok(())
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}

/// The passes that a compile would run: those that were set, or the default ones for the options. The text lives until the next call of
/// this function on the session, or its end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_pipeline(
    session: *mut Session,
    text: *mut StringView,
) -> Status {
    let work = |state: &mut State| {
        let default = || {
            state
                .compiler
                .default_pipeline(&state.options.tuning())
                .to_string()
        };
        let shown = Text::new(state.pipeline.clone().unwrap_or_else(default));
        // SAFETY: as the header says of places for results; the view lives as long as `pipeline_shown`.
        unsafe { store(text, "text", shown.view()) }?;
        state.pipeline_shown = shown;
        Ok(())
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}

/// Sets whom to tell every diagnostic of a compile, remarks and warnings of a successful one too, and why a plug-in or library is not
/// loaded; NULL for nobody. `user` is passed on as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_on_diagnostic(
    session: *mut Session,
    callback: DiagnosticCallback,
    user: *mut c_void,
) -> Status {
    let work = |state: &mut State| {
        state.listener = Listener::new(callback, user);
        Ok(())
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}

/// Adds a target to those of the session: `text` is what is in a target's TOML file, `file` its name for messages.
/// `TW_STATUS_INVALID_VALUE`, and the last error says why, if it describes no target or the name is taken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_add_target(
    session: *mut Session,
    file: *const c_char,
    text: *const c_char,
) -> Status {
    let work = |state: &mut State| {
        // SAFETY: as the header says of texts.
        let (file, text) = unsafe { (string::read(file, "file")?, string::read(text, "text")?) };
        state.add_target(file, text)
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}

/// Loads a plug-in, a shared library that exports what `thumbwright/plugin.h` declares, and adds what it has to the session: passes,
/// operations, patterns, schedules, targets, steps of the default pipeline. `path` is the file's, absolute or from the working directory;
/// it is never searched for in the system's folders.
///
/// This runs the plug-in's code, with all rights of the process. The library stays loaded until the session has ended and every model
/// that it compiled is destroyed; until then, do not write to its file. A plug-in that several sessions load is in memory once, with one
/// set of static variables, and its functions are called on every thread on which one of them, or a model of theirs, is in use.
///
/// `TW_STATUS_LOAD_FAILED` if the file is missing or no plug-in that this library can use, or if it has something by a name that the
/// session has already, as when it is loaded twice. The session is then as before, the callback is told why (`A002`), and the last error
/// is the text of that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_load_plugin(
    session: *mut Session,
    path: *const c_char,
) -> Status {
    let work = |state: &mut State| {
        // SAFETY: as the header says of texts.
        let path = unsafe { string::read(path, "path") }?;
        state.load_plugin(path)
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}

/// Loads a kernel library, the TOML table that says which functions of a C library compute which layers, and adds it to the session: its
/// functions for layers, and its targets. `path` is the table's, absolute or from the working directory; what the table names is found
/// from the table's folder. `cmsis-nn` is a library whose table comes along. No code runs: the functions are called by the C that comes out of a compile.
///
/// `TW_STATUS_LOAD_FAILED` if a file is missing or wrong, or if the session has one of its names already, as when it is loaded twice. The
/// session is then as before, the callback is told everything that is wrong (`A003`), and the last error is the text of that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_load_library(
    session: *mut Session,
    path: *const c_char,
) -> Status {
    let work = |state: &mut State| {
        // SAFETY: as the header says of texts.
        let path = unsafe { string::read(path, "path") }?;
        state.load_library(path)
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}

/// The targets that the option "target" may name, by name. The list lives until a target, a plug-in or a library is added, or the
/// session's end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_targets(
    session: *mut Session,
    entries: *mut *const Entry,
    count: *mut usize,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { list(session, entries, count, |state| &state.targets) }
}

/// The passes that a pipeline may name, by name. The list lives until a target, a plug-in or a library is added, or the session's end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_passes(
    session: *mut Session,
    entries: *mut *const Entry,
    count: *mut usize,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { list(session, entries, count, |state| &state.passes) }
}

/// The options that there are. The list lives as long as the session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_options(
    session: *mut Session,
    entries: *mut *const Entry,
    count: *mut usize,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { list(session, entries, count, |state| &state.known_options) }
}

/// Stores a list that `which` takes from a session.
///
/// # Safety
/// As of [`enter`] and [`store_list`].
unsafe fn list(
    session: *mut Session,
    entries: *mut *const Entry,
    count: *mut usize,
    which: impl FnOnce(&State) -> &Entries,
) -> Status {
    let work = |state: &mut State| {
        // SAFETY: the caller's.
        unsafe { store_list(entries, count, which(state).views()) }
    };
    // SAFETY: the caller's.
    unsafe { enter(session, work) }
}

/// Compiles the session's model with its options and pipeline, and tells the callback what there is to say. A session may compile any
/// number of times, with changes between or without.
///
/// `*compiled` becomes what came out, which you own and end with `tw_compiled_destroy`; it does not depend on the session. On failure it
/// becomes NULL: `TW_STATUS_INCOMPLETE` without model or target, `TW_STATUS_COMPILE_FAILED` when something is wrong with what was set,
/// `TW_STATUS_INTERNAL` when something is wrong with the compiler. The last error then is the text of all errors.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_compile(
    session: *mut Session,
    compiled: *mut *mut Compiled,
) -> Status {
    let work = |state: &mut State| {
        // SAFETY: as the header says of places for results.
        unsafe { store(compiled, "compiled", ptr::null_mut()) }?;
        let Some(model) = &state.model else {
            let text = "the session has no model: call tw_session_set_model";
            return Err(Failure::new(Status::Incomplete, text));
        };
        let options = state.options.for_compile(state.pipeline.clone())?;
        let backend = state.options.backend();
        let compiler = &state.compiler;
        let contents: Contents = compile(state.listener.as_ref(), |diagnostics| {
            backend.check()?;
            let out = compiler.compile(&model.file, &model.bytes, &options)?;
            diagnostics.extend(out.diagnostics().clone());
            Contents::of(out, backend)
        })?;
        // SAFETY: as above.
        unsafe { store(compiled, "compiled", handle::into_raw(contents)) }
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}
