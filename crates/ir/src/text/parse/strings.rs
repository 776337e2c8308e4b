//! String literals and hexadecimal blobs.

use super::lexer::Token;
use super::{Kind, Parse, Parser};
use std::borrow::Cow;

impl<'s> Parser<'s> {
    /// The contents of the string that comes next.
    pub(super) fn string(&mut self, wanted: &str) -> Parse<Cow<'s, str>> {
        let t = self.expect_kind(Kind::Str, wanted)?;
        self.unescape(t.start + 1, t.end - 1)
    }

    /// The text between a string's quotes with its escapes resolved: `\n`, `\t`, `\\`, `\"` and two hexadecimal digits.
    pub(super) fn unescape(&mut self, start: usize, end: usize) -> Parse<Cow<'s, str>> {
        let raw = &self.source[start..end];
        if !raw.contains('\\') {
            return Ok(Cow::Borrowed(raw));
        }
        let b = raw.as_bytes();
        let mut out = Vec::with_capacity(b.len());
        let mut i = 0;
        while let Some(&c) = b.get(i) {
            if c != b'\\' {
                out.push(c);
                i += 1;
                continue;
            }
            let digit = |at: usize| b.get(at).and_then(|&c| hex_digit(c));
            let (byte, width) = match (b.get(i + 1), digit(i + 1), digit(i + 2)) {
                (Some(b'n'), ..) => (b'\n', 2),
                (Some(b't'), ..) => (b'\t', 2),
                (Some(&c @ (b'\\' | b'"')), ..) => (c, 2),
                (_, Some(high), Some(low)) => (high << 4 | low, 3),
                _ => {
                    return Err(self.error_help(
                        start + i,
                        "S003",
                        "unknown escape in a string",
                        "escapes are `\\n`, `\\t`, `\\\\`, `\\\"` and two hexadecimal digits",
                    ));
                }
            };
            out.push(byte);
            i += width;
        }
        match String::from_utf8(out) {
            Ok(s) => Ok(Cow::Owned(s)),
            Err(_) => Err(self.error_help(
                start,
                "S003",
                "the string's bytes are not UTF-8",
                "two hexadecimal digits are a byte: é is `\\C3\\A9`",
            )),
        }
    }

    /// The bytes of a string token `"0x…"`.
    pub(super) fn hex_bytes(&mut self, t: Token) -> Parse<Vec<u8>> {
        let body = &self.source.as_bytes()[t.start + 1..t.end - 1];
        let Some(digits) = body.strip_prefix(b"0x") else {
            return Err(self.error_help(
                t.start,
                "S024",
                "a blob begins with `0x`",
                "write the bytes in hexadecimal: `\"0x01FF\"`",
            ));
        };
        if digits.len() % 2 != 0 {
            let message = format!("a blob of {} digits ends within a byte", digits.len());
            return Err(self.error_help(t.start, "S024", message, "a byte is two digits"));
        }
        let mut bytes = Vec::with_capacity(digits.len() / 2);
        for (i, pair) in digits.chunks_exact(2).enumerate() {
            match (hex_digit(pair[0]), hex_digit(pair[1])) {
                (Some(high), Some(low)) => bytes.push(high << 4 | low),
                (high, _) => {
                    let at = t.start + 3 + 2 * i + usize::from(high.is_some());
                    return Err(self.error(at, "S024", "not a hexadecimal digit"));
                }
            }
        }
        Ok(bytes)
    }
}

fn hex_digit(c: u8) -> Option<u8> {
    char::from(c).to_digit(16).map(|d| d as u8)
}
