//! The files: skeletons from templates, filled with the parts of the program.

use crate::comment::{comment, string};
use crate::constants::{declaration, define};
use crate::ctype::CType;
use crate::interface::{Place, Tensor};
use crate::program::Program;
use crate::{CFiles, File, KernelName, Options};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig};

const TEMPLATES: [(&str, &str); 6] = [
    ("header", include_str!("templates/header.h.j2")),
    ("source", include_str!("templates/source.c.j2")),
    ("data_header", include_str!("templates/data.h.j2")),
    ("data", include_str!("templates/data.c.j2")),
    ("cmake", include_str!("templates/CMakeLists.txt.j2")),
    ("example", include_str!("templates/main.c.j2")),
];

/// Version of the compiler, as the files state it.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A kernel's comment lists so many layers.
const LAYERS_LISTED: usize = 12;

pub(crate) fn files(p: &Program, target: &target::Target, options: &Options) -> CFiles {
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
    let values = values(p, target, options);
    let render = |template: &str, path: String| {
        let t = env
            .get_template(template)
            .expect("invariant: every template is there");
        let text = t
            .render(&values)
            .expect("invariant: the templates name only values that are given");
        File { path, text }
    };
    let name = &p.names.prefix;
    let mut data = render("data", format!("src/{name}_data.c"));
    for c in &p.constants.all {
        define(c, &p.names.upper, &mut data.text);
    }
    CFiles {
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

fn values(p: &Program, target: &target::Target, options: &Options) -> Value {
    let i = &p.interface;
    let inputs: Vec<Value> = i.inputs.iter().map(|t| tensor(p, t)).collect();
    let outputs: Vec<Value> = i.outputs.iter().map(|t| tensor(p, t)).collect();
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
        io_in_arena => i.io_in_arena,
        arena_size => i.arena.size,
        arena_align => i.arena.align,
        pool => i.arena.pool.as_deref().map(comment),
        floats => p.floats,
        headers => p.externs.headers.iter().cloned().collect::<Vec<_>>(),
        libraries => p.externs.libraries.iter().cloned().collect::<Vec<_>>(),
        fallible => p.fallible,
        words => p.support.has_words(),
        support => p.support.text(&p.names.upper).trim_end(),
        kernels,
        graph => p.graph.trim_end(),
        declarations,
        sections => p.constants.all.iter().any(|c| c.section.is_some()),
    }
}

fn tensor(p: &Program, t: &Tensor) -> Value {
    let base = p.names.tensor(t.is_input, t.index);
    let (offset, align) = match t.place {
        Place::Arena(offset) => (Some(offset), None),
        Place::Caller(align) => (None, Some(align)),
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
        upper => base.to_ascii_uppercase(),
        function => base,
        field => &t.field,
        index => t.index,
        is_input => t.is_input,
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
