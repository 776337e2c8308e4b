//! An output against what a test expects of it.

use crate::file::{Check, Expect, Expectation};

/// Checks the lines of one stream in the order of the file; the message of the first that fails.
pub fn checks<'c>(output: &str, checks: impl Iterator<Item = &'c Check>) -> Result<(), String> {
    let lines: Vec<&str> = output.lines().collect();
    // The first line after the last match.
    let mut at = 0;
    let mut forbidden: Vec<&Check> = Vec::new();
    for check in checks {
        match check.expectation {
            Expectation::Not => forbidden.push(check),
            Expectation::Next => {
                let found = lines.get(at).is_some_and(|l| check.pattern.is_in(l));
                if !found {
                    let line = lines
                        .get(at)
                        .map_or("the end of the output".to_owned(), |l| format!("`{l}`"));
                    return Err(format!(
                        "line {}: `{}` is not in the next line, which is {line}",
                        check.line, check.text
                    ));
                }
                forbidden.clear();
                at += 1;
            }
            Expectation::Later => {
                let Some(found) = lines[at..].iter().position(|l| check.pattern.is_in(l)) else {
                    let after = if at == 0 {
                        "the output"
                    } else {
                        "what follows the last match"
                    };
                    return Err(format!(
                        "line {}: `{}` is not in {after}",
                        check.line, check.text
                    ));
                };
                absent(&lines[at..at + found], &forbidden)?;
                forbidden.clear();
                at += found + 1;
            }
        }
    }
    absent(&lines[at..], &forbidden)
}

fn absent(lines: &[&str], forbidden: &[&Check]) -> Result<(), String> {
    for check in forbidden {
        if let Some(l) = lines.iter().find(|l| check.pattern.is_in(l)) {
            return Err(format!("line {}: `{}` is in `{l}`", check.line, check.text));
        }
    }
    Ok(())
}

/// Compares a whole output with a block.
pub fn expect(output: &str, block: &Expect) -> Result<(), String> {
    let lines: Vec<&str> = output.lines().collect();
    let differs = (0..lines.len().max(block.text.len()))
        .find(|&i| lines.get(i).copied() != block.text.get(i).map(String::as_str));
    let Some(i) = differs else { return Ok(()) };
    let show = |l: Option<&str>| l.map_or("the end".to_owned(), |l| format!("`{l}`"));
    Err(format!(
        "line {}: line {} of the block is {}, of the output {} (BLESS=1 takes the output over)",
        block.line,
        i + 1,
        show(block.text.get(i).map(String::as_str)),
        show(lines.get(i).copied())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::TestFile;

    fn run(directives: &str, output: &str) -> Result<(), String> {
        let file = TestFile::parse(&format!("// RUN: x\n{directives}")).unwrap();
        checks(output, file.runs[0].checks.iter())
    }

    #[test]
    fn matches_go_forward() {
        assert!(run("// CHECK: a\n// CHECK: b", "a\nx\nb").is_ok());
        assert!(run("// CHECK: b\n// CHECK: a", "a\nx\nb").is_err());
        // One line matches once.
        assert!(run("// CHECK: a\n// CHECK: a", "a").is_err());
    }

    #[test]
    fn next_is_the_very_next_line() {
        assert!(run("// CHECK: a\n// CHECK-NEXT: b", "x\na\nb").is_ok());
        let e = run("// CHECK: a\n// CHECK-NEXT: b", "a\nx\nb").unwrap_err();
        assert_eq!(e, "line 3: `b` is not in the next line, which is `x`");
        assert!(
            run("// CHECK: a\n// CHECK-NEXT: b", "a")
                .unwrap_err()
                .contains("the end of the output")
        );
    }

    #[test]
    fn not_holds_between_matches_and_to_the_end() {
        assert!(run("// CHECK-NOT: x\n// CHECK: a", "a\nx").is_ok());
        assert_eq!(
            run("// CHECK-NOT: x\n// CHECK: a", "x\na").unwrap_err(),
            "line 2: `x` is in `x`"
        );
        assert!(run("// CHECK: a\n// CHECK-NOT: x\n// CHECK: b", "x\na\nb\nx").is_ok());
        assert!(run("// CHECK: a\n// CHECK-NOT: x", "x\na\ny").is_ok());
        assert!(run("// CHECK: a\n// CHECK-NOT: x", "a\ny\nx").is_err());
    }

    #[test]
    fn blocks_are_compared_whole() {
        let file = TestFile::parse("// RUN: x\n// EXPECT:\n//| a\n//| b\n").unwrap();
        let block = &file.runs[0].expects[0];
        assert!(expect("a\nb\n", block).is_ok());
        assert!(
            expect("a\n", block)
                .unwrap_err()
                .contains("line 2 of the block is `b`, of the output the end")
        );
        assert!(expect("a\nb\nc", block).is_err());
        assert!(expect("a\nc", block).is_err());
    }
}
