//! Text tables and numbers.

/// A table: columns as wide as their widest cell, numbers to the right.
#[derive(Debug)]
pub struct Table {
    /// Header, and whether the column holds numbers.
    columns: Vec<(&'static str, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns by name; one whose name starts with `>` is aligned to the right.
    pub fn new(columns: &[&'static str]) -> Table {
        let column = |name: &&'static str| match name.strip_prefix('>') {
            Some(name) => (name, true),
            None => (*name, false),
        };
        Table {
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table's text, each line ended.
    pub fn text(&self) -> String {
        let header: Vec<String> = self.columns.iter().map(|c| c.0.to_owned()).collect();
        let all = || std::iter::once(&header).chain(&self.rows);
        let width = |i: usize| {
            all()
                .filter_map(|row| row.get(i))
                .map(|c| c.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = String::new();
        for row in all() {
            let mut line = String::new();
            for ((cell, &width), &(_, right)) in row.iter().zip(&widths).zip(&self.columns) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                let pad = " ".repeat(width - cell.chars().count());
                line += &if right {
                    pad + cell
                } else {
                    cell.clone() + &pad
                };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

/// A number with a comma between thousands.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(c);
    }
    text
}

/// Dimensions, `1×8×8×1`.
pub fn shape(dims: &[i64]) -> String {
    if dims.is_empty() {
        return "scalar".to_owned();
    }
    let dims: Vec<String> = dims.iter().map(i64::to_string).collect();
    dims.join("×")
}

/// A quotient with so many digits after the point, or a dash.
pub fn ratio(a: u64, b: u64, digits: usize) -> String {
    if b == 0 {
        return "-".to_owned();
    }
    format!("{:.digits$}", a as f64 / b as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["name", ">bytes"]);
        table.row(vec!["a×b".to_owned(), number(1_234_567)]);
        table.row(vec!["long name".to_owned(), number(12)]);
        assert_eq!(
            table.text(),
            "name           bytes\na×b        1,234,567\nlong name         12\n"
        );
    }

    #[test]
    fn thousands() {
        let of = |n| number(n);
        assert_eq!([of(0), of(999), of(1000)], ["0", "999", "1,000"]);
        assert_eq!(number(u64::MAX), "18,446,744,073,709,551,615");
    }
}
