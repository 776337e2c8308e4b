//! A library: its file, and its entries as schedules.

use crate::document::{Document, Table};
use crate::error::{LibraryError, Problem};
use crate::kernel::Kernel;
use crate::layout::Layouts;
use crate::schedule::ExternSchedule;
use ir::dialects::mcu;
use pass::RegistryBuilder;
use std::path::{Path, PathBuf};

/// A target description that comes with a library.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetFile {
    /// Its path, for messages.
    pub file: String,
    /// What it holds.
    pub text: String,
}

/// A library of C functions that compute network ops, as its file describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KernelLibrary {
    file: String,
    text: String,
    name: String,
    header: String,
    link: String,
    sources: Vec<PathBuf>,
    include: Vec<PathBuf>,
    targets: Vec<TargetFile>,
}

const KEYS: [&str; 9] = [
    "name",
    "description",
    "header",
    "link",
    "include",
    "sources",
    "targets",
    "struct",
    "kernel",
];

/// The tables that come along.
const TABLES: [(&str, &str); 1] = [("cmsis-nn", include_str!("data/cmsis-nn.toml"))];

/// How deep folders of C are searched.
const FOLDER_DEPTH: usize = 8;

/// Bytes of a file at most.
const MAX_FILE: u64 = 1 << 24;

impl KernelLibrary {
    /// Reads a library's file. The entries are checked when they are [registered](Self::register).
    ///
    /// # Errors
    /// The file, or one that it names, cannot be read, or the head is wrong.
    pub fn load(path: &Path) -> Result<KernelLibrary, LibraryError> {
        let file = path.display().to_string();
        let text = read(path).map_err(|why| LibraryError {
            file: file.clone(),
            problems: vec![Problem {
                line: None,
                key: String::new(),
                message: format!("cannot be read: {why}"),
                help: String::new(),
            }],
        })?;
        let base = path.parent().unwrap_or(Path::new(""));
        Self::from_text(&file, &text, base)
    }

    /// As [`load`](Self::load), from a text; `file` names it in messages, and paths in it start at `base`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_text(file: &str, text: &str, base: &Path) -> Result<KernelLibrary, LibraryError> {
        let mut d = Document::new(file, text);
        let root = d.parse()?;
        let table = Table {
            entries: root.get_ref(),
            key: String::new(),
            at: 0,
        };
        let library = Self::head(&mut d, &table, file, text, base);
        d.finish(library)
    }

    fn head<'t>(
        d: &mut Document<'t>,
        table: &Table<'_, 't>,
        file: &str,
        text: &str,
        base: &Path,
    ) -> Option<KernelLibrary> {
        d.only(table, &KEYS);
        let _ = d.optional(table, "description", "a sentence");
        let name = d.string(table, "name", "the library's name");
        let header = d.string(table, "header", "the header that declares the functions");
        let link = d.optional(table, "link", "the name of the library for the linker");
        let at = |key: &str| table.get(key).map_or(0, |i| i.span().start);
        for (key, value, ok) in [
            ("name", name, name.is_none_or(mcu::is_library)),
            ("link", link, link.is_none_or(mcu::is_library)),
            ("header", header, header.is_none_or(mcu::is_header)),
        ] {
            if !ok {
                let value = value.unwrap_or_default();
                let help = match key {
                    "header" => "write a relative path of letters, digits and \"_.-+/\"",
                    _ => "write letters, digits and \"_.-+\", a letter or digit first",
                };
                d.wrong(at(key), key, format!("{value:?} cannot be"), help);
            }
        }
        let mut files = |key: &str, what: &str, is_file: bool| {
            let mut found = Vec::new();
            for (name, at) in d.strings(table, key, what) {
                let path = std::path::absolute(base.join(name)).unwrap_or_else(|_| base.join(name));
                let there = if is_file {
                    path.is_file()
                } else {
                    path.is_dir()
                };
                if !there {
                    let help =
                        format!("paths start at the folder of this file: {}", path.display());
                    let kind = if is_file { "file" } else { "folder" };
                    d.wrong(at, key, format!("there is no {kind} {name:?}"), help);
                }
                found.push((path, at));
            }
            found
        };
        let sources = files("sources", "C files", true);
        let include = files("include", "folders of headers", false);
        let named = files("targets", "target descriptions", true);
        let mut targets = Vec::new();
        for (path, at) in named {
            match read(&path) {
                Ok(text) => targets.push(TargetFile {
                    file: path.display().to_string(),
                    text,
                }),
                Err(_) if !path.is_file() => {}
                Err(why) => d.wrong(at, "targets", format!("cannot be read: {why}"), ""),
            }
        }
        if table.get("kernel").is_none() {
            d.wrong(
                0,
                "kernel",
                "the library computes nothing",
                "add a [[kernel]]",
            );
        }
        let paths = |list: Vec<(PathBuf, usize)>| list.into_iter().map(|p| p.0).collect();
        Some(KernelLibrary {
            file: file.to_owned(),
            text: text.to_owned(),
            name: name?.to_owned(),
            header: header?.to_owned(),
            link: link.or(name)?.to_owned(),
            sources: paths(sources),
            include: paths(include),
            targets,
        })
    }

    /// A library whose table comes with Thumbwright, by its name: one of [`BUILTIN`](Self::BUILTIN). Its C does not come along: see
    /// [`with_folder`](Self::with_folder).
    pub fn builtin(name: &str) -> Option<KernelLibrary> {
        let (_, text) = TABLES.iter().find(|t| t.0 == name)?;
        let library = Self::from_text(&format!("{name}.toml"), text, Path::new(""));
        Some(library.expect("invariant: tables that come along are read by a test"))
    }

    /// The names of the libraries whose tables come with Thumbwright.
    pub const BUILTIN: [&str; TABLES.len()] = [TABLES[0].0];

    /// The library with the C that is in a folder, for models that are run: all `.c` files below its folder `Source`, and headers in
    /// `Include`, as CMSIS-NN is laid out; or both in the folder itself.
    ///
    /// # Errors
    /// The folder cannot be read, or has no C.
    pub fn with_folder(mut self, folder: &Path) -> Result<KernelLibrary, LibraryError> {
        let failed = |message: String| LibraryError {
            file: self.file.clone(),
            problems: vec![Problem {
                line: None,
                key: String::new(),
                message,
                help: "give the folder of the library's sources".to_owned(),
            }],
        };
        let shown = folder.display();
        let folder = std::path::absolute(folder).map_err(|e| failed(format!("{shown}: {e}")))?;
        let below = |name: &str| Some(folder.join(name)).filter(|p| p.is_dir());
        let mut sources = Vec::new();
        collect_c(
            &below("Source").unwrap_or(folder.clone()),
            FOLDER_DEPTH,
            &mut sources,
        )
        .map_err(|e| failed(format!("{shown}: {e}")))?;
        if sources.is_empty() {
            return Err(failed(format!("{shown}: there is no C file")));
        }
        sources.sort();
        self.include = vec![below("Include").unwrap_or(folder)];
        self.sources = sources;
        Ok(self)
    }

    /// C without a table: what an accelerator's calls link with.
    pub fn of_code(link: &str, sources: &[PathBuf], include: &[PathBuf]) -> KernelLibrary {
        KernelLibrary {
            file: String::new(),
            text: String::new(),
            name: link.to_owned(),
            header: String::new(),
            link: link.to_owned(),
            sources: sources.to_vec(),
            include: include.to_vec(),
            targets: Vec::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name under which it is linked, as the `library` of its calls has it.
    pub fn link_name(&self) -> &str {
        &self.link
    }

    /// Its C files, as absolute paths; none if it comes as a binary.
    pub fn sources(&self) -> &[PathBuf] {
        &self.sources
    }

    /// The folders that its headers are found in, as absolute paths.
    pub fn include_folders(&self) -> &[PathBuf] {
        &self.include
    }

    /// The target descriptions that come with it.
    pub fn targets(&self) -> &[TargetFile] {
        &self.targets
    }

    /// Registers its targets, and its entries as schedules; the ops that they compute must be registered before.
    ///
    /// # Errors
    /// Everything that is wrong with targets and entries.
    pub fn register(&self, r: &mut RegistryBuilder) -> Result<(), LibraryError> {
        let mut d = Document::new(&self.file, &self.text);
        let root = d.parse()?;
        let table = Table {
            entries: root.get_ref(),
            key: String::new(),
            at: 0,
        };
        for t in &self.targets {
            if let Err(e) = r.target(&t.file, &t.text) {
                let at = table.get("targets").map_or(0, |i| i.span().start);
                d.wrong(at, "targets", e.to_string(), "");
            }
        }
        let info = |op: &str| r.dialects.declared(op).cloned();
        let layouts = Layouts::read(&mut d, &table);
        let mut kernels = Vec::new();
        for (item, key) in d.list(&table, "kernel", "[[kernel]] tables") {
            let Some(entry) = d.table(item, key, "a [[kernel]] table") else {
                continue;
            };
            let kernel = Kernel::read(&mut d, &entry, &info, &layouts);
            kernels.extend(kernel.map(|k| (k, entry.at, entry.path("name"))));
        }
        for (kernel, at, key) in kernels {
            let schedule = ExternSchedule {
                kernel,
                library: self.name.clone(),
                header: self.header.clone(),
                link: self.link.clone(),
            };
            if let Err(e) = r.schedule(schedule) {
                d.wrong(at, key, e.to_string(), "set another `name`");
            }
        }
        d.finish(Some(()))
    }
}

/// The C files of a folder and of the folders in it.
fn collect_c(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && depth > 0 {
            collect_c(&path, depth - 1, files)?;
        } else if path.extension().is_some_and(|e| e == "c") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > MAX_FILE {
        return Err(format!("it has {size} bytes"));
    }
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}
