//! Sessions: a model, options, and somebody who listens.

use crate::boundary::{Failure, Outcome, contain, status, store, store_list};
use crate::compile::{Model, compile};
use crate::compiled::{Compiled, Contents};
use crate::diagnostic::{DiagnosticCallback, Listener};
use crate::entry::{Entries, Entry};
use crate::handle::{self, Handle};
use crate::options::{self, Options};
use crate::status::Status;
use crate::string::{self, StringView, Text};
use crate::version::TW_ABI_VERSION;
use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, TryLockError};
use thumbwright::Compiler;

/// A compiler with a model, options and a callback. Sessions share nothing: any number of them work on any number of threads. One session
/// serves one call at a time, from whatever thread; a second call meanwhile fails with `TW_STATUS_BUSY`.
pub struct Session {
    _private: (),
}

/// What a session knows.
pub(crate) struct State {
    compiler: Compiler,
    options: Options,
    pipeline: Option<String>,
    model: Option<Model>,
    listener: Option<Listener>,
    last_error: Text,
    pipeline_shown: Text,
    /// File and text of every target that was added.
    added_targets: Vec<(String, String)>,
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
        let compiler = compiler(&[])?;
        let registry = compiler.registry();
        let passes = registry.passes().iter();
        Ok(State {
            options: Options::default(),
            pipeline: None,
            model: None,
            listener: None,
            last_error: Text::new(""),
            pipeline_shown: Text::new(""),
            added_targets: Vec::new(),
            targets: target_entries(&compiler),
            passes: Entries::new(passes.map(|p| (p.name.as_str(), p.summary.as_str()))),
            known_options: Entries::new(options::known()),
            compiler,
        })
    }

    /// Adds a target, or leaves everything as it was.
    fn add_target(&mut self, file: &str, text: &str) -> Outcome<()> {
        let mut added = self.added_targets.clone();
        added.push((file.to_owned(), text.to_owned()));
        let compiler = compiler(&added)?;
        self.targets = target_entries(&compiler);
        self.compiler = compiler;
        self.added_targets = added;
        Ok(())
    }
}

/// A compiler with what comes with Thumbwright, and targets: file and text of each.
fn compiler(added_targets: &[(String, String)]) -> Outcome<Compiler> {
    let builder = Compiler::builder().map_err(|e| Failure::new(Status::Internal, e.to_string()))?;
    let builder = builder.register(|registry| {
        for (file, text) in added_targets {
            registry.target(file, text)?;
        }
        Ok(())
    });
    let builder = builder.map_err(|e| Failure::new(Status::InvalidValue, e.to_string()))?;
    Ok(builder.build())
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
/// and for the default prefix of C names; its ending says what the bytes are, ".mlir" for the network as MLIR text or ".tflite". Folders before it do not matter.
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
                .default_pipeline(state.options.io())
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

/// Sets whom to tell every diagnostic of a compile, remarks and warnings of a successful one too; NULL for nobody. `user` is passed on as
/// it is.
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

/// The targets that the option "target" may name, by name. The list lives until a target is added, or the session's end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_session_targets(
    session: *mut Session,
    entries: *mut *const Entry,
    count: *mut usize,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { list(session, entries, count, |state| &state.targets) }
}

/// The passes that a pipeline may name, by name. The list lives as long as the session.
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
        let compiler = &state.compiler;
        let contents: Contents = compile(state.listener.as_ref(), |diagnostics| {
            let out = compiler.compile(&model.file, &model.bytes, &options)?;
            diagnostics.extend(out.diagnostics().clone());
            Contents::of(out)
        })?;
        // SAFETY: as above.
        unsafe { store(compiled, "compiled", handle::into_raw(contents)) }
    };
    // SAFETY: as the header says of handles.
    unsafe { enter(session, work) }
}
