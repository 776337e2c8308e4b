//! What `--with` and `--target` bring along: accelerators by name, kernel libraries and target descriptions in files.

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
        if !is_file(name) {
            builder = builder.accelerator(name).map_err(|e| {
                anyhow::anyhow!("--with {name}: {e}; a kernel library is given by the path of its table, which ends in .toml")
            })?;
            continue;
        }
        let library = KernelLibrary::load(Path::new(name))?;
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

/// A name is a file's if it ends as one.
fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e == "toml")
}
