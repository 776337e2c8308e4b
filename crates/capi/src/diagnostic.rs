//! Diagnostics, as C sees them.

use crate::string::{StringView, Text};
use std::ffi::c_void;

/// Every error of this crate: code and what it means.
pub const CODES: &[(&str, &str)] = &[
    ("A001", "the compiler panicked"),
    ("A002", "a plug-in cannot be loaded"),
    ("A003", "a kernel library cannot be loaded"),
];

/// How bad a diagnostic is.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// Something that an optimiser did or did not do, for whoever wants to know.
    Remark = 0,
    /// Probably not what the user wants.
    Warning = 1,
    /// Nothing comes out.
    Error = 2,
}

impl From<ir::Severity> for Severity {
    fn from(severity: ir::Severity) -> Severity {
        match severity {
            ir::Severity::Remark => Severity::Remark,
            ir::Severity::Warning => Severity::Warning,
            ir::Severity::Error => Severity::Error,
        }
    }
}

/// One message. Parts that it does not have are empty. Later versions of the library may have more at the end; only the library makes one.
#[repr(C)]
#[derive(Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable code, "T012" say.
    pub code: StringView,
    /// What is wrong, in one sentence without a final stop.
    pub message: StringView,
    /// Where: the layer and the model's file, or file, line and column.
    pub location: StringView,
    /// The line of the source and below it a caret, if the source is text.
    pub excerpt: StringView,
    /// What to do about it.
    pub help: StringView,
    /// Further facts, `note_count` of them.
    pub notes: *const StringView,
    /// How many notes there are.
    pub note_count: usize,
}

/// What is called for every diagnostic: on the thread of the call that compiles or loads, in order, before it returns. The diagnostic and
/// its texts live until the callback returns. `user` is what was registered with it. The callback must return (no `longjmp`, no C++
/// exception), and whatever it does with the same session fails with `TW_STATUS_BUSY`.
pub type DiagnosticCallback =
    Option<unsafe extern "C" fn(diagnostic: *const Diagnostic, user: *mut c_void)>;

/// Whom to tell.
#[derive(Clone, Copy)]
pub(crate) struct Listener {
    callback: unsafe extern "C" fn(*const Diagnostic, *mut c_void),
    user: *mut c_void,
}

// SAFETY: the pointer is never followed here; C gave it for use on whatever thread compiles, as the header says.
unsafe impl Send for Listener {}

impl Listener {
    /// `None` if there is nobody to tell.
    pub(crate) fn new(callback: DiagnosticCallback, user: *mut c_void) -> Option<Listener> {
        callback.map(|callback| Listener { callback, user })
    }

    /// Tells them one diagnostic.
    pub(crate) fn tell(&self, d: &ir::Diagnostic) {
        let text = |part: &str| Text::new(part);
        let optional = |part: &Option<String>| Text::new(part.as_deref().unwrap_or_default());
        let (code, message) = (text(&d.code), text(&d.message));
        let (location, excerpt, help) = (
            optional(&d.location),
            optional(&d.excerpt),
            optional(&d.help),
        );
        let notes: Vec<Text> = d.notes.iter().map(|note| text(note)).collect();
        let note_views: Vec<StringView> = notes.iter().map(Text::view).collect();
        let seen = Diagnostic {
            severity: d.severity.into(),
            code: code.view(),
            message: message.view(),
            location: location.view(),
            excerpt: excerpt.view(),
            help: help.view(),
            notes: note_views.as_ptr(),
            note_count: note_views.len(),
        };
        // SAFETY: C gave the callback for this; all that `seen` points to lives until it returns.
        unsafe { (self.callback)(&raw const seen, self.user) };
    }
}
