//! Stack frames as the compiler states them (`-fstack-usage`).

use crate::error::EmulateError;

/// The stack frame of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackFrame {
    /// The function.
    pub function: String,
    /// Bytes that it pushes and reserves.
    pub bytes: u64,
    /// Whether the size is known at compile time (no `alloca`, no variable-length array).
    pub fixed: bool,
}

/// Reads a `.su` file: "file:line:column:function<TAB>bytes<TAB>qualifiers" on each line.
pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<StackFrame>, EmulateError> {
    let line = |line: &str| {
        let mut fields = line.split('\t');
        let function = fields.next()?.rsplit(':').next()?.to_owned();
        let bytes = fields.next()?.parse().ok()?;
        // "dynamic,bounded" is bounded by realignment, not by a variable.
        let fixed = matches!(fields.next()?, "static" | "dynamic,bounded");
        Some(StackFrame {
            function,
            bytes,
            fixed,
        })
    };
    let frames: Option<Vec<StackFrame>> = text.lines().map(line).collect();
    frames.ok_or_else(|| EmulateError::Format {
        file: file.to_owned(),
        what: "is no stack usage file".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcc_lines() {
        let frames = parse(
            "k.su",
            "c0/k.c:12:6:k_conv\t72\tstatic\nk.c:3:5:f\t16\tdynamic\n",
        )
        .unwrap();
        assert_eq!(
            frames[0],
            StackFrame {
                function: "k_conv".to_owned(),
                bytes: 72,
                fixed: true
            }
        );
        assert!(!frames[1].fixed);
        assert!(parse("k.su", "nonsense").is_err());
    }
}
