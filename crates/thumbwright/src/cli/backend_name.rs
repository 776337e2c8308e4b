//! `--backend`.

use crate::Backend;
use clap::ValueEnum;

/// A back end by its name on the command line.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum BackendName {
    /// C, for any compiler.
    #[default]
    C,
    /// Objects and libraries; takes a build with the feature `llvm`.
    Llvm,
}

impl From<BackendName> for Backend {
    fn from(name: BackendName) -> Backend {
        match name {
            BackendName::C => Backend::C,
            BackendName::Llvm => Backend::Llvm,
        }
    }
}
