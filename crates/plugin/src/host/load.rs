//! From a file to registered parts.

use super::callbacks::Origin;
use super::incoming::slice;
use super::registration::{UserPointer, register};
use super::table::HOST;
use crate::abi;
use libloading::{Library, Symbol};
use pass::RegistryBuilder;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a plug-in cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PluginError {
    /// The file cannot be opened as a library.
    #[error("cannot load the plug-in `{}`: {why}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says, and what to do.
        why: String,
    },
    /// The library does not export the entry.
    #[error(
        "`{}` is no Thumbwright plug-in: it exports no `{}`; export the function as `thumbwright/plugin.h` declares it",
        path.display(), abi::ENTRY
    )]
    NoEntry {
        /// The file.
        path: PathBuf,
    },
    /// The entry returned null.
    #[error(
        "the plug-in `{}` cannot serve version {} of the interface, the latest of this Thumbwright: \
         use a newer Thumbwright, or build the plug-in for this one",
        path.display(), abi::VERSION
    )]
    Refused {
        /// The file.
        path: PathBuf,
    },
    /// The head that the entry returned is wrong.
    #[error("the plug-in `{}` has a wrong head: {why}", path.display())]
    Head {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// Registering failed.
    #[error("the plug-in `{name}` (`{}`) cannot be registered: {why}", path.display())]
    Register {
        /// The file.
        path: PathBuf,
        /// The plug-in's name.
        name: String,
        /// What is wrong.
        why: String,
    },
}

/// A plug-in that was loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PluginInfo {
    /// Its name.
    pub name: String,
    /// What it is, in one sentence.
    pub summary: String,
    /// The version of the interface that it serves.
    pub version: u32,
    /// The file, as given.
    pub path: PathBuf,
}

/// Loads a plug-in and registers what it has.
///
/// This runs the library's code, with all rights of the process: load only what you trust as you would trust a program.
///
/// # Errors
/// If the file is no plug-in of a version that fits, or what it has cannot be registered: of no use is the builder, too, then.
pub fn load(path: &Path, r: &mut RegistryBuilder) -> Result<PluginInfo, PluginError> {
    let library = open(path)?;
    // SAFETY: a symbol of this name is a function of this type: that is what the name is reserved for.
    let entry: Result<Symbol<'_, abi::QueryFn>, _> = unsafe { library.get(abi::ENTRY.as_bytes()) };
    let Ok(entry) = entry.map(|symbol| *symbol) else {
        return Err(PluginError::NoEntry {
            path: path.to_owned(),
        });
    };
    // SAFETY: as above; the library stays loaded as long as anything that is registered.
    unsafe { enlist(path, entry, Some(library), r) }
}

/// Registers what a plug-in has that is linked with the program: in C, or for a test of one in Rust. `path` names it in errors.
///
/// # Errors
/// As of [`load`].
///
/// # Safety
/// `entry` does what the interface says.
pub unsafe fn link(
    path: &Path,
    entry: abi::QueryFn,
    r: &mut RegistryBuilder,
) -> Result<PluginInfo, PluginError> {
    // SAFETY: by the caller's promise; what is linked stays.
    unsafe { enlist(path, entry, None, r) }
}

/// Asks a plug-in for its head and has it register.
///
/// # Safety
/// `entry` does what the interface says, and is there as long as the library.
unsafe fn enlist(
    path: &Path,
    entry: abi::QueryFn,
    library: Option<Library>,
    r: &mut RegistryBuilder,
) -> Result<PluginInfo, PluginError> {
    // SAFETY: by the caller's promise.
    let head = unsafe { ask(path, entry) }?;
    if head.version == 0 || head.version > abi::VERSION {
        return Err(wrong(
            path,
            format!(
                "it serves version {} of the interface, and was asked for at most {}; return null when you cannot serve",
                head.version,
                abi::VERSION
            ),
        ));
    }
    let name = text(path, "name", head.name)?;
    if name.is_empty() {
        return Err(wrong(path, "it has no name"));
    }
    let info = PluginInfo {
        summary: text(path, "summary", head.summary)?,
        name,
        version: head.version,
        path: path.to_owned(),
    };
    let Some(register_all) = head.register_all else {
        return Err(wrong(path, "`register_all` is null"));
    };
    let origin = Origin {
        plugin: info.name.clone(),
        library,
    };
    register(r, Arc::new(origin), register_all, UserPointer(head.user)).map_err(|why| {
        PluginError::Register {
            path: path.to_owned(),
            name: info.name.clone(),
            why,
        }
    })?;
    Ok(info)
}

fn wrong(path: &Path, why: impl Into<String>) -> PluginError {
    PluginError::Head {
        path: path.to_owned(),
        why: why.into(),
    }
}

fn open(path: &Path) -> Result<Library, PluginError> {
    let error = |why: String| PluginError::Open {
        path: path.to_owned(),
        why,
    };
    // A path with a folder in it is opened as it is, never searched for among the system's libraries.
    let full = path
        .canonicalize()
        .map_err(|e| error(format!("{e}; give the path of a shared library")))?;
    if !full.is_file() {
        return Err(error("it is no file".to_owned()));
    }
    // SAFETY: opening a library runs its constructors. That they do nothing undefined is what the user trusts the plug-in for, as any
    // program; nothing else can be said of foreign machine code.
    unsafe { Library::new(&full) }.map_err(|e| {
        let mut why = String::new();
        let mut source: Option<&dyn std::error::Error> = Some(&e);
        while let Some(s) = source {
            why = s.to_string();
            source = s.source();
        }
        error(format!(
            "{why}; it must be a shared library (`cc -shared -fPIC`, or a Rust `cdylib`) for this machine"
        ))
    })
}

/// Calls the entry.
///
/// # Safety
/// It does what the interface says.
unsafe fn ask(path: &Path, entry: abi::QueryFn) -> Result<abi::Plugin, PluginError> {
    // SAFETY: called as the header declares it; the table is static.
    let head = unsafe { entry(abi::VERSION, &HOST) };
    if head.is_null() {
        return Err(PluginError::Refused {
            path: path.to_owned(),
        });
    }
    if !head.is_aligned() {
        return Err(wrong(path, "the pointer to it is misaligned"));
    }
    // SAFETY: not null, aligned; a head has at least its first two fields, by the interface.
    let size = unsafe { (&raw const (*head).size).read() };
    if (size as usize) < size_of::<abi::Plugin>() {
        return Err(wrong(
            path,
            format!(
                "its `size` is {size}, wants at least {}: set it to sizeof(tw_plugin)",
                size_of::<abi::Plugin>()
            ),
        ));
    }
    // SAFETY: it says that it has all fields of ours.
    Ok(unsafe { head.read() })
}

fn text(path: &Path, field: &str, text: abi::Str) -> Result<String, PluginError> {
    // SAFETY: the head's pointers are valid while the library is loaded, by the interface.
    let bytes: &[u8] = unsafe { slice(text.data.cast(), text.len) }
        .map_err(|e| wrong(path, format!("its `{field}` is {}", e.why)))?;
    String::from_utf8(bytes.to_vec())
        .map_err(|_| wrong(path, format!("its `{field}` is not UTF-8")))
}
