//! From text to tokens.

/// A token and the column at which it starts, from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub column: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Int(i64),
    Word(String),
    /// An identifier or one of `and`, `or`, `not`.
    Identifier(String),
    /// An operator, a parenthesis, a comma or a dot.
    Symbol(&'static str),
}

impl Kind {
    /// As it stands in the text.
    pub(super) fn text(&self) -> String {
        match self {
            Kind::Int(i) => i.to_string(),
            Kind::Word(w) => format!("'{w}'"),
            Kind::Identifier(i) => i.clone(),
            Kind::Symbol(s) => (*s).to_owned(),
        }
    }
}

/// Longer ones first.
const SYMBOLS: [&str; 15] = [
    "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ",", ".",
];

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut all = Vec::new();
    let mut rest = text;
    let mut column = 1;
    while let Some(c) = rest.chars().next() {
        let (kind, bytes) = if c.is_whitespace() {
            (None, c.len_utf8())
        } else if c.is_ascii_digit() {
            let bytes = length(rest, |c| c.is_ascii_alphanumeric());
            (Some(Kind::Int(number(&rest[..bytes], column)?)), bytes)
        } else if c.is_ascii_alphabetic() || c == '_' {
            let bytes = length(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            (Some(Kind::Identifier(rest[..bytes].to_owned())), bytes)
        } else if c == '\'' {
            let inside = &rest[1..];
            let end = inside
                .find('\'')
                .ok_or_else(|| format!("the word at column {column} has no end"))?;
            (Some(Kind::Word(inside[..end].to_owned())), end + 2)
        } else if let Some(&symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            (Some(Kind::Symbol(symbol)), symbol.len())
        } else {
            let hint = if c == '=' { " (equality is `==`)" } else { "" };
            return Err(format!(
                "unexpected character `{c}` at column {column}{hint}"
            ));
        };
        all.extend(kind.map(|kind| Token { kind, column }));
        column += rest[..bytes].chars().count();
        rest = &rest[bytes..];
    }
    Ok(all)
}

fn length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn number(text: &str, column: usize) -> Result<i64, String> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(format!("`{text}` at column {column} is no number"));
    }
    i64::from_str_radix(digits, radix)
        .map_err(|_| format!("the number at column {column} exceeds 64 bits"))
}
