//! The few static functions that expressions call; only those that are used are emitted.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A static function, or a family of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Support {
    /// `min_i32`, `min_i64`
    Min(u32),
    /// `max_i32`, `max_i64`
    Max(u32),
    /// `clamp_i32`, `clamp_i64`: `min(max(x, lo), hi)`
    Clamp(u32),
    /// `tw_float_from_bits`
    FloatFromBits,
    /// `tw_float_to_bits`
    FloatToBits,
    /// `tw_double_from_bits`
    DoubleFromBits,
    /// `tw_double_to_bits`
    DoubleToBits,
    /// `tw_expf`
    Expf,
    /// Reads so many bits at an address aligned to so many bytes.
    Load(u32, u32),
    /// Writes them.
    Store(u32, u32),
    /// An instruction that has no intrinsic, by its op and its attribute: `tw_sxtb16_8`
    Instruction(&'static str, u8),
}

const EXPF: &str = include_str!("templates/expf.c");

impl Support {
    /// The function's name.
    pub(crate) fn name(self) -> String {
        match self {
            Support::Min(bits) => format!("min_i{bits}"),
            Support::Max(bits) => format!("max_i{bits}"),
            Support::Clamp(bits) => format!("clamp_i{bits}"),
            Support::FloatFromBits => "tw_float_from_bits".to_owned(),
            Support::FloatToBits => "tw_float_to_bits".to_owned(),
            Support::DoubleFromBits => "tw_double_from_bits".to_owned(),
            Support::DoubleToBits => "tw_double_to_bits".to_owned(),
            Support::Expf => "tw_expf".to_owned(),
            Support::Load(bits, align) => format!("load_u{bits}{}", suffix(bits, align)),
            Support::Store(bits, align) => format!("store_u{bits}{}", suffix(bits, align)),
            Support::Instruction(op, by) => {
                let name = op.trim_start_matches("arm.");
                match by {
                    0 => format!("tw_{name}"),
                    by => format!("tw_{name}_{by}"),
                }
            }
        }
    }

    /// What its text calls.
    fn needs(self) -> &'static [Support] {
        match self {
            Support::Clamp(32) => &[Support::Min(32), Support::Max(32)],
            Support::Clamp(_) => &[Support::Min(64), Support::Max(64)],
            Support::Expf => &[Support::FloatFromBits],
            _ => &[],
        }
    }

    fn definition(self, upper: &str) -> String {
        let name = self.name();
        match self {
            Support::Min(b) => format!(
                "static inline int{b}_t {name}(int{b}_t a, int{b}_t b)\n{{\n    return a < b ? a : b;\n}}\n"
            ),
            Support::Max(b) => format!(
                "static inline int{b}_t {name}(int{b}_t a, int{b}_t b)\n{{\n    return a > b ? a : b;\n}}\n"
            ),
            Support::Clamp(b) => format!(
                "static inline int{b}_t {name}(int{b}_t x, int{b}_t lo, int{b}_t hi)\n{{\n    return min_i{b}(max_i{b}(x, lo), hi);\n}}\n"
            ),
            Support::FloatFromBits => bits(&name, "uint32_t", "float"),
            Support::FloatToBits => bits(&name, "float", "uint32_t"),
            Support::DoubleFromBits => bits(&name, "uint64_t", "double"),
            Support::DoubleToBits => bits(&name, "double", "uint64_t"),
            Support::Expf => EXPF.to_owned(),
            Support::Load(b, a) => {
                let word = word(upper, b, a);
                format!(
                    "static inline uint{b}_t {name}(const void *at)\n{{\n#if defined(__GNUC__)\n    return *(const {word} *)at;\n#else\n    \
                     uint{b}_t word;\n    memcpy(&word, at, sizeof word);\n    return word;\n#endif\n}}\n"
                )
            }
            Support::Instruction(op, by) => {
                let (mnemonic, suffix) =
                    crate::instructions::mnemonic(op, by.into()).unwrap_or_default();
                let count = ir::dialects::arm::dsp(op).map_or(0, |row| row.1.len());
                let names = &["a", "b", "c"][..count];
                let parameters: Vec<String> =
                    names.iter().map(|n| format!("int32_t {n}")).collect();
                let registers: Vec<String> = (0..=count).map(|i| format!("%{i}")).collect();
                let inputs: Vec<String> = names.iter().map(|n| format!("\"r\"({n})")).collect();
                format!(
                    "static inline int32_t {name}({})\n{{\n    int32_t result;\n    __asm__(\"{mnemonic} {}{suffix}\" : \"=r\"(result) : {});\n    return \
                     result;\n}}\n",
                    parameters.join(", "),
                    registers.join(", "),
                    inputs.join(", ")
                )
            }
            Support::Store(b, a) => {
                let word = word(upper, b, a);
                format!(
                    "static inline void {name}(void *at, uint{b}_t word)\n{{\n#if defined(__GNUC__)\n    *({word} *)at = word;\n#else\n    \
                     memcpy(at, &word, sizeof word);\n#endif\n}}\n"
                )
            }
        }
    }
}

/// Nothing where the alignment is the word's own.
fn suffix(bits: u32, align: u32) -> String {
    match align {
        1 if bits > 8 => "_unaligned".to_owned(),
        a if a * 8 == bits => String::new(),
        a => format!("_align{a}"),
    }
}

fn word(upper: &str, bits: u32, align: u32) -> String {
    format!("{upper}_U{bits}_ALIGN{align}")
}

fn bits(name: &str, from: &str, to: &str) -> String {
    format!(
        "static inline {to} {name}({from} bits)\n{{\n    {to} value;\n    memcpy(&value, &bits, sizeof value);\n    return value;\n}}\n"
    )
}

/// The functions that a program needs.
#[derive(Default, Debug)]
pub(crate) struct SupportSet {
    all: BTreeSet<Support>,
    intrinsics: bool,
    blocks: bool,
}

impl SupportSet {
    /// Needs a function; yields its name.
    pub(crate) fn need(&mut self, s: Support) -> String {
        for &n in s.needs() {
            self.need(n);
        }
        self.all.insert(s);
        s.name()
    }

    /// Needs `<arm_acle.h>`.
    pub(crate) fn need_intrinsics(&mut self) {
        self.intrinsics = true;
    }

    /// Whether `<arm_acle.h>` is needed.
    pub(crate) fn has_intrinsics(&self) -> bool {
        self.intrinsics
    }

    /// Needs nearly all registers for a block of instructions.
    pub(crate) fn need_registers(&mut self) {
        self.blocks = true;
    }

    /// Whether blocks of instructions need the registers that compilers keep for themselves.
    pub(crate) fn has_blocks(&self) -> bool {
        self.blocks
    }

    /// Drops what no text calls any more, as folding may leave it.
    pub(crate) fn keep_used<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        let mut called = BTreeSet::new();
        for text in texts {
            called.extend(text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')));
        }
        let used: Vec<Support> = std::mem::take(&mut self.all)
            .into_iter()
            .filter(|s| called.contains(s.name().as_str()))
            .collect();
        for s in used {
            self.need(s);
        }
    }

    /// Whether words of several elements are read or written: then byte order matters.
    pub(crate) fn has_words(&self) -> bool {
        self.all
            .iter()
            .any(|s| matches!(s, Support::Load(..) | Support::Store(..)))
    }

    /// Their definitions.
    pub(crate) fn text(&self, upper: &str) -> String {
        let mut out = String::new();
        let words: BTreeSet<(u32, u32)> = self
            .all
            .iter()
            .filter_map(|s| match s {
                Support::Load(b, a) | Support::Store(b, a) => Some((*b, *a)),
                _ => None,
            })
            .collect();
        if !words.is_empty() {
            out.push_str("/* Words of several elements. */\n#if defined(__GNUC__)\n");
            for (b, a) in words {
                let aligned = format!("aligned({a})");
                writeln!(
                    out,
                    "typedef uint{b}_t {} __attribute__((may_alias, {aligned}));",
                    word(upper, b, a)
                )
                .expect("invariant: writing to a String succeeds");
            }
            out.push_str("#endif\n\n");
        }
        for s in &self.all {
            out.push_str(&s.definition(upper));
            out.push('\n');
        }
        out
    }
}

/// The names of all functions that may be emitted.
pub(crate) fn reserved() -> Vec<String> {
    let mut names = vec![
        "memcpy".to_owned(),
        "memmove".to_owned(),
        "memset".to_owned(),
    ];
    for bits in [32, 64] {
        names.extend(
            [Support::Min(bits), Support::Max(bits), Support::Clamp(bits)].map(Support::name),
        );
    }
    for s in [
        Support::FloatFromBits,
        Support::FloatToBits,
        Support::DoubleFromBits,
        Support::DoubleToBits,
        Support::Expf,
    ] {
        names.push(s.name());
    }
    for bits in [8, 16, 32, 64] {
        for align in [1, 2, 4, 8] {
            names.extend(
                [Support::Load(bits, align), Support::Store(bits, align)].map(Support::name),
            );
        }
    }
    names.extend(crate::helium::reserved());
    for (op, ..) in ir::dialects::arm::DSP {
        names.push(Support::Instruction(op, 0).name());
        names.extend((1..=32).map(|by| Support::Instruction(op, by).name()));
    }
    names
}
