//! One compiled model, as the harness sees it.

use std::path::{Component, Path};

use crate::error::EmulateError;
use crate::foreign::ForeignCode;
use crate::stack_usage::StackFrame;

/// A text file with the path that it has below the case's own directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative path with `/`, such as `src/kws.c`.
    pub path: String,
    /// The file's contents.
    pub text: String,
}

impl SourceFile {
    /// The file `path` with these contents.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: text.into(),
        }
    }
}

/// Memory that a run works in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arena {
    /// Bytes.
    pub size: u32,
    /// Alignment of its start in bytes; a power of two.
    pub align: u32,
    /// The target's memory that it is taken from, where the machine has that; otherwise it is anywhere in RAM.
    pub pool: Option<String>,
}

impl Arena {
    /// So many bytes, aligned to 16, anywhere.
    pub fn new(size: u32) -> Arena {
        Arena {
            size,
            align: 16,
            pool: None,
        }
    }
}

/// Memory that a model keeps from one run to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Bytes.
    pub size: u32,
    /// Alignment of its start in bytes; a power of two.
    pub align: u32,
}

/// One compiled model: its C (or objects), the sizes of its tensors and of the memory that it works in.
///
/// The function [`Case::entry`] is called as
/// `int32_t entry(void *arena, const struct <name>_inputs *in, const struct <name>_outputs *out)`, where both
/// structs hold one data pointer a tensor and nothing else. With several arenas the first argument is a
/// `const struct <name>_arenas *` of pointers to them, in their order. With a state, a `void *` to that comes
/// second, and `int32_t <name>_reset_in(void *state)` puts it to its first value.
///
/// With [`own_memory`](Case::own_memory) the entry takes the tensors alone, and `void <name>_reset(void)` resets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// A C identifier, unique among the cases of one program.
    pub name: String,
    /// C files, compiled one by one.
    pub sources: Vec<SourceFile>,
    /// Headers; every directory that holds one is searched by the case's own C files.
    pub headers: Vec<SourceFile>,
    /// Compiled objects that are linked as they are: a file name for messages, and the bytes.
    pub objects: Vec<(String, Vec<u8>)>,
    /// The stack frames of the objects' functions, as far as who compiled them says.
    pub frames: Vec<StackFrame>,
    /// C of others that the sources call.
    pub foreign: ForeignCode,
    /// The function that runs the model.
    pub entry: String,
    /// Bytes of each input, in the model's order.
    pub inputs: Vec<u32>,
    /// Bytes of each output, in the model's order.
    pub outputs: Vec<u32>,
    /// What a run works in; one at least, which may have no bytes.
    pub arenas: Vec<Arena>,
    /// What is kept from one run to the next, if anything is.
    pub state: Option<State>,
    /// Whether the C has arenas and state itself: the harness then gives it none, and says only how large they are.
    pub own_memory: bool,
    /// Names of the functions whose calls a profile tells apart; see [`crate::Profile::calls`].
    pub kernels: Vec<String>,
}

impl Case {
    /// A case of that name without files and tensors; its entry is `<name>_run_in`, its arena empty.
    pub fn new(name: impl Into<String>) -> Case {
        let name = name.into();
        Case {
            entry: format!("{name}_run_in"),
            name,
            sources: Vec::new(),
            headers: Vec::new(),
            objects: Vec::new(),
            frames: Vec::new(),
            foreign: ForeignCode::default(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            arenas: vec![Arena::new(0)],
            state: None,
            own_memory: false,
            kernels: Vec::new(),
        }
    }

    /// Bytes of all inputs together.
    pub fn input_bytes(&self) -> u64 {
        self.inputs.iter().map(|&b| u64::from(b)).sum()
    }

    /// Bytes of all outputs together.
    pub fn output_bytes(&self) -> u64 {
        self.outputs.iter().map(|&b| u64::from(b)).sum()
    }
}

/// Checks what would otherwise become a broken C file or a file outside of the build directory.
pub(crate) fn check(cases: &[Case]) -> Result<(), EmulateError> {
    let mut names: Vec<&str> = Vec::new();
    for case in cases {
        let wrong = |what: String| EmulateError::Case {
            case: case.name.clone(),
            what,
        };
        for identifier in [&case.name, &case.entry] {
            if !is_c_identifier(identifier) {
                return Err(wrong(format!("{identifier:?} is not a C identifier")));
            }
        }
        let arenas = case.arenas.iter().map(|a| ("arena", a.align));
        let states = case.state.iter().map(|s| ("state", s.align));
        for (what, align) in arenas.chain(states) {
            if !align.is_power_of_two() || align > 4096 {
                return Err(wrong(format!(
                    "{what} alignment {align} is not a power of two up to 4096"
                )));
            }
        }
        if case.arenas.is_empty() {
            return Err(wrong("it has no arena, not even an empty one".to_owned()));
        }
        let files = case.sources.iter().chain(&case.headers).map(|f| &f.path);
        for path in files.chain(case.objects.iter().map(|(path, _)| path)) {
            let inside = Path::new(path)
                .components()
                .all(|c| matches!(c, Component::Normal(_)));
            if !inside || path.is_empty() {
                return Err(wrong(format!(
                    "{path:?} is not a relative path inside the case"
                )));
            }
        }
        names.push(&case.name);
    }
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(EmulateError::Case {
            case: pair[0].to_owned(),
            what: "two cases have this name".to_owned(),
        }),
        None => Ok(()),
    }
}

fn is_c_identifier(name: &str) -> bool {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.chars().next().is_some_and(start) && name.chars().all(|c| start(c) || c.is_ascii_digit())
}
