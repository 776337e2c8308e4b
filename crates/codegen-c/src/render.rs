//! The files: skeletons from templates, filled with the parts of the program.

use crate::comment::{comment, string};
use crate::constants::{declaration, define};
use crate::ctype::CType;
use crate::interface::{Place, Role, Tensor};
use crate::memory::{InitialState, Memory, MemoryNames};
use crate::program::Program;
use crate::{CFiles, File, KernelName, Options, app};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

const TEMPLATES: [(&str, &str); 11] = [
    ("header", include_str!("templates/header.h.j2")),
    ("source", include_str!("templates/source.c.j2")),
    ("data_header", include_str!("templates/data.h.j2")),
    ("data", include_str!("templates/data.c.j2")),
    ("cmake", include_str!("templates/CMakeLists.txt.j2")),
    ("example", include_str!("templates/main.c.j2")),
    ("example_part", include_str!("templates/part.c.j2")),
    ("app_header", include_str!("templates/app.h.j2")),
    ("app_source", include_str!("templates/app.c.j2")),
    ("app_cmake", include_str!("templates/app.txt.j2")),
    ("app_example", include_str!("templates/app_main.c.j2")),
];

/// Version of the compiler, as the files state it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A kernel's comment lists so many layers.
const LAYERS_LISTED: usize = 12;

/// The templates, ready to be filled.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    pub(crate) fn new() -> Templates {
        let mut env = Environment::new();
        env.set_auto_escape_callback(|_| AutoEscape::None);
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        env.set_syntax(syntax.expect("invariant: the default delimiters are distinct"));
        for (name, text) in TEMPLATES {
            env.add_template(name, text)
                .expect("invariant: the templates are well formed");
        }
        Templates(env)
    }

    pub(crate) fn text(&self, template: &str, values: &Value) -> String {
        let t = self
            .0
            .get_template(template)
            .expect("invariant: every template is there");
        t.render(values)
            .expect("invariant: the templates name only values that are given")
    }
}

pub(crate) fn files(p: &Program, target: &target::Target, options: &Options) -> CFiles {
    let templates = Templates::new();
    let values = values(p, target, options);
    let render = |template: &str, path: String| File {
        path,
        text: templates.text(template, &values),
    };
    let name = &p.names.prefix;
    let mut data = render("data", format!("src/{name}_data.c"));
    for c in &p.constants.all {
        define(c, &p.names, &mut data.text);
    }
    let memories = &p.interface.memories;
    CFiles {
        arenas: memories.arenas.iter().map(|a| a.need.clone()).collect(),
        state: memories.state.as_ref().map(|s| s.need.clone()),
        part: app::Part {
            name: name.clone(),
            example: templates.text("example_part", &values),
            libraries: p.externs.libraries.clone(),
        },
        header: render("header", format!("include/{name}.h")),
        source: render("source", format!("src/{name}.c")),
        data_header: render("data_header", format!("src/{name}_data.h")),
        data,
        cmake: render("cmake", "CMakeLists.txt".to_owned()),
        example: render("example", "examples/main.c".to_owned()),
        kernels: p
            .kernels
            .iter()
            .map(|k| KernelName {
                symbol: k.symbol.clone(),
                function: k.name.clone(),
            })
            .collect(),
    }
}

/// The public header by itself.
pub(crate) fn header(p: &Program, target: &target::Target, options: &Options) -> File {
    File {
        path: format!("include/{}.h", p.names.prefix),
        text: Templates::new().text("header", &values(p, target, options)),
    }
}

fn values(p: &Program, target: &target::Target, options: &Options) -> Value {
    let i = &p.interface;
    let inputs: Vec<Value> = i.inputs.iter().map(|t| tensor(p, t, options)).collect();
    let outputs: Vec<Value> = i.outputs.iter().map(|t| tensor(p, t, options)).collect();
    let states: Vec<Value> = i.states.iter().map(|t| tensor(p, t, options)).collect();
    let kernels: Vec<Value> = p
        .kernels
        .iter()
        .map(|k| {
            let mut layers: Vec<String> = k
                .layers
                .iter()
                .take(LAYERS_LISTED)
                .map(|l| comment(l))
                .collect();
            if k.layers.len() > LAYERS_LISTED {
                layers.push(format!("and {} more", k.layers.len() - LAYERS_LISTED));
            }
            context! { layers, text => k.text.trim_end() }
        })
        .collect();
    let declarations: Vec<String> = p.constants.all.iter().map(declaration).collect();
    context! {
        name => &p.names.prefix,
        NAME => &p.names.upper,
        version => VERSION,
        target => comment(&target.name),
        model => i.model.as_deref().map(comment),
        model_string => i.model.as_deref().map(string),
        hash_string => options.model_hash.as_deref().map(string),
        stack_bytes => options.stack_bytes,
        inputs,
        outputs,
        states,
        io_in_arena => i.io_in_arena,
        several => i.memories.arenas.len() > 1,
        arenas => arenas(p, target, options),
        state => i.memories.state.as_ref().map(|s| state(p, s)),
        app => options.shared.as_ref().map(|s| s.app().to_owned()),
        graph_arguments => graph_arguments(p),
        data_pools => data_pools(p, target),
        floats => p.floats,
        headers => p.externs.headers.iter().cloned().collect::<Vec<_>>(),
        libraries => p.externs.libraries.iter().cloned().collect::<Vec<_>>(),
        fallible => p.fallible,
        words => p.support.has_words(),
        intrinsics => p.support.has_intrinsics(),
        helium => p.helium,
        blocks => p.support.has_blocks(),
        support => p.support.text(&p.names.upper).trim_end(),
        kernels,
        graph => p.graph.trim_end(),
        declarations,
        sections => p.constants.all.iter().any(|c| c.section.is_some() && c.pool.is_none()),
    }
}

/// The arenas that are not empty; one that is, if it is the only one.
fn arenas(p: &Program, target: &target::Target, options: &Options) -> Vec<Value> {
    let all = p.interface.memories.arenas.iter();
    all.map(|a| {
        let names = MemoryNames::of(a, &p.names);
        let pool = a.need.pool.as_deref();
        let shared = options.shared.as_ref().map(|s| s.variable(pool));
        context! {
            field => &a.field,
            macros => names.macros,
            own => names.variable.clone(),
            variable => shared.unwrap_or(names.variable),
            local => names.local,
            size => a.need.size,
            align => a.need.align,
            pool => pool.map(comment),
            section_macro => p.names.arena_section(pool.unwrap_or(&a.field)),
            section => string(&target.arena_section(pool.unwrap_or(&a.field))),
        }
    })
    .collect()
}

/// The states' memory, with its first contents: `fill`, unless it is 0, or `rows` of an initialiser.
fn state(p: &Program, memory: &Memory) -> Value {
    let bytes = match &p.interface.initial_state {
        InitialState::Fill(0) => Vec::new(),
        InitialState::Fill(byte) => {
            vec![*byte; usize::try_from(memory.need.size).unwrap_or(0)]
        }
        InitialState::Bytes(bytes) => bytes.clone(),
    };
    let mut rows = String::new();
    crate::constants::rows(CType::I8, &bytes, &mut rows);
    let fill = match &p.interface.initial_state {
        InitialState::Fill(byte) => Some(*byte),
        InitialState::Bytes(_) => None,
    };
    context! {
        size => memory.need.size,
        align => memory.need.align,
        pool => memory.need.pool.as_deref().map(comment),
        fill,
        rows => (!bytes.is_empty()).then_some(rows),
    }
}

/// What the function that runs the layers is called with.
fn graph_arguments(p: &Program) -> String {
    let memories = &p.interface.memories;
    let arenas = memories.arenas.iter().filter(|a| a.need.size > 0);
    let mut arguments: Vec<String> = arenas.map(|a| MemoryNames::of(a, &p.names).local).collect();
    arguments.extend(memories.state.iter().map(|_| "kept".to_owned()));
    for t in p.interface.tensors() {
        if let Place::Caller(_) = t.place {
            let side = if t.role == Role::Input { "in" } else { "out" };
            arguments.push(format!("{side}->{}", t.field));
        }
    }
    arguments.join(", ")
}

/// The memories that constants are copied into, each once.
fn data_pools(p: &Program, target: &target::Target) -> Vec<Value> {
    let mut pools: Vec<&str> = Vec::new();
    for pool in p.constants.all.iter().filter_map(|c| c.pool.as_deref()) {
        if !pools.contains(&pool) {
            pools.push(pool);
        }
    }
    let value = |pool: &&str| {
        context! {
            pool => comment(pool),
            section_macro => p.names.data_section(pool),
            section => string(&target.data_section(pool)),
        }
    };
    pools.iter().map(value).collect()
}

fn tensor(p: &Program, t: &Tensor, options: &Options) -> Value {
    let function = p.names.tensor(t.role, t.index);
    let arenas = &p.interface.memories.arenas;
    let (offset, align, arena) = match t.place {
        Place::Arena(arena, offset) => (Some(offset), None, Some(&arenas[arena])),
        Place::State(offset) => (Some(offset), None, None),
        Place::Caller(align) => (None, Some(align), None),
    };
    let names = arena.map(|a| MemoryNames::of(a, &p.names));
    let pool = arena.and_then(|a| a.need.pool.as_deref());
    let shared = options.shared.as_ref().filter(|_| arena.is_some());
    let variable = match shared {
        Some(shared) => Some(shared.variable(pool)),
        None => names.as_ref().map(|n| n.variable.clone()),
    };
    let quantisation =
        t.quantisation
            .filter(|_| !t.elem.is_float())
            .map(|(scale, zero_point, min, max)| {
                context! {
                    scale => format!("{scale:e}f"),
                    zero_point,
                    min => crate::literal::int(min).text,
                    max => crate::literal::int(max).text,
                }
            });
    context! {
        upper => function.to_ascii_uppercase(),
        function,
        field => &t.field,
        index => t.index,
        is_input => t.role == Role::Input,
        arena => arena.map(|a| a.field.clone()),
        local => names.map(|n| n.local),
        variable,
        model_name => comment(&t.name),
        ctype => t.elem.name(),
        is_float => t.elem.is_float(),
        is_wide => t.elem == CType::I64,
        shape => t.shape.clone(),
        shape_text => t.shape.iter().map(i64::to_string).collect::<Vec<_>>().join("x"),
        rank => t.shape.len(),
        elements => t.elements,
        bytes => t.bytes,
        offset,
        align,
        quantisation,
    }
}
