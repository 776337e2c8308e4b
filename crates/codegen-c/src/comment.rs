//! Text of the model inside C: comments that end where they should, string literals that say what they say.

/// A text for the inside of a `/* … */` comment: printable ASCII, no comment mark, no trigraph.
pub(crate) fn comment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => {
                let clash = matches!(
                    (out.chars().last(), c),
                    (Some('*'), '/') | (Some('/'), '*') | (Some('?'), '?')
                );
                if clash {
                    out.push(' ');
                }
                out.push(c);
            }
            '\n' | '\t' => out.push(' '),
            _ => out.push_str(&format!("<U+{:04X}>", u32::from(c))),
        }
    }
    out
}

/// A C string literal, quotes included; bytes outside of printable ASCII become octal escapes.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for b in text.bytes() {
        match b {
            b'"' | b'\\' | b'?' => {
                out.push('\\');
                out.push(char::from(b));
            }
            b' '..=b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("\\{b:03o}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_cannot_be_left() {
        assert_eq!(comment("a*/b/*c"), "a* /b/ *c");
        assert_eq!(comment("??/"), "? ?/");
        assert_eq!(comment("é\u{202e}\n"), "<U+00E9><U+202E> ");
        assert_eq!(comment("**//"), "** //");
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("a\"b\\c??/"), r#""a\"b\\c\?\?/""#);
        assert_eq!(string("é1"), r#""\303\2511""#);
    }
}
