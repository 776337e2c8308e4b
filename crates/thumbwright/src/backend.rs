//! The back ends: C, and objects by LLVM, where this build has it (the feature `llvm`).

use crate::{CompileError, Compiled, File};
use ir::Diagnostic;

/// What makes a program of a placed module.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Backend {
    /// C, for any compiler.
    #[default]
    C,
    /// Objects and libraries, by LLVM.
    Llvm,
}

impl Backend {
    /// Fails where this build has no such back end.
    ///
    /// # Errors
    /// `D007`.
    pub fn check(self) -> Result<(), CompileError> {
        match self {
            Backend::Llvm if cfg!(not(feature = "llvm")) => Err(missing()),
            _ => Ok(()),
        }
    }
}

/// `D007`, with the way to a build that has it.
fn missing() -> CompileError {
    Diagnostic::error("D007", "this build of Thumbwright has no LLVM back end")
        .help(
            "build it with the feature `llvm`, which takes LLVM 19: \
             `scripts/install-tools llvm && cargo build --release --package thumbwright --features llvm`",
        )
        .into()
}

/// A form of the code that LLVM makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectKind {
    /// `<name>.ll`: LLVM's text of the optimised module.
    LlvmIr,
    /// `<name>.bc`: the same as bitcode, for a link-time optimiser.
    Bitcode,
    /// `<name>.s`: assembly.
    Assembly,
    /// `<name>.o`: an ELF object.
    Object,
    /// `lib<name>.a`: the object in an archive.
    Library,
}

/// What LLVM shall make of a model.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ObjectOptions {
    /// The forms to make.
    pub kinds: Vec<ObjectKind>,
    /// For the machine that this runs on, whatever the target.
    pub for_host: bool,
    /// With line tables for debuggers, and the text that their lines are of.
    pub debug_info: bool,
}

impl ObjectOptions {
    /// Some forms, for the model's target, without debug information.
    pub fn new(kinds: &[ObjectKind]) -> ObjectOptions {
        ObjectOptions {
            kinds: kinds.to_vec(),
            ..ObjectOptions::default()
        }
    }
}

/// A file to write whose contents need not be text: path below the output folder, and bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BinaryFile {
    /// With `/`.
    pub path: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

impl From<File> for BinaryFile {
    fn from(file: File) -> BinaryFile {
        BinaryFile {
            path: file.path,
            bytes: file.text.into_bytes(),
        }
    }
}

/// What LLVM made of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Objects {
    /// The public header, the same as that of the C.
    pub header: File,
    /// In the order in which they were asked for.
    pub files: Vec<BinaryFile>,
    /// With [`ObjectOptions::debug_info`], `<name>.mlir`: the placed module as text, whose lines debuggers show.
    pub listing: Option<File>,
}

impl Compiled {
    /// The model as LLVM builds it.
    ///
    /// # Errors
    /// `D007` where this build has no LLVM back end; what has no LLVM form.
    #[cfg(not(feature = "llvm"))]
    pub fn objects(&self, _: &ObjectOptions) -> Result<Objects, CompileError> {
        Err(missing())
    }

    /// The model as LLVM builds it.
    ///
    /// # Errors
    /// `D007` where this build has no LLVM back end; what has no LLVM form.
    #[cfg(feature = "llvm")]
    pub fn objects(&self, options: &ObjectOptions) -> Result<Objects, CompileError> {
        use codegen_llvm::Kind;
        let kind = |k: &ObjectKind| match k {
            ObjectKind::LlvmIr => Kind::LlvmIr,
            ObjectKind::Bitcode => Kind::Bitcode,
            ObjectKind::Assembly => Kind::Assembly,
            ObjectKind::Object => Kind::Object,
            ObjectKind::Library => Kind::Library,
        };
        let verified = ir::verify::verify(self.module()).map_err(CompileError)?;
        let options = codegen_llvm::Options {
            api: self.c_options(),
            kinds: options.kinds.iter().map(kind).collect(),
            for_host: options.for_host,
            debug_info: options.debug_info,
        };
        let emitted =
            codegen_llvm::emit(verified, self.target(), &options).map_err(CompileError)?;
        let text = |f: codegen_c::File| File {
            path: f.path,
            text: f.text,
        };
        let file = |a: codegen_llvm::Artifact| BinaryFile {
            path: a.path,
            bytes: a.bytes,
        };
        Ok(Objects {
            header: text(emitted.header),
            files: emitted.artifacts.into_iter().map(file).collect(),
            listing: emitted.listing.map(text),
        })
    }
}
