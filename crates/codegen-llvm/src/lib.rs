//! A verified, placed module as LLVM's objects: the functions that the public C header of [`codegen_c`] declares, without a C compiler.
//!
//! What there is to build, and what it is called, says [`codegen_c::api`]. `program` makes an LLVM module of it: constants, arenas, a
//! function a kernel (`function`), the public functions (`interface`), and, if it is asked for, what debuggers want to know (`debug`).
//! `machine` knows LLVM's name of a core, `optimize` the passes,
//! `artifact` what is written, and `frames` how much stack it takes.
//!
//! Invariant: this crate knows no network operator; it builds the ops that [`codegen_c`] prints, external calls included.
//!
//! Invariant: what the IR leaves undefined, and nothing else, is left undefined to LLVM: `nsw` where the op says so, and in `index`
//! arithmetic. Floats have no fast-math flags, so nothing is contracted or reordered.

mod address;
mod artifact;
mod debug;
mod exponential;
mod facts;
mod failure;
mod frames;
mod function;
mod interface;
mod machine;
mod optimize;
mod program;
mod types;

pub use artifact::{Artifact, Kind, archive};
pub use frames::Frame;

use codegen_c::{File, KernelName, SharedArenas};
use ir::{Diagnostic, Diagnostics, Verified};

/// Every error of this crate itself: code and what it means. What the C API needs of a module, `codegen_c` checks with codes of its own.
pub const CODES: &[(&str, &str)] = &[
    ("B001", "an op has no LLVM form"),
    ("B002", "a type has no LLVM form"),
    ("B003", "the module is not placed: a buffer has no address"),
    ("B004", "a constant or an input of the caller is written"),
    ("B005", "LLVM has no such processor or floating-point unit"),
    ("B006", "LLVM refuses what was built for it"),
    ("B007", "the target does not have an instruction"),
    (
        "B008",
        "a block of instructions has no assembly, or not enough registers",
    ),
];

/// What is built, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Names, and what the header states.
    pub api: codegen_c::Options,
    /// What to write; the header is always there.
    pub kinds: Vec<Kind>,
    /// Build for the machine that this runs on, whatever the target: for tests.
    pub for_host: bool,
    /// Say to debuggers which op and which layer code comes from.
    pub debug_info: bool,
    /// Say how much stack each function takes: takes as long again.
    pub frames: bool,
}

impl Options {
    /// A library of that name for the target.
    pub fn new(name: &str) -> Options {
        Options {
            api: codegen_c::Options {
                name: name.to_owned(),
                ..codegen_c::Options::default()
            },
            kinds: vec![Kind::Library],
            for_host: false,
            debug_info: false,
            frames: false,
        }
    }
}

/// What came out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Emitted {
    /// `include/<name>.h`, the same as that of the C.
    pub header: File,
    /// In the order of [`Options::kinds`].
    pub artifacts: Vec<Artifact>,
    /// The kernels and their local symbols in the object.
    pub kernels: Vec<KernelName>,
    /// With [`Options::frames`], the stack frames of the functions.
    pub frames: Vec<Frame>,
    /// With [`Options::debug_info`], `<name>.mlir`: the text of the module, whose lines debuggers show.
    pub listing: Option<File>,
}

/// Builds a placed module: `@main` takes inputs, outputs and states as memrefs, its buffers are views of arenas.
///
/// # Errors
/// One diagnostic of [`CODES`], or of [`codegen_c::CODES`], for each thing that cannot be built, with the layer's name.
pub fn emit(
    module: Verified<'_>,
    target: &target::Target,
    options: &Options,
) -> Result<Emitted, Diagnostics> {
    let targets = target::Targets::builtin();
    let built_for = match targets.get("host") {
        Ok(host) if options.for_host => host,
        _ => target,
    };
    codegen_c::instructions::check_target(module.module(), built_for, "B007")?;
    let machine = machine::create(target, options.for_host)?;
    let api = codegen_c::api(module, target, &options.api)?;
    let path = format!("{}.mlir", api.name);
    let build = |debug_info: bool, kinds: &[Kind]| {
        let context = inkwell::context::Context::create();
        let listing = debug_info.then_some(&*path);
        let m = module.module();
        let built = program::build(&context, m, &api, target, &machine, listing)?;
        optimize::run(&built.llvm, &machine)?;
        let artifacts = artifact::write(&built.llvm, &machine, &api.name, kinds)?;
        Ok::<_, Diagnostics>((artifacts, built.listing))
    };
    let (artifacts, listing) = build(options.debug_info, &options.kinds)?;
    let mut frames = Vec::new();
    if options.frames {
        for assembly in build(true, &[Kind::Assembly])?.0 {
            frames.extend(frames::parse(&String::from_utf8_lossy(&assembly.bytes)));
        }
    }
    Ok(Emitted {
        header: api.header,
        artifacts,
        kernels: api.kernels,
        frames,
        listing: listing.map(|text| File { path, text }),
    })
}

/// Builds what defines the arenas that several models share, each emitted with [`codegen_c::Options::shared`].
///
/// # Errors
/// As of [`emit`].
pub fn emit_arenas(
    shared: &SharedArenas,
    target: &target::Target,
    kinds: &[Kind],
    for_host: bool,
) -> Result<Vec<Artifact>, Diagnostic> {
    let machine = machine::create(target, for_host)?;
    let context = inkwell::context::Context::create();
    let llvm = program::arenas(
        &context,
        shared.app(),
        &shared.variables(),
        target,
        &machine,
    );
    optimize::run(&llvm, &machine)?;
    artifact::write(&llvm, &machine, shared.app(), kinds)
}
