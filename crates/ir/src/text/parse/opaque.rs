//! Types and attributes of dialects, kept as their text.

use super::lexer::{self, Token};
use super::{Parse, Parser};
use std::borrow::Cow;

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

    /// The normal form of an opaque type or attribute: `#acme<mode<a>>` is `#acme.mode<a>`.
    pub(super) fn normal_form(&self, text: &'s str) -> Cow<'s, str> {
        let Some((dialect, body)) = text.strip_suffix('>').and_then(|t| t.split_once('<')) else {
            return Cow::Borrowed(text);
        };
        let name_end = body
            .bytes()
            .take_while(|&c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_'));
        let end = name_end.count();
        let begins = body.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_one_body = || balanced_end(body.as_bytes(), end).is_ok_and(|e| e == body.len());
        if dialect.contains('.')
            || !begins
            || !(end == body.len() || body.as_bytes()[end] == b'<' && is_one_body())
        {
            return Cow::Borrowed(text);
        }
        Cow::Owned(format!("{dialect}.{body}"))
    }

    /// Where the body that opens at `start` ends; brackets balance, and those in strings do not count.
    pub(super) fn body_end(&mut self, start: usize) -> Parse<usize> {
        balanced_end(self.source.as_bytes(), start).map_err(|e| match e {
            Unbalanced::String(pos) => self.error_help(
                pos,
                "S003",
                "the string has no end on its line",
                "write a line break in a string as `\\n`",
            ),
            Unbalanced::Closing(pos, c) => {
                let message = format!("`{}` closes nothing", char::from(c));
                self.error_help(pos, "S002", message, BALANCE)
            }
            Unbalanced::Open => {
                self.error_help(start, "S002", "the text ends; expected `>`", BALANCE)
            }
        })
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

const BALANCE: &str = "brackets in the body of a dialect's type or attribute balance";

/// Why a body has no end.
enum Unbalanced {
    /// A string at this offset has none.
    String(usize),
    /// This bracket at this offset closes nothing.
    Closing(usize, u8),
    /// The text ends first.
    Open,
}

/// Where the bracket that opens at `start` is closed; brackets in strings do not count.
fn balanced_end(b: &[u8], start: usize) -> Result<usize, Unbalanced> {
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
                None => return Err(Unbalanced::String(pos)),
            },
            b'>' | b')' | b']' | b'}' => {
                if open.pop() != Some(c) {
                    return Err(Unbalanced::Closing(pos, c));
                }
                if open.is_empty() {
                    return Ok(pos + 1);
                }
            }
            _ => {}
        }
        pos += 1;
    }
    Err(Unbalanced::Open)
}
