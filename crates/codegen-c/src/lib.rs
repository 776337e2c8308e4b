//! C99 emission: a verified, placed module becomes a header, a source file, a data file and what builds them.
//!
//! The C needs only `<stdint.h>`, `<stddef.h>` and `<string.h>`, and for instructions of its core `<arm_acle.h>` or `<arm_mve.h>`; it allocates nothing and changes nothing but its arenas and, if the network
//! has states, their memory.
//! It relies on what gcc and clang document for three implementation-defined points of C99: `>>` of a negative integer is
//! arithmetic, a conversion to a narrower signed type keeps the low bits (both asserted in the emitted file), and integers are
//! two's complement.
//!
//! How a function is printed: `function` walks its blocks; pure values with one use become nested expressions (`expr`), sums in a
//! row become statements, everything else becomes a `const` local; subscripts are kept as sums of variables times constants
//! (`affine`), so that each access has one short index expression. Types are as narrow as the intervals of the values (`range`)
//! allow, and never narrower than C needs where `int` has 16 bits.
//!
//! An `mcu.call_extern` is a call of a function that somebody else's header declares; its region is not looked at.
//!
//! Models that are compiled for one program may share their arenas: [`SharedArenas`] says how large those are, [`Options::shared`] makes a
//! model use them, and [`emit_app`] defines them.
//!
//! Invariant: this crate knows no network operator; it prints `func`, `scf`, `memref`, `arith`, `vector`, `math` and external calls.

mod affine;
mod api;
mod app;
mod comment;
mod constants;
mod ctype;
mod expr;
mod externs;
mod function;
mod helium;
pub mod instructions;
mod interface;
mod literal;
mod liveness;
mod memory;
mod names;
mod program;
mod range;
mod render;
mod subscript;
mod support;
mod written;

pub use api::{Api, ApiMemory, ApiTensor};
pub use app::{AppFiles, SharedArenas, emit_app};
pub use interface::Place;
pub use memory::MemoryNeed;
pub use names::c_identifier;
pub use subscript::Subscript;
pub use written::{Written, root};

use ir::{Diagnostic, Diagnostics, Verified};

/// Every error of this crate: code and what it means.
pub const CODES: &[(&str, &str)] = &[
    ("C001", "the public name is not a C identifier"),
    ("C002", "the module has no function @main that C can call"),
    ("C003", "an op has no C form"),
    ("C004", "a type has no C form"),
    ("C005", "the module is not placed: a buffer has no address"),
    ("C006", "a global is neither a constant nor an arena"),
    ("C007", "a constant or an input of the caller is written"),
    ("C008", "functions call each other in a circle"),
    (
        "C009",
        "an external function has a name that the C defines itself",
    ),
    ("C010", "the target does not have an instruction"),
    (
        "C011",
        "a block of instructions has no assembly, or not enough registers",
    ),
];

/// What the C is called and what its header states.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The public prefix: `<name>_run`, `<name>.h`. A C identifier; see [`c_identifier`].
    pub name: String,
    /// A hash of the model file, `sha256:…`, for the header.
    pub model_hash: Option<String>,
    /// Bytes of stack that a run needs, for the header.
    pub stack_bytes: Option<u32>,
    /// The arenas to work in instead of the module's own.
    pub shared: Option<SharedArenas>,
}

/// A file to write, relative to the output directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Path with `/`.
    pub path: String,
    /// Contents.
    pub text: String,
}

/// The name that a function of the module has in C.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KernelName {
    /// Its symbol in the module.
    pub symbol: String,
    /// Its static function in `src/<name>.c`.
    pub function: String,
}

/// The emitted files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CFiles {
    /// `include/<name>.h`
    pub header: File,
    /// `src/<name>.c`
    pub source: File,
    /// `src/<name>_data.h`, private: declarations of the constants.
    pub data_header: File,
    /// `src/<name>_data.c`: weights and constant tables.
    pub data: File,
    /// `CMakeLists.txt`
    pub cmake: File,
    /// `examples/main.c`
    pub example: File,
    /// The kernels in the order of the source file.
    pub kernels: Vec<KernelName>,
    /// The arenas that a run works in, in the order of the members of `struct <name>_arenas` if there are several; one of no bytes if it
    /// needs none.
    pub arenas: Vec<MemoryNeed>,
    /// The memory of the states, if the network has any.
    pub state: Option<MemoryNeed>,
    /// What an example of several models takes of this one.
    pub(crate) part: app::Part,
}

impl CFiles {
    /// All files, sources and headers first.
    pub fn files(&self) -> [&File; 6] {
        [
            &self.header,
            &self.source,
            &self.data_header,
            &self.data,
            &self.cmake,
            &self.example,
        ]
    }
}

/// Emits C from a placed module: `@main` takes inputs, outputs and states as memrefs, its buffers are views of arenas.
///
/// Where `@main`'s arguments have `mcu.offset`, tensors live in an arena; otherwise in the caller's memory.
///
/// # Errors
/// One diagnostic of [`CODES`] for each thing that has no C form, with the layer's name.
pub fn emit(
    module: Verified<'_>,
    target: &target::Target,
    options: &Options,
) -> Result<CFiles, Diagnostics> {
    check_name(&options.name)?;
    instructions::check_target(module.module(), target, "C010")?;
    let program = program::Program::build(module.module(), options)?;
    Ok(render::files(&program, target, options))
}

/// The arenas of a placed module, as [`CFiles::arenas`] has them.
///
/// # Errors
/// A global is no arena that C can have.
pub fn arenas(module: Verified<'_>) -> Result<Vec<MemoryNeed>, Diagnostics> {
    let memories = memory::Memories::of(module.module())?;
    Ok(memories.arenas.into_iter().map(|a| a.need).collect())
}

/// The public header of a placed module and what it declares, for a back end that defines the functions otherwise than in C.
///
/// # Errors
/// As [`emit`], but for what only the functions' bodies can have.
pub fn api(
    module: Verified<'_>,
    target: &target::Target,
    options: &Options,
) -> Result<Api, Diagnostics> {
    check_name(&options.name)?;
    let outline = program::Outline::of(module.module(), options)?;
    Ok(api::Api::of(module.module(), outline, target, options))
}

fn check_name(name: &str) -> Result<(), Diagnostics> {
    if names::is_identifier(name) {
        return Ok(());
    }
    let d = Diagnostic::error("C001", format!("\"{name}\" is not a C identifier"));
    let help = format!("\"{}\" would do", c_identifier(name));
    Err(d.help(help).into())
}
