//! Words of a text of terms.

use super::{Position, SyntaxError};

/// A word with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub at: Position,
    pub kind: Kind,
}

/// What a word is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Open,
    Close,
    OpenList,
    CloseList,
    /// `?x`
    Variable(String),
    /// `:kernel`
    Key(String),
    /// `"none"`
    Quoted(String),
    Number(i64),
    /// `nn.relu`, `and`, `..`, `<=`
    Word(String),
    End,
}

impl Kind {
    /// As it is called in messages.
    pub fn describe(&self) -> String {
        match self {
            Kind::Open => "`(`".to_owned(),
            Kind::Close => "`)`".to_owned(),
            Kind::OpenList => "`[`".to_owned(),
            Kind::CloseList => "`]`".to_owned(),
            Kind::Variable(v) => format!("`?{v}`"),
            Kind::Key(k) => format!("`:{k}`"),
            Kind::Quoted(q) => format!("{q:?}"),
            Kind::Number(n) => format!("`{n}`"),
            Kind::Word(w) => format!("`{w}`"),
            Kind::End => "the end".to_owned(),
        }
    }
}

/// All words of a text, the end behind them.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut end = Position { line: 1, column: 1 };
    for (i, line) in text.lines().enumerate() {
        let characters: Vec<char> = line.chars().collect();
        let mut from = 0;
        while let Some(&c) = characters.get(from) {
            let at = Position {
                line: i + 1,
                column: from + 1,
            };
            if c == ';' {
                break;
            }
            if c.is_whitespace() {
                from += 1;
                continue;
            }
            let (kind, length) = token(&characters[from..], at)?;
            tokens.push(Token { at, kind });
            from += length;
        }
        end = Position {
            line: i + 1,
            column: characters.len() + 1,
        };
    }
    tokens.push(Token {
        at: end,
        kind: Kind::End,
    });
    Ok(tokens)
}

/// The word that a line begins with, and its length.
fn token(line: &[char], at: Position) -> Result<(Kind, usize), SyntaxError> {
    let single = match line[0] {
        '(' => Some(Kind::Open),
        ')' => Some(Kind::Close),
        '[' => Some(Kind::OpenList),
        ']' => Some(Kind::CloseList),
        _ => None,
    };
    if let Some(kind) = single {
        return Ok((kind, 1));
    }
    if line[0] == '"' {
        let Some(length) = line[1..].iter().position(|&c| c == '"') else {
            return Err(SyntaxError::new(at, "the quotation does not end"));
        };
        return Ok((Kind::Quoted(line[1..=length].iter().collect()), length + 2));
    }
    let ends = |c: &char| c.is_whitespace() || "()[]\";".contains(*c);
    let length = line.iter().position(ends).unwrap_or(line.len());
    let word: String = line[..length].iter().collect();
    let kind = match word.as_bytes()[0] {
        b'?' => Kind::Variable(named(&word, at)?),
        b':' => Kind::Key(named(&word, at)?),
        b'0'..=b'9' | b'-' if word != "-" => match word.parse() {
            Ok(n) => Kind::Number(n),
            Err(_) => return Err(SyntaxError::new(at, format!("`{word}` is no number"))),
        },
        _ => Kind::Word(word),
    };
    Ok((kind, length))
}

/// The name behind the first character of a word.
fn named(word: &str, at: Position) -> Result<String, SyntaxError> {
    let name = &word[1..];
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(SyntaxError::new(
            at,
            format!("`{word}` is no name: letters, digits, `_`, `-` follow the first character"),
        ));
    }
    Ok(name.to_owned())
}
