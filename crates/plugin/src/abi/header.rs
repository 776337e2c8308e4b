//! The text of the C header, and the layout that it must have.

use crate::abi;
use std::ffi::{c_char, c_void};
use std::fmt::Write;

/// A type that the C header can name.
pub trait CType {
    /// Its name in C.
    fn c_name() -> String;
}

macro_rules! plain {
    ($($ty:ty = $c:literal,)*) => {
        $(impl CType for $ty {
            fn c_name() -> String {
                $c.to_owned()
            }
        })*
    };
}

plain! {
    u8 = "uint8_t",
    u32 = "uint32_t",
    u64 = "uint64_t",
    i64 = "int64_t",
    usize = "size_t",
    f64 = "double",
    c_char = "char",
    c_void = "void",
}

impl<T: CType> CType for *const T {
    fn c_name() -> String {
        format!("const {} *", T::c_name())
    }
}

impl<T: CType> CType for *mut T {
    fn c_name() -> String {
        format!("{} *", T::c_name())
    }
}

/// A struct of the interface.
pub struct Struct {
    /// Its name in C.
    pub name: &'static str,
    /// Documentation, by line.
    pub docs: &'static [&'static str],
    /// Bytes.
    pub size: usize,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a struct.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Documentation, by line.
    pub docs: &'static [&'static str],
    /// Its type in C.
    pub ty: String,
    /// Bytes from the start of the struct.
    pub offset: usize,
}

/// A function, or the type of one.
pub struct Function {
    /// Its name in C.
    pub name: &'static str,
    /// Documentation, by line.
    pub docs: &'static [&'static str],
    /// What it returns, in C.
    pub returns: String,
    /// Names and C types of its arguments.
    pub arguments: Vec<(&'static str, String)>,
}

/// A constant: its name without the prefix, documentation by line, value.
pub type Constant = (&'static str, &'static [&'static str], i64);

/// A group of constants.
pub struct Constants {
    /// Documentation, by line.
    pub docs: &'static [&'static str],
    /// What their names begin with.
    pub prefix: &'static str,
    /// The constants.
    pub values: Vec<Constant>,
}

/// All constants, the status codes among them.
pub fn constants() -> Vec<Constants> {
    let status = Constants {
        docs: &[
            "What a function of either side says: 0 is yes, a positive number is no without being wrong, a negative one is an error.",
        ],
        prefix: "TW_",
        values: abi::Status::ALL
            .iter()
            .map(|&(name, docs, s)| (name, docs, i64::from(s.0)))
            .collect(),
    };
    std::iter::once(status)
        .chain(abi::constants::constants())
        .collect()
}

/// All structs, in the order of the header; the host's table last.
pub fn structs() -> Vec<Struct> {
    let mut all = abi::values::structs();
    all.extend(abi::structs::structs());
    let mut fields = vec![
        Field {
            name: "version",
            docs: &["The host's version of the interface."],
            ty: u32::c_name(),
            offset: std::mem::offset_of!(abi::Host, version),
        },
        Field {
            name: "size",
            docs: &["Bytes of this struct: a function beyond them is not there."],
            ty: u32::c_name(),
            offset: std::mem::offset_of!(abi::Host, size),
        },
    ];
    for (f, offset) in abi::functions::host_table() {
        fields.push(Field {
            name: f.name,
            docs: f.docs,
            ty: format!("{} (*)({})", f.returns, arguments(&f.arguments)),
            offset,
        });
    }
    all.push(Struct {
        name: "tw_host",
        docs: &["What the host offers. The table lives as long as the process."],
        size: std::mem::size_of::<abi::Host>(),
        fields,
    });
    all
}

/// The text of `plugin.h`.
pub fn text() -> String {
    let mut out = String::from(HEAD);
    put(
        &mut out,
        format_args!("#define TW_ABI_VERSION {}\n", abi::VERSION),
    );
    put(&mut out, format_args!("\ntypedef int32_t tw_status;\n"));
    for group in constants() {
        out.push('\n');
        comment(&mut out, "", group.docs);
        out.push_str("enum {\n");
        for (name, docs, value) in group.values {
            comment(&mut out, "  ", docs);
            put(
                &mut out,
                format_args!("  {}{name} = {value},\n", group.prefix),
            );
        }
        trim_comma(&mut out);
        out.push_str("};\n");
    }
    out.push('\n');
    for (name, docs) in abi::values::handles() {
        comment(&mut out, "", docs);
        put(&mut out, format_args!("typedef uint64_t {name};\n"));
    }
    let mut structs = structs();
    let host = structs.pop();
    let own = abi::values::structs().len();
    for (i, s) in structs.iter().enumerate() {
        if i == own {
            for f in abi::structs::callbacks() {
                out.push('\n');
                comment(&mut out, "", f.docs);
                let args = arguments(&f.arguments);
                put(
                    &mut out,
                    format_args!("typedef {} (*{})({args});\n", f.returns, f.name),
                );
            }
        }
        struct_text(&mut out, s);
    }
    if let Some(host) = host {
        struct_text(&mut out, &host);
    }
    out.push_str(TAIL);
    out
}

fn struct_text(out: &mut String, s: &Struct) {
    out.push('\n');
    comment(out, "", s.docs);
    put(out, format_args!("typedef struct {} {{\n", s.name));
    for f in &s.fields {
        comment(out, "  ", f.docs);
        match f.ty.split_once("(*)") {
            Some((returns, args)) => put(out, format_args!("  {returns}(*{}){args};\n", f.name)),
            None => put(out, format_args!("  {};\n", declared(&f.ty, f.name))),
        }
    }
    put(out, format_args!("}} {};\n", s.name));
}

/// `const char *data`
fn declared(ty: &str, name: &str) -> String {
    let space = if ty.ends_with('*') { "" } else { " " };
    format!("{ty}{space}{name}")
}

fn arguments(arguments: &[(&str, String)]) -> String {
    let all: Vec<String> = arguments
        .iter()
        .map(|(name, ty)| declared(ty, name.trim_end_matches('_')))
        .collect();
    all.join(", ")
}

fn comment(out: &mut String, indent: &str, docs: &[&str]) {
    let text: Vec<&str> = docs.iter().map(|d| d.trim()).collect();
    let words = text.join(" ");
    put(out, format_args!("{indent}/*"));
    let mut column = indent.len() + 2;
    for word in words.split_whitespace() {
        if column + word.len() > 96 {
            put(out, format_args!("\n{indent}  "));
            column = indent.len() + 2;
        }
        put(out, format_args!(" {word}"));
        column += word.len() + 1;
    }
    out.push_str(" */\n");
}

/// C++98 has no comma behind the last constant.
fn trim_comma(out: &mut String) {
    if out.ends_with(",\n") {
        out.truncate(out.len() - 2);
        out.push('\n');
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A string takes all text.
    let _ = out.write_fmt(text);
}

const HEAD: &str = "\
/* Plug-ins of Thumbwright: the interface between the compiler and a library that extends it.
 *
 * Generated from the crate thumbwright-plugin; docs/plugin-c-abi.md explains it.
 *
 * A plug-in is a shared library that exports one function, tw_plugin_query. It gets a table of the host's functions and returns
 * its head, whose register_all registers operations, passes, patterns, schedules and targets. Handles and contexts are numbers;
 * the host checks each one at each call, so a wrong one is an error and never undefined behaviour. Pointers must be valid.
 *
 * Threads: the host may call a plug-in's functions on several threads at once. A context belongs to the thread of its callback.
 * A callback must return: it must not longjmp or throw across the host, and what it kills it kills with the host.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef THUMBWRIGHT_PLUGIN_H
#define THUMBWRIGHT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern \"C\" {
#endif

/* The version of the interface that this header describes. Versions only add: to the ends of structs and of tw_host. */
";

const TAIL: &str = "
#if defined(_WIN32)
#define TW_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define TW_EXPORT __attribute__((visibility(\"default\")))
#else
#define TW_EXPORT
#endif

/* The one function that a plug-in exports: its head, or NULL if it cannot serve any version up to max_version. The host's table
 * outlives the plug-in, which keeps the pointer for its callbacks. */
TW_EXPORT const tw_plugin *tw_plugin_query(uint32_t max_version, const tw_host *host);

#ifdef __cplusplus
}
#endif

#endif
";
