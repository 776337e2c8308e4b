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
}

impl Compiled {
    /// The model as LLVM builds it for its target.
    ///
    /// # Errors
    /// `D007` where this build has no LLVM back end; what has no LLVM form.
    pub fn objects(&self, kinds: &[ObjectKind]) -> Result<Objects, CompileError> {
        self.objects_for(kinds, false)
    }

    /// As [`objects`](Self::objects), for the machine that this runs on, whatever the target.
    ///
    /// # Errors
    /// As [`objects`](Self::objects).
    pub fn host_objects(&self, kinds: &[ObjectKind]) -> Result<Objects, CompileError> {
        self.objects_for(kinds, true)
    }

    #[cfg(not(feature = "llvm"))]
    fn objects_for(&self, _: &[ObjectKind], _: bool) -> Result<Objects, CompileError> {
        Err(missing())
    }

    #[cfg(feature = "llvm")]
    fn objects_for(&self, kinds: &[ObjectKind], host: bool) -> Result<Objects, CompileError> {
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
            kinds: kinds.iter().map(kind).collect(),
            for_host: host,
        };
        let emitted =
            codegen_llvm::emit(verified, self.target(), &options).map_err(CompileError)?;
        let file = |a: codegen_llvm::Artifact| BinaryFile {
            path: a.path,
            bytes: a.bytes,
        };
        Ok(Objects {
            header: File {
                path: emitted.header.path,
                text: emitted.header.text,
            },
            files: emitted.artifacts.into_iter().map(file).collect(),
        })
    }
}
