//! The small language of conditions, arguments and formulas: 64-bit integers and words.
//!
//! ```text
//! or      = and { "or" and }
//! and     = not { "and" not }
//! not     = "not" not | compare
//! compare = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum ]
//! sum     = product { ("+" | "-") product }
//! product = unary { ("*" | "/" | "%") unary }
//! unary   = "-" unary | number | 'word' | name [ "(" or { "," or } ")" ] | "(" or ")" | "if" "(" or "," or "," or ")"
//! name    = identifier { "." identifier }
//! ```
//!
//! Division rounds towards zero, a condition is 1 or 0, and `min` and `max` take any number of values. `if` is its second part where the
//! first is not 0, else its third. Words are only compared.
//! Whatever exceeds 64 bits, and a division by zero, is an error of the evaluation.

mod lexer;
mod parser;

use std::fmt;

/// A parsed expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Expression {
    text: String,
    root: Node,
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    /// A number; conditions are 1 or 0.
    Int(i64),
    /// A word, such as an element type.
    Word(String),
}

/// A name, and its arguments where it has some.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    /// Its parts between dots.
    pub path: Vec<String>,
    arguments: Vec<Node>,
}

impl Name {
    /// How many arguments stand behind it.
    pub(crate) fn arity(&self) -> usize {
        self.arguments.len()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.join("."))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Node {
    Int(i64),
    Word(String),
    Name(Name),
    Negate(Box<Node>),
    Not(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    /// The largest of several values if `true`, else the smallest.
    Extreme(bool, Vec<Node>),
    /// A condition, and one of two values.
    If(Box<[Node; 3]>),
}

/// Looks up what a name stands for.
pub(crate) trait Names {
    /// The value of a name with evaluated arguments.
    fn value(&self, name: &Name, arguments: &[Value]) -> Result<Value, String>;
}

impl Expression {
    /// Parses a text.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn parse(text: &str) -> Result<Expression, String> {
        Ok(Expression {
            text: text.trim().to_owned(),
            root: parser::parse(text)?,
        })
    }

    /// A number.
    pub(crate) fn number(value: i64) -> Expression {
        Expression {
            text: value.to_string(),
            root: Node::Int(value),
        }
    }

    /// The text that it was parsed from.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// All names in it.
    pub(crate) fn names(&self) -> Vec<&Name> {
        let mut names = Vec::new();
        collect(&self.root, &mut names);
        names
    }

    /// Its value.
    ///
    /// # Errors
    /// What has no value, in words.
    pub(crate) fn evaluate(&self, names: &dyn Names) -> Result<Value, String> {
        evaluate(&self.root, names)
    }

    /// Its value as a number.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate); also if it is a word.
    pub(crate) fn int(&self, names: &dyn Names) -> Result<i64, String> {
        self.evaluate(names)?.int()
    }
}

impl Value {
    /// The number that it is.
    pub(crate) fn int(&self) -> Result<i64, String> {
        match self {
            Value::Int(i) => Ok(*i),
            Value::Word(w) => Err(format!("'{w}' is a word, not a number")),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(i) => write!(f, "{i}"),
            Value::Word(w) => write!(f, "'{w}'"),
        }
    }
}

fn collect<'e>(node: &'e Node, names: &mut Vec<&'e Name>) {
    match node {
        Node::Int(_) | Node::Word(_) => {}
        Node::Name(name) => {
            names.push(name);
            name.arguments.iter().for_each(|a| collect(a, names));
        }
        Node::Negate(a) | Node::Not(a) => collect(a, names),
        Node::Binary(_, a, b) => {
            collect(a, names);
            collect(b, names);
        }
        Node::Extreme(_, all) => all.iter().for_each(|a| collect(a, names)),
        Node::If(parts) => parts.iter().for_each(|a| collect(a, names)),
    }
}

fn evaluate(node: &Node, names: &dyn Names) -> Result<Value, String> {
    let int = |n: &Node| evaluate(n, names)?.int();
    Ok(Value::Int(match node {
        Node::Int(i) => *i,
        Node::Word(w) => return Ok(Value::Word(w.clone())),
        Node::Name(name) => {
            let arguments = name.arguments.iter().map(|a| evaluate(a, names));
            return names.value(name, &arguments.collect::<Result<Vec<_>, _>>()?);
        }
        Node::Negate(a) => int(a)?.checked_neg().ok_or(OVERFLOW)?,
        Node::Not(a) => i64::from(int(a)? == 0),
        Node::Extreme(largest, all) => {
            let values = all.iter().map(int).collect::<Result<Vec<_>, _>>()?;
            let values = values.into_iter();
            let extreme = if *largest { values.max() } else { values.min() };
            extreme.ok_or("`min` and `max` take at least one value")?
        }
        // What is not taken may have no value.
        Node::If(parts) => {
            let [condition, then, otherwise] = &**parts;
            let taken = if int(condition)? != 0 {
                then
            } else {
                otherwise
            };
            return evaluate(taken, names);
        }
        // The right side of a decided condition may have no value.
        Node::Binary(Operator::And, a, b) => i64::from(int(a)? != 0 && int(b)? != 0),
        Node::Binary(Operator::Or, a, b) => i64::from(int(a)? != 0 || int(b)? != 0),
        Node::Binary(op, a, b) => binary(*op, &evaluate(a, names)?, &evaluate(b, names)?)?,
    }))
}

const OVERFLOW: &str = "the value exceeds 64 bits";

fn binary(op: Operator, a: &Value, b: &Value) -> Result<i64, String> {
    if let (Value::Word(x), Value::Word(y)) = (a, b) {
        match op {
            Operator::Equal => return Ok(i64::from(x == y)),
            Operator::NotEqual => return Ok(i64::from(x != y)),
            _ => {}
        }
    }
    let (a, b) = (a.int()?, b.int()?);
    let value = match op {
        Operator::Equal => Some(i64::from(a == b)),
        Operator::NotEqual => Some(i64::from(a != b)),
        Operator::Less => Some(i64::from(a < b)),
        Operator::LessOrEqual => Some(i64::from(a <= b)),
        Operator::Greater => Some(i64::from(a > b)),
        Operator::GreaterOrEqual => Some(i64::from(a >= b)),
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide | Operator::Remainder if b == 0 => {
            return Err("a division by zero".to_owned());
        }
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        Operator::And | Operator::Or => Some(0),
    };
    value.ok_or_else(|| OVERFLOW.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;

    impl Names for Known {
        fn value(&self, name: &Name, arguments: &[Value]) -> Result<Value, String> {
            match (name.to_string().as_str(), arguments) {
                ("input.height", []) => Ok(Value::Int(8)),
                ("input.element", []) => Ok(Value::Word("int8".to_owned())),
                ("twice", [Value::Int(i)]) => Ok(Value::Int(2 * i)),
                _ => Err(format!("no {name}")),
            }
        }
    }

    fn check(text: &str, want: Result<i64, &str>) {
        let got = Expression::parse(text).and_then(|e| e.int(&Known));
        assert_eq!(got, want.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn values() {
        check("1 + 2 * 3", Ok(7));
        check("(1 + 2) * 3", Ok(9));
        check("10 - 3 - 2", Ok(5));
        check("-7 / 2", Ok(-3));
        check("-7 % 4", Ok(-3));
        check("--4", Ok(4));
        check("0x10", Ok(16));
        check("min(3, input.height, 5) + max(1)", Ok(4));
        check("twice(input.height + 1)", Ok(18));
        check("input.height % 4 == 0 and input.element == 'int8'", Ok(1));
        check("not input.height > 8 or 1 / 0 == 1", Ok(1));
        check("input.height <= 7", Ok(0));
        check("'a' != 'b'", Ok(1));
        check("if(input.height > 4, 10, 1 / 0) + 1", Ok(11));
        check("if(0, 1, if(1, 2, 3))", Ok(2));
    }

    #[test]
    fn errors_of_evaluation() {
        check("1 / 0", Err("a division by zero"));
        check("9223372036854775807 + 1", Err("the value exceeds 64 bits"));
        check("'a' + 1", Err("'a' is a word, not a number"));
        check("'a' < 'b'", Err("'a' is a word, not a number"));
        check("output.height", Err("no output.height"));
    }

    #[test]
    fn errors_of_the_text() {
        for (text, want) in [
            ("", "the expression ends too early"),
            ("1 +", "the expression ends too early"),
            ("1 2", "unexpected `2` at column 3"),
            ("a.", "a name must follow the dot at column 3"),
            ("(1", "`)` is missing at column 3"),
            (
                "1 = 2",
                "unexpected character `=` at column 3 (equality is `==`)",
            ),
            ("'a", "the word at column 1 has no end"),
            (
                "99999999999999999999",
                "the number at column 1 exceeds 64 bits",
            ),
            ("f(1,)", "unexpected `)` at column 5"),
            (
                "if(1, 2)",
                "`if` takes a condition and two values: `if(stride.h == 1, 2, 3)`",
            ),
            ("1 < 2 < 3", "unexpected `<` at column 7"),
            ("a & b", "unexpected character `&` at column 3"),
        ] {
            assert_eq!(Expression::parse(text), Err(want.to_owned()), "{text}");
        }
        let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(Expression::parse(&deep).is_err());
        let long = vec!["1"; 100_000].join("+");
        assert!(Expression::parse(&long).is_err());
    }
}
