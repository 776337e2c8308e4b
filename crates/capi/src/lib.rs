//! The compiler for programs in C: the header is `include/thumbwright/thumbwright.h`, its introduction `docs/embedding-c.md`.
//!
//! Everything here is a thin layer over the façade, the crate `thumbwright`: it checks what comes from C, keeps what C may look at, and
//! turns results into statuses. What a function promises is written at the function in C's terms, since `cbindgen` copies it into the
//! header; the crate's tests fail when that is stale.
//!
//! Invariant: no panic crosses the boundary; every function that does more than read a constant goes through [`boundary`].
//!
//! Invariant: nothing global is changed, nothing is printed, nothing exits.

mod version;

mod string;

mod status;

mod entry;

mod diagnostic;

mod session;

mod compiled;

mod boundary;
mod compile;
mod handle;
mod options;

pub use compiled::{
    Compiled, File, Memory, TW_NO_OFFSET, Tensor, tw_compiled_destroy, tw_compiled_files,
    tw_compiled_find_file, tw_compiled_inputs, tw_compiled_memory, tw_compiled_module_text,
    tw_compiled_name, tw_compiled_outputs, tw_compiled_pipeline,
};
pub use diagnostic::{CODES, Diagnostic, DiagnosticCallback, Severity};
pub use entry::Entry;
pub use session::{
    Session, tw_session_add_target, tw_session_compile, tw_session_create, tw_session_destroy,
    tw_session_last_error, tw_session_load_library, tw_session_load_plugin,
    tw_session_on_diagnostic, tw_session_options, tw_session_passes, tw_session_pipeline,
    tw_session_set_model, tw_session_set_option, tw_session_set_pipeline, tw_session_targets,
};
pub use status::{Status, tw_status_text};
pub use string::StringView;
pub use version::{TW_ABI_VERSION, tw_abi_version, tw_version};
