//! The back ends: C, and objects by LLVM, where this build has it (the feature `llvm`).

use crate::{App, CompileError, Compiled, File};
use codegen_c::SharedArenas;
use emulate::StackFrame;
use ir::Diagnostic;
use target::Target;

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
    /// With the stack frames of the functions, which takes as long again.
    pub frames: bool,
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
    /// With [`ObjectOptions::frames`], the stack frame of each function.
    pub frames: Vec<StackFrame>,
    /// With [`ObjectOptions::debug_info`], `<name>.mlir`: the placed module as text, whose lines debuggers show.
    pub listing: Option<File>,
}

/// What LLVM made of the models of an app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppObjects {
    /// The public headers: the app's, then a model's each, the same as those of the C.
    pub headers: Vec<File>,
    /// One `lib<app>.a` with everything, if a library was asked for; of the other forms a file for each model, and one for the arenas.
    pub files: Vec<BinaryFile>,
    /// With [`ObjectOptions::debug_info`], a text for each model.
    pub listings: Vec<File>,
}

impl App {
    /// The models as LLVM builds them, with the arenas that they share.
    ///
    /// # Errors
    /// As of [`Compiled::objects`].
    pub fn objects(&self, options: &ObjectOptions) -> Result<AppObjects, CompileError> {
        let headers = self.c_files()?.into_iter();
        let mut all = AppObjects {
            headers: headers.filter(|f| f.path.starts_with("include/")).collect(),
            files: Vec::new(),
            listings: Vec::new(),
        };
        let single = |kind: &&ObjectKind| **kind != ObjectKind::Library;
        let mut kinds: Vec<ObjectKind> = options.kinds.iter().filter(single).copied().collect();
        let library = kinds.len() < options.kinds.len();
        if library {
            kinds.push(ObjectKind::Object);
        }
        let options = ObjectOptions {
            kinds,
            ..options.clone()
        };
        let mut members = Vec::new();
        let mut add = |files: &mut Vec<BinaryFile>, mut made: Vec<BinaryFile>| {
            if library {
                members.extend(made.pop().map(|f| (f.path, f.bytes)));
            }
            files.extend(made);
        };
        for model in self.models() {
            let objects = model.objects(&options)?;
            all.listings.extend(objects.listing);
            add(&mut all.files, objects.files);
        }
        add(
            &mut all.files,
            arenas(self.shared(), self.target(), &options)?,
        );
        if library {
            all.files.push(BinaryFile {
                path: format!("lib{}.a", self.name()),
                bytes: archive(&members)?,
            });
        }
        Ok(all)
    }
}

#[cfg(not(feature = "llvm"))]
pub(crate) fn arenas(
    _: &SharedArenas,
    _: &Target,
    _: &ObjectOptions,
) -> Result<Vec<BinaryFile>, CompileError> {
    Err(missing())
}

/// What defines the arenas of an app.
#[cfg(feature = "llvm")]
pub(crate) fn arenas(
    shared: &SharedArenas,
    target: &Target,
    options: &ObjectOptions,
) -> Result<Vec<BinaryFile>, CompileError> {
    let kinds: Vec<codegen_llvm::Kind> = options.kinds.iter().map(kind).collect();
    let made = codegen_llvm::emit_arenas(shared, target, &kinds, options.for_host)?;
    Ok(made.into_iter().map(BinaryFile::from).collect())
}

#[cfg(not(feature = "llvm"))]
fn archive(_: &[(String, Vec<u8>)]) -> Result<Vec<u8>, CompileError> {
    Err(missing())
}

#[cfg(feature = "llvm")]
fn archive(objects: &[(String, Vec<u8>)]) -> Result<Vec<u8>, CompileError> {
    Ok(codegen_llvm::archive(objects)?)
}

#[cfg(feature = "llvm")]
fn kind(kind: &ObjectKind) -> codegen_llvm::Kind {
    use codegen_llvm::Kind;
    match kind {
        ObjectKind::LlvmIr => Kind::LlvmIr,
        ObjectKind::Bitcode => Kind::Bitcode,
        ObjectKind::Assembly => Kind::Assembly,
        ObjectKind::Object => Kind::Object,
        ObjectKind::Library => Kind::Library,
    }
}

#[cfg(feature = "llvm")]
impl From<codegen_llvm::Artifact> for BinaryFile {
    fn from(a: codegen_llvm::Artifact) -> BinaryFile {
        BinaryFile {
            path: a.path,
            bytes: a.bytes,
        }
    }
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
        let verified = ir::verify::verify(self.module()).map_err(CompileError)?;
        let options = codegen_llvm::Options {
            api: self.c_options(),
            kinds: options.kinds.iter().map(kind).collect(),
            for_host: options.for_host,
            debug_info: options.debug_info,
            frames: options.frames,
        };
        let emitted =
            codegen_llvm::emit(verified, self.target(), &options).map_err(CompileError)?;
        let text = |f: codegen_c::File| File {
            path: f.path,
            text: f.text,
        };
        let frame = |f: codegen_llvm::Frame| StackFrame {
            function: f.function,
            bytes: f.bytes,
            fixed: f.fixed,
        };
        Ok(Objects {
            header: text(emitted.header),
            files: (emitted.artifacts.into_iter())
                .map(BinaryFile::from)
                .collect(),
            frames: emitted.frames.into_iter().map(frame).collect(),
            listing: emitted.listing.map(text),
        })
    }
}
