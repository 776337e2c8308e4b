//! Tokens: spans of the source, cut on demand, so that dimensions and opaque bodies can be read byte by byte in between.

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// `tensor`, `func.func`, `loc`
    Bare,
    /// `%name`
    Value,
    /// `@name` or `@"name"`
    Symbol,
    /// `^name`
    Label,
    /// `!name`
    Bang,
    /// `#name`
    Hash,
    /// `12` or `0x1F`
    Int,
    /// `1.5e-3`
    Float,
    /// A string with its quotes
    Str,
    /// One ASCII character of `( ) { } [ ] < > , : = - + * ? / |`
    Punct(u8),
    /// `->`
    Arrow,
    /// `{-#`
    FileOpen,
    /// `#-}`
    FileClose,
    /// A string without its closing quote
    Unterminated,
    /// A character that begins no token
    Unknown,
    /// The end of the text
    End,
}

/// A token of `source[start..end]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// The first token at or after `pos`, behind white space and `//` comments.
pub(super) fn lex(source: &str, pos: usize) -> Token {
    let b = source.as_bytes();
    let start = skip_trivia(b, pos);
    let token = |kind, end| Token { kind, start, end };
    let Some(&first) = b.get(start) else {
        return token(Kind::End, start);
    };
    let next = b.get(start + 1).copied();
    match first {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => token(Kind::Bare, bare_end(b, start)),
        b'0'..=b'9' => number(b, start),
        b'"' => match string_end(b, start) {
            Some(end) => token(Kind::Str, end),
            None => token(Kind::Unterminated, line_end(b, start)),
        },
        b'@' if next == Some(b'"') => match string_end(b, start + 1) {
            Some(end) => token(Kind::Symbol, end),
            None => token(Kind::Unterminated, line_end(b, start)),
        },
        b'{' if b[start..].starts_with(b"{-#") => token(Kind::FileOpen, start + 3),
        b'#' if b[start..].starts_with(b"#-}") => token(Kind::FileClose, start + 3),
        b'-' if next == Some(b'>') => token(Kind::Arrow, start + 2),
        b'%' | b'@' | b'^' | b'!' | b'#' => {
            let end = if first == b'@' {
                bare_end(b, start + 1)
            } else {
                suffix_end(b, start + 1)
            };
            let kind = match first {
                _ if end == start + 1 => Kind::Unknown,
                b'%' => Kind::Value,
                b'@' => Kind::Symbol,
                b'^' => Kind::Label,
                b'!' => Kind::Bang,
                _ => Kind::Hash,
            };
            token(kind, end)
        }
        b'(' | b')' | b'{' | b'}' | b'[' | b']' | b'<' | b'>' | b',' | b':' | b'=' | b'-'
        | b'+' | b'*' | b'?' | b'/' | b'|' => token(Kind::Punct(first), start + 1),
        _ => {
            let width = source[start..].chars().next().map_or(1, char::len_utf8);
            token(Kind::Unknown, start + width)
        }
    }
}

fn skip_trivia(b: &[u8], mut pos: usize) -> usize {
    loop {
        match b.get(pos) {
            Some(b' ' | b'\t' | b'\n' | b'\r') => pos += 1,
            Some(b'/') if b.get(pos + 1) == Some(&b'/') => pos = line_end(b, pos),
            _ => return pos,
        }
    }
}

fn line_end(b: &[u8], pos: usize) -> usize {
    b[pos..]
        .iter()
        .position(|&c| c == b'\n')
        .map_or(b.len(), |n| pos + n)
}

/// Where the string whose quote stands at `start` ends; strings end on their line.
pub(super) fn string_end(b: &[u8], start: usize) -> Option<usize> {
    let mut pos = start + 1;
    loop {
        match b.get(pos)? {
            b'"' => return Some(pos + 1),
            b'\n' => return None,
            // The escaped byte may be a quote.
            b'\\' if b.get(pos + 1) != Some(&b'\n') => pos += 2,
            _ => pos += 1,
        }
    }
}

fn is_name(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$' | b'.')
}

/// `(letter | _) (letter | digit | [$._])*`, or nothing.
fn bare_end(b: &[u8], start: usize) -> usize {
    if !b
        .get(start)
        .is_some_and(|c| c.is_ascii_alphabetic() || *c == b'_')
    {
        return start;
    }
    start + b[start..].iter().take_while(|&&c| is_name(c)).count()
}

/// `digit+ | (letter | [$._-]) (letter | digit | [$._-])*`; a `-` before `>` belongs to an arrow.
fn suffix_end(b: &[u8], start: usize) -> usize {
    let digits = b[start..].iter().take_while(|c| c.is_ascii_digit()).count();
    if digits > 0 {
        return start + digits;
    }
    let mut pos = start;
    while let Some(&c) = b.get(pos) {
        if !(is_name(c) || c == b'-' && b.get(pos + 1) != Some(&b'>')) {
            break;
        }
        pos += 1;
    }
    pos
}

fn number(b: &[u8], start: usize) -> Token {
    let digits = |from: usize| from + b[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let int = |end| Token {
        kind: Kind::Int,
        start,
        end,
    };
    if b[start] == b'0'
        && b.get(start + 1) == Some(&b'x')
        && b.get(start + 2).is_some_and(u8::is_ascii_hexdigit)
    {
        let hex = b[start + 2..]
            .iter()
            .take_while(|c| c.is_ascii_hexdigit())
            .count();
        return int(start + 2 + hex);
    }
    let mut end = digits(start);
    if b.get(end) != Some(&b'.') {
        return int(end);
    }
    end = digits(end + 1);
    if matches!(b.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(b.get(end + 1), Some(b'+' | b'-')));
        if b.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    Token {
        kind: Kind::Float,
        start,
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<(Kind, &str)> {
        let (mut out, mut pos) = (Vec::new(), 0);
        loop {
            let t = lex(source, pos);
            if t.kind == Kind::End {
                return out;
            }
            out.push((t.kind, &source[t.start..t.end]));
            pos = t.end;
        }
    }

    #[test]
    fn tokens_have_the_spans_that_the_grammar_says() {
        let p = |c: u8, t| (Kind::Punct(c), t);
        assert_eq!(
            texts("%a-b#1->!x.y // c\n@\"q\\\"\" 0x8xi8 1.5e-3 -2."),
            [
                (Kind::Value, "%a-b"),
                (Kind::Hash, "#1"),
                (Kind::Arrow, "->"),
                (Kind::Bang, "!x.y"),
                (Kind::Symbol, "@\"q\\\"\""),
                (Kind::Int, "0x8"),
                (Kind::Bare, "xi8"),
                (Kind::Float, "1.5e-3"),
                p(b'-', "-"),
                (Kind::Float, "2."),
            ]
        );
        assert_eq!(
            texts("{-# #-} \"open\n é %"),
            [
                (Kind::FileOpen, "{-#"),
                (Kind::FileClose, "#-}"),
                (Kind::Unterminated, "\"open"),
                (Kind::Unknown, "é"),
                (Kind::Unknown, "%"),
            ]
        );
    }
}
