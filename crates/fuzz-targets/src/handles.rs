//! A plug-in that calls any function of the host, with handles that are valid, stale, foreign or made up.

use crate::Outcome;

/// Whatever a plug-in calls, the host does not panic, and the module can be printed, verified, and, if it verifies, read back.
pub fn handles(data: &[u8]) -> Outcome {
    let succeeded = plugin::host::plugin_handles(data);
    match succeeded.is_empty() {
        true => Outcome::refused_because("no call succeeded"),
        false => Outcome::accepted(succeeded),
    }
}
