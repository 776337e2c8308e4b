//! Taking an output over into the file that expected another.

use crate::file::Expect;

/// The file's text with the lines of these blocks replaced.
pub fn rewrite(text: &str, blocks: &[(&Expect, String)]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut result = String::new();
    let mut i = 0;
    while i < lines.len() {
        result.push_str(lines[i]);
        result.push('\n');
        i += 1;
        // A block's number is that of its directive, from 1: the line that was just copied.
        if let Some((block, output)) = blocks.iter().find(|(b, _)| b.line == i) {
            for line in output.lines() {
                let space = if line.is_empty() { "" } else { " " };
                result.push_str(&format!("{}|{space}{line}\n", block.mark));
            }
            i += block.text.len();
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::TestFile;

    #[test]
    fn only_the_blocks_change() {
        let text = "// RUN: a\n// EXPECT:\n//| old\n//| older\n// CHECK: x\n// RUN: b\n// EXPECT-ERR:\nrest\n";
        let file = TestFile::parse(text).unwrap();
        let blocks: Vec<_> = file
            .runs
            .iter()
            .map(|r| (&r.expects[0], "new\n\n two\n".to_owned()))
            .collect();
        let new = rewrite(text, &blocks);
        let block = "//| new\n//|\n//|  two\n";
        assert_eq!(
            new,
            format!(
                "// RUN: a\n// EXPECT:\n{block}// CHECK: x\n// RUN: b\n// EXPECT-ERR:\n{block}rest\n"
            )
        );
        // What was written is read as the output again.
        assert_eq!(
            TestFile::parse(&new).unwrap().runs[0].expects[0].text,
            ["new", "", " two"]
        );
    }
}
