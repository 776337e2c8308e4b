//! From tokens to a tree, by recursive descent.

use super::lexer::{Kind, Token, tokens};
use super::{Name, Node, Operator};

/// Tokens of an expression at most, which bounds the depth of its tree too.
const MAX_TOKENS: usize = 500;

const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("%", Operator::Remainder),
    ],
];

const IF_FORM: &str = "`if` takes a condition and two values: `if(stride.h == 1, 2, 3)`";

/// The level of comparisons, which do not chain, and on which `not` stands.
const COMPARE: usize = 2;

pub(super) fn parse(text: &str) -> Result<Node, String> {
    let tokens = tokens(text)?;
    if tokens.len() > MAX_TOKENS {
        return Err(format!(
            "the expression has more than {MAX_TOKENS} numbers, names and operators"
        ));
    }
    let mut parser = Parser {
        end: text.chars().count() + 1,
        tokens,
        at: 0,
    };
    let node = parser.level(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(node),
        Some(t) => Err(unexpected(t)),
    }
}

fn unexpected(t: &Token) -> String {
    format!("unexpected `{}` at column {}", t.kind.text(), t.column)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// The column behind the text.
    end: usize,
}

impl Parser {
    fn column(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |t| t.column)
    }

    /// Takes the next token if it is this symbol or word of the language.
    fn accept(&mut self, text: &str) -> bool {
        let found = match self.tokens.get(self.at).map(|t| &t.kind) {
            Some(Kind::Symbol(s)) => *s == text,
            Some(Kind::Identifier(i)) => i == text,
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    fn level(&mut self, level: usize) -> Result<Node, String> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        if level == COMPARE && self.accept("not") {
            return Ok(Node::Not(Box::new(self.level(COMPARE)?)));
        }
        let mut left = self.level(level + 1)?;
        while let Some(&(_, op)) = operators.iter().find(|o| self.accept(o.0)) {
            let right = self.level(level + 1)?;
            left = Node::Binary(op, Box::new(left), Box::new(right));
            if level == COMPARE {
                break;
            }
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, String> {
        if self.accept("-") {
            return Ok(Node::Negate(Box::new(self.unary()?)));
        }
        if self.accept("(") {
            let node = self.level(0)?;
            self.close()?;
            return Ok(node);
        }
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return Err("the expression ends too early".to_owned());
        };
        self.at += 1;
        match token.kind {
            Kind::Int(i) => Ok(Node::Int(i)),
            Kind::Word(w) => Ok(Node::Word(w)),
            Kind::Identifier(first) if !matches!(first.as_str(), "and" | "or" | "not") => {
                self.name(first)
            }
            _ => Err(unexpected(&token)),
        }
    }

    fn name(&mut self, first: String) -> Result<Node, String> {
        let mut path = vec![first];
        while self.accept(".") {
            let column = self.column();
            match self.tokens.get(self.at).map(|t| t.kind.clone()) {
                Some(Kind::Identifier(next)) => path.push(next),
                _ => return Err(format!("a name must follow the dot at column {column}")),
            }
            self.at += 1;
        }
        let mut arguments = Vec::new();
        if self.accept("(") {
            arguments.push(self.level(0)?);
            while self.accept(",") {
                arguments.push(self.level(0)?);
            }
            self.close()?;
        }
        Ok(match path[..] {
            [ref only] if only == "min" || only == "max" => Node::Extreme(only == "max", arguments),
            [ref only] if only == "if" => Node::If(Box::new(
                <[Node; 3]>::try_from(arguments).map_err(|_| IF_FORM)?,
            )),
            _ => Node::Name(Name { path, arguments }),
        })
    }

    fn close(&mut self) -> Result<(), String> {
        match self.accept(")") {
            true => Ok(()),
            false => Err(format!("`)` is missing at column {}", self.column())),
        }
    }
}
