//! The stack frame of every function, from what LLVM says to debuggers about it in assembly: the distance of the frame's beginning from the
//! stack pointer (`.cfi_def_cfa_offset`). The code is the same as without debug information.

/// The stack frame of a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Its symbol.
    pub function: String,
    /// Bytes that it pushes and reserves.
    pub bytes: u64,
    /// Whether the stack pointer is always that far from the frame's beginning; otherwise another register holds it, and there may be more.
    pub fixed: bool,
}

/// Of all functions of a file of assembly, in order.
pub(crate) fn parse(assembly: &str) -> Vec<Frame> {
    let mut all = Vec::new();
    let mut now: Option<Frame> = None;
    let mut named = "";
    for line in assembly.lines() {
        let (directive, rest) = match line.trim().split_once(char::is_whitespace) {
            Some((directive, rest)) => (directive, rest.trim()),
            None => (line.trim(), ""),
        };
        let rest = rest.split(['@', '#']).next().unwrap_or(rest).trim();
        match (directive, &mut now) {
            (".type", _) => named = rest.split(',').next().unwrap_or(rest).trim_matches('"'),
            (".cfi_startproc", _) => {
                now = Some(Frame {
                    function: named.to_owned(),
                    bytes: 0,
                    fixed: true,
                });
            }
            (".cfi_def_cfa_offset", Some(frame)) => {
                frame.bytes = frame.bytes.max(rest.parse().unwrap_or(0));
            }
            (".cfi_def_cfa", Some(frame)) => {
                let offset = rest.split(',').nth(1).map(str::trim);
                let offset = offset.and_then(|o| o.parse().ok()).unwrap_or(0);
                frame.bytes = frame.bytes.max(offset);
                frame.fixed = false;
            }
            (".cfi_def_cfa_register", Some(frame)) => frame.fixed = false,
            (".cfi_endproc", _) => all.extend(now.take()),
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_offset_counts() {
        let text = "\t.type\tk,%function\nk:\n\t.cfi_startproc\n\tpush {r4, lr}\n\t.cfi_def_cfa_offset 8\n\tsub sp, #24\n\
                    \t.cfi_def_cfa_offset 32 @ bytes\n\tpop {r4, pc}\n\t.cfi_def_cfa_offset 0\n\t.cfi_endproc\n\
                    \t.type\t\"a b\",%function\n\t.cfi_startproc\n\tbx lr\n\t.cfi_endproc\n\
                    \t.type\tf,%function\n\t.cfi_startproc\n\t.cfi_def_cfa r7, 16\n\t.cfi_endproc\n";
        let frame = |function: &str, bytes, fixed| Frame {
            function: function.to_owned(),
            bytes,
            fixed,
        };
        assert_eq!(
            parse(text),
            [
                frame("k", 32, true),
                frame("a b", 0, true),
                frame("f", 16, false)
            ]
        );
    }
}
