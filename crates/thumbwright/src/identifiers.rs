//! The module's name: the prefix of every public C name.

use codegen_c::c_identifier;

/// A C identifier from a model file's name: its stem, as [`c_identifier`] makes it one.
///
/// ```
/// assert_eq!(thumbwright::module_name("models/kws-ref.v2.tflite"), "kws_ref_v2");
/// assert_eq!(thumbwright::module_name("3d.tflite"), "t_3d");
/// assert_eq!(thumbwright::module_name("default.tflite"), "t_default");
/// ```
pub fn module_name(file: &str) -> String {
    let base = crate::compiler::base_name(file);
    let stem = base
        .rsplit_once('.')
        .map_or(base, |(s, _)| if s.is_empty() { base } else { s });
    c_identifier(stem)
}

/// Whether a name that the user gave can prefix C names.
pub(crate) fn is_identifier(name: &str) -> bool {
    name == c_identifier(name)
}
