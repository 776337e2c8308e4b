//! What all runs of a process share.

use std::sync::OnceLock;
use thumbwright::Compiler;

/// The compiler with everything that comes with it.
pub fn compiler() -> &'static Compiler {
    static COMPILER: OnceLock<Compiler> = OnceLock::new();
    COMPILER.get_or_init(|| Compiler::new().expect("invariant: the built-in parts fit together"))
}

/// The name of the target that a byte picks.
pub fn target(choice: u8) -> &'static str {
    let targets = compiler().registry().targets();
    let names: Vec<&str> = targets.names().collect();
    names[usize::from(choice) % names.len()]
}
