//! Versions of the library and of its binary interface.

use std::ffi::c_char;

/// The version of the binary interface that this header describes. It grows by one with every addition; a library serves all headers up
/// to its own version.
pub const TW_ABI_VERSION: u32 = 1;

/// The version of the binary interface that the library has, which is the `TW_ABI_VERSION` of its own header.
#[unsafe(no_mangle)]
pub extern "C" fn tw_abi_version() -> u32 {
    TW_ABI_VERSION
}

/// The version of the compiler, as "1.2.3". The text lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn tw_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
