//! The finished text of a function: lists wrapped, and no variable that a compiler would call unused.

use rustc_hash::{FxHashMap, FxHashSet};

/// Columns that calls and parameter lists are wrapped at.
const COLUMNS: usize = 100;

/// A list between parentheses that start after `head`, broken into lines where it is long.
pub(super) fn wrapped(head: &str, items: &[String]) -> String {
    let one = items.join(", ");
    if head.len() + one.len() + 2 <= COLUMNS {
        return one;
    }
    let pad = " ".repeat(head.len() - head.trim_start().len() + 8);
    let mut out = String::new();
    let mut column = COLUMNS;
    for (i, item) in items.iter().enumerate() {
        if column + item.len() + 2 > COLUMNS {
            out.push('\n');
            out.push_str(&pad);
            column = pad.len();
        } else {
            out.push(' ');
        }
        out.push_str(item);
        column += item.len() + 2;
        if i + 1 < items.len() {
            out.push(',');
        }
    }
    out
}

/// The identifiers of a text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|t| t.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

struct Declared<'a> {
    name: &'a str,
    line: usize,
    indent: usize,
    reads: u32,
}

/// The body with `(void)x;` behind each declaration of a variable that nothing but its own next value reads. Folding may
/// leave such variables, and `-Wunused-but-set-variable` is an error to some users.
pub(super) fn mark_unread(body: &str, variables: &FxHashSet<String>) -> String {
    let mut open: Vec<Declared<'_>> = Vec::new();
    let mut unread: FxHashMap<usize, &str> = FxHashMap::default();
    for (number, line) in body.lines().enumerate() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        while open.last().is_some_and(|d| d.indent > indent) {
            unread.extend(
                open.pop()
                    .filter(|d| d.reads == 0)
                    .map(|d| (d.line, d.name)),
            );
        }
        let (target, declares, rest) = assigned(text);
        for token in tokens(rest).filter(|&t| Some(t) != target) {
            if let Some(d) = open.iter_mut().rev().find(|d| d.name == token) {
                d.reads += 1;
            }
        }
        if let Some(name) = target.filter(|&n| declares && variables.contains(n)) {
            open.push(Declared {
                name,
                line: number,
                indent,
                reads: 0,
            });
        }
    }
    unread.extend(
        open.iter()
            .filter(|d| d.reads == 0)
            .map(|d| (d.line, d.name)),
    );
    if unread.is_empty() {
        return body.to_owned();
    }
    let mut out = String::with_capacity(body.len());
    for (number, line) in body.lines().enumerate() {
        out.push_str(line);
        if let Some(name) = unread.get(&number) {
            out.push_str(&format!(" (void){name};"));
        }
        out.push('\n');
    }
    out
}

/// What a line assigns to as a whole, whether it declares that, and the rest of the line.
fn assigned(text: &str) -> (Option<&str>, bool, &str) {
    let words: Vec<&str> = text
        .strip_prefix("const ")
        .unwrap_or(text)
        .splitn(3, ' ')
        .collect();
    let is_name = |w: &str| tokens(w).next() == Some(w);
    match words[..] {
        [ty, name] if is_name(ty) && name.strip_suffix(';').is_some_and(is_name) => {
            (name.strip_suffix(';'), true, "")
        }
        [ty, name, rest] if is_name(ty) && is_name(name) && rest.starts_with("= ") => {
            (Some(name), true, rest)
        }
        [name, op, rest] if is_name(name) && op.ends_with('=') && op.len() <= 3 => {
            (Some(name), false, rest)
        }
        _ => (None, false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_variables_are_marked_in_their_own_scope() {
        let body = "    int32_t acc = 1;\n    if (x) {\n        int32_t acc = 2;\n        acc = acc + y[0];\n    }\n    int32_t r;\n    r = 3;\n    z[acc] = 1;\n";
        let names = ["acc", "r"].map(str::to_owned).into_iter().collect();
        let want = body
            .replace(
                "        int32_t acc = 2;",
                "        int32_t acc = 2; (void)acc;",
            )
            .replace("int32_t r;", "int32_t r; (void)r;");
        assert_eq!(mark_unread(body, &names), want);
    }

    #[test]
    fn lists_are_wrapped() {
        let items: Vec<String> = (0..30).map(|i| format!("argument_{i}")).collect();
        let text = wrapped("    f(", &items);
        assert!(text.lines().all(|l| l.len() <= COLUMNS));
        assert_eq!(text.split_whitespace().collect::<String>(), items.join(","));
        assert_eq!(wrapped("f(", &["a".to_owned(), "b".to_owned()]), "a, b");
    }
}
