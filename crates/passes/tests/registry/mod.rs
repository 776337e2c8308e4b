//! The registry that the tests of passes share.

use pass::Registry;
use target::Targets;

/// Everything of this repository that a module may need.
pub fn registry() -> Registry {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    interp::register(&mut r.dialects).unwrap();
    passes::register(&mut r).unwrap();
    r.freeze()
}
