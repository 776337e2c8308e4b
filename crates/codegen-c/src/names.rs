//! C identifiers: the public names in one place, mangling, and scopes without shadowing.

use crate::interface::Role;
use rustc_hash::FxHashSet;

/// Keywords of C99, C11 and C++, and names that the included headers or compilers may define as macros.
const RESERVED: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char8_t",
    "char16_t",
    "char32_t",
    "class",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "co_await",
    "co_return",
    "co_yield",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "far",
    "float",
    "for",
    "friend",
    "goto",
    "huge",
    "i386",
    "if",
    "inline",
    "int",
    "int16_t",
    "int32_t",
    "int64_t",
    "int8_t",
    "interrupt",
    "linux",
    "long",
    "main",
    "mutable",
    "namespace",
    "near",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "ptrdiff_t",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "size_t",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "uint16_t",
    "uint32_t",
    "uint64_t",
    "uint8_t",
    "uintptr_t",
    "intptr_t",
    "union",
    "unix",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
    "NULL",
    "EOF",
];

/// Whether a text can be a public C name.
pub(crate) fn is_identifier(text: &str) -> bool {
    text == c_identifier(text)
}

/// A C and C++ identifier from any text: other characters become `_`; what would start with a digit or an underscore, or is a
/// keyword, is prefixed with `t_`.
pub fn c_identifier(text: &str) -> String {
    let mangled: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let plain = mangled.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain && !RESERVED.contains(&mangled.as_str()) {
        mangled
    } else {
        format!("t_{}", mangled.trim_start_matches('_'))
    }
}

/// A name that is not in `taken` yet: `base`, else with a number from 2 on; it is added.
pub(crate) fn unique(base: &str, taken: &mut FxHashSet<String>) -> String {
    let mut name = base.to_owned();
    let mut n = 2;
    while !taken.insert(name.clone()) {
        name = format!("{base}_{n}");
        n += 1;
    }
    name
}

/// The public names of one emitted model.
#[derive(Clone, Debug)]
pub(crate) struct PublicNames {
    /// Prefix of functions and types.
    pub prefix: String,
    /// Prefix of macros.
    pub upper: String,
}

impl PublicNames {
    pub(crate) fn new(name: &str) -> PublicNames {
        PublicNames {
            prefix: name.to_owned(),
            upper: name.to_ascii_uppercase(),
        }
    }

    /// What one tensor's functions start with, `kws_input_0`.
    pub(crate) fn tensor(&self, role: Role, index: usize) -> String {
        format!("{}_{}_{index}", self.prefix, role.name())
    }

    /// The variable of an arena: `kws_arena`, or `kws_arena_dtcm` of several.
    pub(crate) fn arena(&self, field: &str) -> String {
        match field {
            "" => format!("{}_arena", self.prefix),
            _ => format!("{}_arena_{field}", self.prefix),
        }
    }

    /// What only the C of a network with states defines at file scope.
    pub(crate) fn of_states(&self) -> Vec<String> {
        ["state", "reset", "reset_in", "initial_state"]
            .map(|s| format!("{}_{s}", self.prefix))
            .to_vec()
    }

    /// The macro that puts arenas into a pool, `KWS_SECTION_DTCM`.
    pub(crate) fn arena_section(&self, pool: &str) -> String {
        format!("{}_SECTION_{}", self.upper, capitals(pool))
    }

    /// The macro that puts constants into a pool, `KWS_DATA_SECTION_DTCM`.
    pub(crate) fn data_section(&self, pool: &str) -> String {
        format!("{}_DATA_SECTION_{}", self.upper, capitals(pool))
    }

    /// A constant of the data file.
    pub(crate) fn constant(&self, symbol: &str) -> String {
        format!(
            "{}_{}",
            self.prefix,
            symbol
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect::<String>()
        )
    }

    /// Every other name at file scope that the templates write.
    pub(crate) fn fixed(&self) -> Vec<String> {
        [
            "run", "run_in", "inputs", "outputs", "arena", "graph", "data",
        ]
        .map(|s| format!("{}_{s}", self.prefix))
        .to_vec()
    }
}

/// A part of a macro's name from any text.
fn capitals(text: &str) -> String {
    c_identifier(text).to_ascii_uppercase()
}

/// The C name of a private function: its symbol, mangled; one without an underscore gets one, as the library's functions and the
/// compilers' built-in ones have none.
pub(crate) fn kernel_name(symbol: &str, taken: &mut FxHashSet<String>) -> String {
    let mut base = c_identifier(symbol);
    if !base.contains('_') {
        base.push_str("_kernel");
    }
    unique(&base, taken)
}

/// The names of the open blocks of one function; no name is visible twice.
#[derive(Debug)]
pub(crate) struct Scopes {
    blocks: Vec<FxHashSet<String>>,
    /// Names that stay taken in the whole function.
    everywhere: FxHashSet<String>,
}

impl Scopes {
    /// With the names at file scope.
    pub(crate) fn new(file: &FxHashSet<String>) -> Scopes {
        Scopes {
            blocks: vec![FxHashSet::default()],
            everywhere: file.clone(),
        }
    }

    pub(crate) fn open(&mut self) {
        self.blocks.push(FxHashSet::default());
    }

    pub(crate) fn close(&mut self) {
        self.blocks.pop();
    }

    fn is_free(&self, name: &str) -> bool {
        !self.everywhere.contains(name)
            && !RESERVED.contains(&name)
            && self.blocks.iter().all(|b| !b.contains(name))
    }

    /// A name for a variable of the innermost block: `base` itself, else numbered.
    pub(crate) fn variable(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut n = 1;
        while !self.is_free(&name) {
            name = format!("{base}{n}");
            n += 1;
        }
        if let Some(block) = self.blocks.last_mut() {
            block.insert(name.clone());
        }
        name
    }

    /// A name for one of several variables of the innermost block: `base0`, `base1` …
    pub(crate) fn numbered(&mut self, base: &str) -> String {
        let mut n = 0;
        while !self.is_free(&format!("{base}{n}")) {
            n += 1;
        }
        self.variable(&format!("{base}{n}"))
    }

    /// A numbered name that no other block of the function uses either: `base0`, `base1` …
    pub(crate) fn value(&mut self, base: &str, counter: &mut u32) -> String {
        loop {
            let name = format!("{base}{counter}");
            *counter += 1;
            if self.is_free(&name) {
                self.everywhere.insert(name.clone());
                return name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers() {
        for (text, want) in [
            ("x", "x"),
            ("serving_default_x:0", "serving_default_x_0"),
            ("0", "t_0"),
            ("float", "t_float"),
            ("class", "t_class"),
            ("_Reserved", "t_Reserved"),
            ("__a", "t_a"),
            ("", "t_"),
            ("größe", "gr__e"),
            ("model/conv-1;relu", "model_conv_1_relu"),
        ] {
            assert_eq!(c_identifier(text), want);
            assert!(is_identifier(want), "{want}");
        }
        assert!(!is_identifier("a-b"));
        assert!(!is_identifier("int"));
    }

    #[test]
    fn collisions_are_numbered() {
        let mut taken = FxHashSet::default();
        assert_eq!(unique("a", &mut taken), "a");
        assert_eq!(unique("a_2", &mut taken), "a_2");
        assert_eq!(unique("a", &mut taken), "a_3");
    }

    #[test]
    fn kernels_never_take_a_library_name() {
        let mut taken = FxHashSet::default();
        assert_eq!(kernel_name("exp", &mut taken), "exp_kernel");
        assert_eq!(kernel_name("conv_2d", &mut taken), "conv_2d");
        assert_eq!(kernel_name("conv_2d", &mut taken), "conv_2d_2");
    }

    #[test]
    fn scopes_do_not_shadow() {
        let mut s = Scopes::new(&["acc".to_owned()].into_iter().collect());
        assert_eq!(s.variable("acc"), "acc1");
        s.open();
        assert_eq!(s.variable("i"), "i");
        assert_eq!(s.variable("acc"), "acc2");
        s.close();
        assert_eq!(s.variable("i"), "i");
        let mut n = 0;
        assert_eq!(s.value("x", &mut n), "x0");
        assert_eq!(s.value("x", &mut n), "x1");
        assert_eq!(s.variable("x0"), "x01");
    }
}
