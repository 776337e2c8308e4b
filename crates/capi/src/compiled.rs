//! What a compile made.

use crate::boundary::{Failure, status, store, store_list};
use crate::handle::{self, Handle};
use crate::status::Status;
use crate::string::{self, StringView, Text};
use std::ffi::c_char;
use std::sync::OnceLock;
use thumbwright::report::{IoTensor, Measurements, PageOptions, Report};
use thumbwright::{Backend, BinaryFile, CompileError, ObjectKind, ObjectOptions, TensorInfo};

/// What a compile made. It never changes, so any number of threads may look at it at once. Whatever the functions below return belongs to
/// it and lives until `tw_compiled_destroy`.
pub struct Compiled {
    _private: (),
}

/// A file: where it belongs below a folder of outputs, and what is in it. Nothing is written to disk.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// A relative path with "/" between folders.
    pub path: StringView,
    /// What is in it: UTF-8, but in a library, whose bytes it has.
    pub contents: StringView,
}

/// An input or output of the network.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Tensor {
    /// Its name in the model.
    pub name: StringView,
    /// The type of its elements: "int8", "int32" or "float32".
    pub element: StringView,
    /// Bytes.
    pub bytes: u64,
    /// Where it is in the arena: bytes from its start, or `TW_NO_OFFSET` if it is in the caller's own memory.
    pub offset: u64,
    /// Dimensions, outermost first, `rank` of them.
    pub shape: *const i64,
    /// How many dimensions there are.
    pub rank: usize,
    /// Quantisation: real = scale * (stored - zero point). One scale for the tensor, or one for every slice along an axis; none for float.
    pub scales: *const f64,
    /// As many zero points as scales.
    pub zero_points: *const i64,
    /// How many scales there are.
    pub scale_count: usize,
}

/// The offset of a tensor that is not in the arena.
pub const TW_NO_OFFSET: u64 = u64::MAX;

/// What the compiled model needs, in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The arena, the only RAM that the generated C needs beside stack; 0 if the pipeline places nothing.
    pub arena_bytes: u64,
    /// The arena's alignment.
    pub arena_align: u64,
    /// No plan for this order of execution takes a smaller arena.
    pub bound_bytes: u64,
    /// End of the highest buffer in the arena that is no scratch of a single kernel.
    pub activation_bytes: u64,
    /// Most bytes of scratch that are in use at once.
    pub scratch_bytes: u64,
    /// Constants, which belong into flash: packed weights and tables.
    pub constant_bytes: u64,
}

/// What is behind the handle.
pub(crate) struct Contents {
    compiled: thumbwright::Compiled,
    name: Text,
    pipeline: Text,
    module_text: OnceLock<Text>,
    memory: Memory,
    files: Files,
    inputs: Tensors,
    outputs: Tensors,
}

impl Handle for Contents {
    type Opaque = Compiled;
    const NAME: &str = "compiled model";
    const TAG: u64 = u64::from_ne_bytes(*b"TWcompil");
}

impl Contents {
    /// Everything that C may ask for, with the code of that back end.
    ///
    /// # Errors
    /// What the back end cannot build; there is no such back end.
    pub(crate) fn of(
        compiled: thumbwright::Compiled,
        backend: Backend,
    ) -> Result<Contents, CompileError> {
        let report = Report::of(&compiled, &Measurements::default());
        let mut files: Vec<BinaryFile> = match backend {
            Backend::C => compiled.c_files()?.into_iter().map(Into::into).collect(),
            Backend::Llvm => {
                let made = compiled.objects(&ObjectOptions::new(&[ObjectKind::Library]))?;
                [made.header.into()].into_iter().chain(made.files).collect()
            }
        };
        files.extend(compiled.stage_files().into_iter().map(BinaryFile::from));
        let further = [
            ("report.json", report.json()),
            ("report.html", report.html(&PageOptions::default())),
        ];
        files.extend(further.map(|(path, text)| BinaryFile {
            path: path.to_owned(),
            bytes: text.into_bytes(),
        }));
        Ok(Contents {
            name: Text::new(compiled.name()),
            pipeline: Text::new(compiled.pipeline()),
            module_text: OnceLock::new(),
            memory: Memory {
                arena_bytes: report.memory.arena_bytes,
                arena_align: compiled.arena_align(),
                bound_bytes: report.memory.bound_bytes,
                activation_bytes: report.memory.activation_bytes,
                scratch_bytes: report.memory.scratch_bytes,
                constant_bytes: report.totals.constant_bytes,
            },
            files: Files::new(files),
            inputs: Tensors::new(report.inputs),
            outputs: Tensors::new(report.outputs),
            compiled,
        })
    }

    fn module_text(&self) -> StringView {
        let print = || Text::new(ir::text::print_module(self.compiled.module()));
        self.module_text.get_or_init(print).view()
    }
}

struct Files {
    views: Vec<File>,
    /// What the views point to: path and contents.
    texts: Vec<(Text, Text)>,
}

// SAFETY: the pointers in the views lead to texts of this very value, which nobody changes.
unsafe impl Send for Files {}
// SAFETY: as above.
unsafe impl Sync for Files {}

impl Files {
    fn new(files: Vec<BinaryFile>) -> Files {
        let texts = files
            .into_iter()
            .map(|f| (Text::new(f.path), Text::new(f.bytes)));
        let texts: Vec<(Text, Text)> = texts.collect();
        let view = |(path, contents): &(Text, Text)| File {
            path: path.view(),
            contents: contents.view(),
        };
        Files {
            views: texts.iter().map(view).collect(),
            texts,
        }
    }

    fn contents(&self, path: &str) -> Option<StringView> {
        let found = self
            .texts
            .iter()
            .find(|(p, _)| p.as_bytes() == path.as_bytes());
        found.map(|(_, contents)| contents.view())
    }
}

struct Tensors {
    views: Vec<Tensor>,
    /// What the views point to.
    _owned: Vec<(Text, Text, TensorInfo)>,
}

// SAFETY: the pointers in the views lead to what this very value owns, which nobody changes.
unsafe impl Send for Tensors {}
// SAFETY: as above.
unsafe impl Sync for Tensors {}

impl Tensors {
    fn new(tensors: Vec<IoTensor>) -> Tensors {
        let mut views = Vec::new();
        let mut owned = Vec::new();
        for IoTensor { tensor, offset, .. } in tensors {
            let (name, element) = (Text::new(&*tensor.name), Text::new(&*tensor.dtype));
            views.push(Tensor {
                name: name.view(),
                element: element.view(),
                bytes: tensor.bytes,
                offset: offset.unwrap_or(TW_NO_OFFSET),
                shape: tensor.shape.as_ptr(),
                rank: tensor.shape.len(),
                scales: tensor.scales.as_ptr(),
                zero_points: tensor.zero_points.as_ptr(),
                scale_count: tensor.scales.len().min(tensor.zero_points.len()),
            });
            owned.push((name, element, tensor));
        }
        Tensors {
            views,
            _owned: owned,
        }
    }
}

/// Stores what `which` takes from a compiled model.
///
/// # Safety
/// `compiled` is NULL or a handle that is not destroyed meanwhile; `place` is NULL or can be written to.
unsafe fn show<T>(
    compiled: *const Compiled,
    place: *mut T,
    what: &str,
    which: impl FnOnce(&Contents) -> T,
) -> Status {
    status(|| {
        // SAFETY: the caller's.
        let contents = unsafe { handle::get::<Contents>(compiled) }?;
        // SAFETY: the caller's.
        unsafe { store(place, what, which(contents)) }
    })
}

/// Stores a list that `which` takes from a compiled model.
///
/// # Safety
/// As of [`show`].
unsafe fn list<T>(
    compiled: *const Compiled,
    items: *mut *const T,
    count: *mut usize,
    which: impl FnOnce(&Contents) -> &[T],
) -> Status {
    status(|| {
        // SAFETY: the caller's.
        let list = which(unsafe { handle::get::<Contents>(compiled) }?);
        // SAFETY: the caller's.
        unsafe { store_list(items, count, list) }
    })
}

/// Frees a compiled model with all texts and lists that it gave out. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_destroy(compiled: *mut Compiled) -> Status {
    status(|| match compiled.is_null() {
        true => Ok(()),
        // SAFETY: as the header says of handles.
        false => unsafe { handle::destroy::<Contents>(compiled) },
    })
}

/// All files: the C (header, source, data, build file, example), or header and library with the option "backend"; the module after every stage if the option "keep-stages" is set,
/// report.json and report.html.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_files(
    compiled: *const Compiled,
    files: *mut *const File,
    count: *mut usize,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { list(compiled, files, count, |c| &c.files.views) }
}

/// What is in the file of that path. `TW_STATUS_NOT_FOUND`, and an empty text, if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_find_file(
    compiled: *const Compiled,
    path: *const c_char,
    contents: *mut StringView,
) -> Status {
    status(|| {
        // SAFETY: as the header says of places for results.
        unsafe { store(contents, "contents", StringView::EMPTY) }?;
        // SAFETY: as the header says of handles.
        let files = &unsafe { handle::get::<Contents>(compiled) }?.files;
        // SAFETY: as the header says of texts.
        let path = unsafe { string::read(path, "path") }?;
        let found = files.contents(path);
        let found = found.ok_or_else(|| Failure::new(Status::NotFound, ""))?;
        // SAFETY: as above.
        unsafe { store(contents, "contents", found) }
    })
}

/// The prefix of the public C names; the header of the generated C is "include/NAME.h".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_name(
    compiled: *const Compiled,
    text: *mut StringView,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { show(compiled, text, "text", |c| c.name.view()) }
}

/// The passes that ran.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_pipeline(
    compiled: *const Compiled,
    text: *mut StringView,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { show(compiled, text, "text", |c| c.pipeline.view()) }
}

/// The module after the last pass, as MLIR's text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_module_text(
    compiled: *const Compiled,
    text: *mut StringView,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { show(compiled, text, "text", Contents::module_text) }
}

/// What the model needs on the device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_memory(
    compiled: *const Compiled,
    memory: *mut Memory,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { show(compiled, memory, "memory", |c| c.memory) }
}

/// The inputs of the network, in the model's order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_inputs(
    compiled: *const Compiled,
    tensors: *mut *const Tensor,
    count: *mut usize,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { list(compiled, tensors, count, |c| &c.inputs.views) }
}

/// The outputs of the network, in the model's order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_compiled_outputs(
    compiled: *const Compiled,
    tensors: *mut *const Tensor,
    count: *mut usize,
) -> Status {
    // SAFETY: as the header says of handles and of places for results.
    unsafe { list(compiled, tensors, count, |c| &c.outputs.views) }
}
