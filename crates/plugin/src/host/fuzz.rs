//! fuzz
/// x
pub fn plugin_handles(_data: &[u8]) {}
