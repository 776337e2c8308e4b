//! What is written of an LLVM module.

use crate::failure::refused;
use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember};
use inkwell::module::Module;
use inkwell::targets::{FileType, TargetMachine};
use ir::Diagnostic;

/// A form of the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `<name>.ll`: LLVM's text of the optimised module.
    LlvmIr,
    /// `<name>.bc`: the same as bitcode, for a link-time optimiser.
    Bitcode,
    /// `<name>.s`: assembly.
    Assembly,
    /// `<name>.o`: an ELF object.
    Object,
    /// `lib<name>.a`: the object in an archive with an index.
    Library,
}

/// A file to write, relative to the output directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artifact {
    /// What it is.
    pub kind: Kind,
    /// Path with `/`.
    pub path: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

pub(crate) fn write(
    module: &Module<'_>,
    machine: &TargetMachine,
    name: &str,
    kinds: &[Kind],
) -> Result<Vec<Artifact>, Diagnostic> {
    let mut object = None;
    let mut all = Vec::new();
    for &kind in kinds {
        let (path, bytes) = match kind {
            Kind::LlvmIr => (
                format!("{name}.ll"),
                module.print_to_string().to_bytes().to_vec(),
            ),
            Kind::Bitcode => {
                let buffer = module.write_bitcode_to_memory();
                (format!("{name}.bc"), buffer.as_slice().to_vec())
            }
            Kind::Assembly => (
                format!("{name}.s"),
                generate(module, machine, FileType::Assembly)?,
            ),
            Kind::Object => (format!("{name}.o"), compiled(module, machine, &mut object)?),
            Kind::Library => {
                let object = compiled(module, machine, &mut object)?;
                let member = (format!("{name}.o"), object);
                (format!("lib{name}.a"), archive(&[member])?)
            }
        };
        all.push(Artifact { kind, path, bytes });
    }
    Ok(all)
}

/// The object, which is generated once.
fn compiled(
    module: &Module<'_>,
    machine: &TargetMachine,
    object: &mut Option<Vec<u8>>,
) -> Result<Vec<u8>, Diagnostic> {
    if let Some(bytes) = object {
        return Ok(bytes.clone());
    }
    let bytes = generate(module, machine, FileType::Object)?;
    *object = Some(bytes.clone());
    Ok(bytes)
}

fn generate(
    module: &Module<'_>,
    machine: &TargetMachine,
    what: FileType,
) -> Result<Vec<u8>, Diagnostic> {
    // The code generator changes what it is given.
    let buffer = machine
        .write_to_memory_buffer(&module.clone(), what)
        .map_err(|e| refused(&e.to_string_lossy()))?;
    let bytes = buffer.as_slice();
    // A buffer of text ends with a zero that is none of it.
    let text = what == FileType::Assembly;
    Ok(match bytes {
        [rest @ .., 0] if text => rest.to_vec(),
        _ => bytes.to_vec(),
    })
}

/// Objects by name as a library with an index, without date and owner, so that it is always the same.
///
/// # Errors
/// `B006` if one is no object.
pub fn archive(objects: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Diagnostic> {
    let member = |(name, bytes): &(String, Vec<u8>)| {
        NewArchiveMember::new(bytes.clone(), &DEFAULT_OBJECT_READER, name.clone())
    };
    let members: Vec<_> = objects.iter().map(member).collect();
    let mut bytes = std::io::Cursor::new(Vec::new());
    ar_archive_writer::write_archive_to_stream(
        &mut bytes,
        &members,
        ArchiveKind::Gnu,
        false,
        false,
    )
    .map_err(|e| refused(&format!("the archive: {e}")))?;
    Ok(bytes.into_inner())
}
