//! Lines and columns of byte offsets, and the excerpts that errors show.

/// Bytes of a line that an excerpt shows on each side of the caret: a blob's line can be megabytes long.
const AROUND: usize = 60;

/// Where each line of a text begins.
pub(super) struct Lines<'s> {
    source: &'s str,
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    pub(super) fn new(source: &'s str) -> Lines<'s> {
        let newlines = source.bytes().enumerate().filter(|(_, c)| *c == b'\n');
        let starts = std::iter::once(0)
            .chain(newlines.map(|(i, _)| i + 1))
            .collect();
        Lines { source, starts }
    }

    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// Line and column of an offset, both from 1; columns count bytes, as MLIR's do.
    pub(super) fn line_column(&self, pos: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|&s| s <= pos);
        let column = pos - self.starts[line - 1] + 1;
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (clamp(line), clamp(column))
    }

    /// The source line around an offset, and a caret below it.
    pub(super) fn excerpt(&self, pos: usize) -> String {
        let line = self.starts.partition_point(|&s| s <= pos);
        let start = self.starts[line - 1];
        let end = self
            .starts
            .get(line)
            .map_or(self.source.len(), |&next| next - 1);
        let pos = pos.min(end);
        let mut from = pos.saturating_sub(AROUND).max(start);
        while !self.source.is_char_boundary(from) {
            from -= 1;
        }
        let mut to = pos.saturating_add(AROUND).min(end);
        while !self.source.is_char_boundary(to) {
            to += 1;
        }
        let mut caret_at = pos;
        while !self.source.is_char_boundary(caret_at) {
            caret_at -= 1;
        }
        let cut = |cut: bool| if cut { "…" } else { "" };
        let clean = |s: &str| s.replace(|c: char| c.is_control(), " ");
        let before = format!(
            "{}{}",
            cut(from > start),
            clean(&self.source[from..caret_at])
        );
        let after = format!("{}{}", clean(&self.source[caret_at..to]), cut(to < end));
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        let caret = " ".repeat(before.chars().count());
        format!("{number} | {before}{after}\n{gutter} | {caret}^")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_begin_at_one() {
        let lines = Lines::new("ab\n\ncd");
        let at = |pos| lines.line_column(pos);
        assert_eq!(
            [at(0), at(2), at(3), at(4), at(6)],
            [(1, 1), (1, 3), (2, 1), (3, 1), (3, 3)]
        );
    }

    #[test]
    fn the_caret_stands_below_its_column_even_in_a_long_line() {
        assert_eq!(
            Lines::new("x\n\té = y").excerpt(8),
            "2 |  é = y\n  |      ^"
        );
        let long = format!("{}!{}", "é".repeat(500), "b".repeat(500));
        let excerpt = Lines::new(&long).excerpt(1000);
        let mut rows = excerpt.lines();
        let (text, caret) = (rows.next().unwrap(), rows.next().unwrap());
        assert!(text.chars().count() < 200, "{text}");
        assert_eq!(
            text.chars().nth(caret.chars().count() - 1),
            Some('!'),
            "{excerpt}"
        );
    }
}
