//! Terms from words.

use super::lexer::{Kind, Token, tokens};
use super::{OpTerm, Position, SyntaxError, Term, Value};

/// How deep terms nest at most.
const MAX_DEPTH: usize = 32;

/// Reads a text from front to back.
pub(crate) struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    pub fn new(text: &str) -> Result<Parser, SyntaxError> {
        Ok(Parser {
            tokens: tokens(text)?,
            next: 0,
        })
    }

    /// The next word; at the end, the end.
    pub fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    /// Takes the next word.
    pub fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    /// Whether everything is read.
    pub fn is_at_end(&self) -> bool {
        self.peek().kind == Kind::End
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), SyntaxError> {
        match self.is_at_end() {
            true => Ok(()),
            false => Err(self.wrong("the end")),
        }
    }

    /// An error at the next word, which is not what is wanted.
    pub fn wrong(&self, wanted: &str) -> SyntaxError {
        let token = self.peek();
        let message = format!("wanted {wanted}, found {}", token.kind.describe());
        SyntaxError::new(token.at, message)
    }

    /// Takes a word of this kind.
    pub fn expect(&mut self, kind: &Kind) -> Result<Position, SyntaxError> {
        if self.peek().kind != *kind {
            return Err(self.wrong(&kind.describe()));
        }
        Ok(self.take().at)
    }

    /// Takes a plain word.
    pub fn word(&mut self, wanted: &str) -> Result<(Position, String), SyntaxError> {
        match self.peek().kind.clone() {
            Kind::Word(word) => Ok((self.take().at, word)),
            _ => Err(self.wrong(wanted)),
        }
    }

    /// Takes a variable.
    pub fn variable(&mut self) -> Result<String, SyntaxError> {
        match self.peek().kind.clone() {
            Kind::Variable(name) => {
                self.take();
                Ok(name)
            }
            _ => Err(self.wrong("a variable, as `?x`")),
        }
    }

    /// Takes a term.
    pub fn term(&mut self) -> Result<Term, SyntaxError> {
        self.term_within(MAX_DEPTH)
    }

    fn term_within(&mut self, depth: usize) -> Result<Term, SyntaxError> {
        if let Kind::Variable(name) = self.peek().kind.clone() {
            self.take();
            return Ok(Term::Variable(name));
        }
        if self.peek().kind != Kind::Open {
            return Err(self.wrong("a term: a variable, as `?x`, or an op in parentheses"));
        }
        if depth == 0 {
            return Err(SyntaxError::new(
                self.peek().at,
                "terms are nested too deep",
            ));
        }
        self.take();
        let (at, name) = self.word("the full name of an op, or `as`")?;
        if name == "as" {
            return self.typed(at, depth);
        }
        let mut op = OpTerm {
            at,
            name,
            attributes: Vec::new(),
            operands: Vec::new(),
            open: false,
            ty: None,
        };
        while let Kind::Key(key) = self.peek().kind.clone() {
            let at = self.take().at;
            if op.attributes.iter().any(|a| a.0 == key) {
                return Err(SyntaxError::new(at, format!("`:{key}` is there twice")));
            }
            op.attributes.push((key, self.value()?));
        }
        loop {
            match &self.peek().kind {
                Kind::Close => break,
                Kind::Word(w) if w == ".." => {
                    self.take();
                    op.open = true;
                    break;
                }
                Kind::Key(_) => return Err(self.wrong("an operand: attributes come before")),
                _ => op.operands.push(self.term_within(depth - 1)?),
            }
        }
        self.expect(&Kind::Close)?;
        Ok(Term::Op(op))
    }

    /// What follows `(as`.
    fn typed(&mut self, at: Position, depth: usize) -> Result<Term, SyntaxError> {
        let ty = self.variable()?;
        let term = self.term_within(depth - 1)?;
        self.expect(&Kind::Close)?;
        match term {
            Term::Op(op) => Ok(Term::Op(OpTerm { ty: Some(ty), ..op })),
            Term::Variable(_) => Err(SyntaxError::new(
                at,
                "`as` names the type of an op's result",
            )),
        }
    }

    fn value(&mut self) -> Result<Value, SyntaxError> {
        let value = match self.peek().kind.clone() {
            Kind::Variable(name) => Value::Variable(name),
            Kind::Quoted(word) => Value::Word(word),
            Kind::Number(n) => Value::Number(n),
            Kind::OpenList => {
                self.take();
                let mut list = Vec::new();
                while let Kind::Number(n) = self.peek().kind {
                    self.take();
                    list.push(n);
                }
                if self.peek().kind != Kind::CloseList {
                    return Err(self.wrong("a number or `]`"));
                }
                Value::Numbers(list)
            }
            _ => return Err(self.wrong("a value: `?x`, \"word\", a number, or `[1 2]`")),
        };
        self.take();
        Ok(value)
    }
}
