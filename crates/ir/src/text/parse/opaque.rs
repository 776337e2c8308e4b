//! Types and attributes of dialects, kept as their text.

use super::lexer::{self, Token};
use super::{Parse, Parser};

impl<'s> Parser<'s> {
    /// The text from a name (consumed as `name`) to the end of the body in angle brackets that adjoins it, if one does.
    pub(super) fn opaque_text(&mut self, name: Token) -> Parse<&'s str> {
        let mut end = name.end;
        if self.source.as_bytes().get(end) == Some(&b'<') {
            end = self.body_end(end)?;
            self.seek(end);
        }
        Ok(&self.source[name.start..end])
    }

    /// Where the body that opens at `start` ends; brackets balance, and those in strings do not count.
    pub(super) fn body_end(&mut self, start: usize) -> Parse<usize> {
        let b = self.source.as_bytes();
        let mut open: Vec<u8> = Vec::new();
        let mut pos = start;
        while let Some(&c) = b.get(pos) {
            match c {
                b'<' => open.push(b'>'),
                b'(' => open.push(b')'),
                b'[' => open.push(b']'),
                b'{' => open.push(b'}'),
                b'-' if b.get(pos + 1) == Some(&b'>') => pos += 1,
                b'"' => match lexer::string_end(b, pos) {
                    Some(end) => pos = end - 1,
                    None => {
                        return Err(self.error(pos, "S003", "the string has no end on its line"));
                    }
                },
                b'>' | b')' | b']' | b'}' => {
                    if open.pop() != Some(c) {
                        let message = format!("`{}` closes nothing", char::from(c));
                        return Err(self.error(pos, "S002", message));
                    }
                    if open.is_empty() {
                        return Ok(pos + 1);
                    }
                }
                _ => {}
            }
            pos += 1;
        }
        Err(self.error(start, "S002", "the text ends; expected `>`"))
    }

    /// Refuses a dialect that nobody registered, unless that is allowed. `name` is `!acme.token` or `#acme.mode`.
    pub(super) fn check_dialect(&mut self, name: Token) -> Parse<()> {
        let text = self.text_of(name);
        let dialect = text[1..].split('.').next().unwrap_or_default();
        if self.options.allow_unregistered || self.dialects.iter().any(|d| d == dialect) {
            return Ok(());
        }
        let known = self.dialects.join(", ");
        Err(self.error_help(
            name.start,
            "S012",
            format!("`{text}` is of the unknown dialect `{dialect}`"),
            format!("allow unregistered dialects, or use one of {known}"),
        ))
    }
}
