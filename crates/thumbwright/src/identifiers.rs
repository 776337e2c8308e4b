//! The module's name: the prefix of every public C name.

/// A C identifier from a model file's name: its stem, other characters than letters, digits and `_` replaced, a leading digit prefixed.
///
/// ```
/// assert_eq!(thumbwright::module_name("models/kws-ref.v2.tflite"), "kws_ref_v2");
/// assert_eq!(thumbwright::module_name("3d.tflite"), "_3d");
/// ```
pub fn module_name(file: &str) -> String {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = base
        .rsplit_once('.')
        .map_or(base, |(s, _)| if s.is_empty() { base } else { s });
    let mut name: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
    }
    name
}

/// Whether a name that the user gave can prefix C names.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
