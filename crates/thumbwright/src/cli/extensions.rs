//! What `--with` and `--target` bring along: accelerators and kernel libraries by name, and libraries and target descriptions in files.

use std::path::Path;

use anyhow::Context;
use pass::RegistryError;
use target::TargetError;

use crate::{Compiler, CompilerBuilder, KernelLibrary};

/// The compiler with all of it. A target that is a file is replaced by its name.
pub fn build(
    mut builder: CompilerBuilder,
    with: &[String],
    target: &mut String,
) -> anyhow::Result<Compiler> {
    let mut brought: Vec<String> = Vec::new();
    for name in with {
        let (known, folder) = match name.split_once('=') {
            Some((known, folder)) if !is_file(name) => (known, Some(Path::new(folder))),
            _ => (name.as_str(), None),
        };
        let library = match KernelLibrary::builtin(known) {
            Some(library) => library,
            None if is_file(name) => KernelLibrary::load(Path::new(name))?,
            None => {
                if folder.is_some() {
                    anyhow::bail!("--with {name}: {known} is {}", libraries());
                }
                builder = builder.accelerator(name).map_err(|e| {
                    anyhow::anyhow!("--with {name}: {e}; it is also {}", libraries())
                })?;
                continue;
            }
        };
        let library = match folder {
            Some(folder) => library.with_folder(folder)?,
            None => library,
        };
        brought.extend(library.targets().iter().map(|t| t.text.clone()));
        builder = builder.library(library)?;
    }
    if is_file(target) {
        let text = std::fs::read_to_string(&*target)
            .with_context(|| format!("--target {target}: cannot be read"))?;
        builder = builder.register(|r| {
            *target = match r.target(target, &text) {
                Ok(name) => name,
                // A library has brought the same description.
                Err(RegistryError::Target(TargetError::Duplicate { name, .. }))
                    if brought.contains(&text) =>
                {
                    name
                }
                Err(e) => return Err(e),
            };
            Ok(())
        })?;
    }
    Ok(builder.build())
}

/// What a name is not, in words.
fn libraries() -> String {
    format!(
        "no kernel library that comes along (there is {}); any other is given by the path of its table, which ends in .toml",
        KernelLibrary::BUILTIN.join(", ")
    )
}

/// A name is a file's if it ends as one.
fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e == "toml")
}
