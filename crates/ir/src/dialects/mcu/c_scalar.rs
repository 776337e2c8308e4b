//! C's arithmetic types by name, on the targets that there are: `int` has 32 bits, `long` and pointers those of the machine.

/// An arithmetic type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CScalar {
    /// An integer.
    Integer {
        /// Whether it has negative values.
        signed: bool,
        /// How wide it is.
        width: CWidth,
    },
    /// `bool`: a byte that is 0 or 1.
    Bool,
    /// `float`
    Float,
    /// `double`
    Double,
}

/// How wide an integer type is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CWidth {
    /// So many bits everywhere.
    Bits(u32),
    /// As many as a pointer: 32 on every core, 64 on a host of 64 bits.
    Word,
}

impl CScalar {
    /// From its name in C, or that of `<stdint.h>`, `<stddef.h>` or `<stdbool.h>`; `char` has a sign on some targets and is none of them.
    pub fn of_name(name: &str) -> Option<CScalar> {
        use CWidth::{Bits, Word};
        let (signed, width) = match name {
            "bool" | "_Bool" => return Some(CScalar::Bool),
            "float" => return Some(CScalar::Float),
            "double" => return Some(CScalar::Double),
            "int8_t" | "signed char" => (true, Bits(8)),
            "int16_t" | "short" => (true, Bits(16)),
            "int32_t" | "int" => (true, Bits(32)),
            "int64_t" | "long long" => (true, Bits(64)),
            "long" | "ptrdiff_t" | "intptr_t" => (true, Word),
            "uint8_t" | "unsigned char" => (false, Bits(8)),
            "uint16_t" | "unsigned short" => (false, Bits(16)),
            "uint32_t" | "unsigned" | "unsigned int" => (false, Bits(32)),
            "uint64_t" | "unsigned long long" => (false, Bits(64)),
            "unsigned long" | "size_t" | "uintptr_t" => (false, Word),
            _ => return None,
        };
        Some(CScalar::Integer { signed, width })
    }

    /// The least and greatest value that an integer type has on every target, also where `int` has 16 bits; of `uint64_t`, as far as an
    /// `i64` goes.
    pub(super) fn range(self, name: &str) -> Option<(i64, i64)> {
        let (signed, width) = match self {
            CScalar::Bool => return Some((0, 1)),
            CScalar::Float | CScalar::Double => return None,
            CScalar::Integer { signed, width } => (signed, width),
        };
        let bits = match (name, width) {
            ("int" | "unsigned" | "unsigned int", _) => 16,
            (_, CWidth::Word) => 32,
            (_, CWidth::Bits(bits)) => bits,
        };
        Some(match (signed, bits) {
            (true, 64) => return None,
            (false, 64) => (0, i64::MAX),
            (true, bits) => (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1),
            (false, bits) => (0, (1i64 << bits) - 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the standard: what `<limits.h>` grants every `int` and `long`, and the exact widths.
    #[test]
    fn ranges_are_those_that_every_target_has() {
        let range = |name: &str| CScalar::of_name(name).and_then(|s| s.range(name));
        for (name, want) in [
            ("int8_t", (-128, 127)),
            ("uint8_t", (0, 255)),
            ("int", (-32768, 32767)),
            ("unsigned int", (0, 65535)),
            ("short", (-32768, 32767)),
            ("int32_t", (-2147483648, 2147483647)),
            ("long", (-2147483648, 2147483647)),
            ("size_t", (0, 4294967295)),
            ("uint64_t", (0, i64::MAX)),
            ("bool", (0, 1)),
        ] {
            assert_eq!(range(name), Some(want), "{name}");
        }
        for name in ["int64_t", "float", "char", "enum color", "acme_t"] {
            assert_eq!(range(name), None, "{name}");
        }
    }
}
