//! Pipelines as text: `builtin.module(func.func(dce),plan-memory{algorithm=greedy-by-size io=arena})`.
//!
//! The value of an option is a word, or a string in double quotes with `\"` and `\\`.

use crate::PassOptions;
use crate::options::is_plain;
use std::fmt;

/// A list of steps that run on ops of one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pipeline {
    /// The op's name.
    pub anchor: String,
    /// What runs, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A pass.
    Pass {
        /// Its name.
        name: String,
        /// Its options.
        options: PassOptions,
    },
    /// A pipeline on the ops of its anchor's name directly inside.
    Nested(Pipeline),
}

/// A pipeline that cannot be read or run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("pipeline, at character {}: {message}\n  {text}\n  {:>width$}", .at + 1, "^", width = .at + 1)]
pub struct PipelineError {
    /// Where, in characters from the start.
    pub at: usize,
    /// What is wrong, and what to do.
    pub message: String,
    /// The pipeline.
    pub text: String,
}

/// Nested anchors deeper than this are refused.
const MAX_DEPTH: usize = 16;

impl Pipeline {
    /// Reads a pipeline.
    ///
    /// # Errors
    /// With the position.
    pub fn parse(text: &str) -> Result<Pipeline, PipelineError> {
        let mut p = Parser { text, at: 0 };
        p.spaces();
        let anchor = p.name("the name of an op, such as `builtin.module`")?;
        let pipeline = p.nested(anchor.to_owned(), 0)?;
        p.spaces();
        if p.at < text.len() {
            return Err(p.error("the pipeline should end here"));
        }
        Ok(pipeline)
    }

    /// Reads the inside of a pipeline's parentheses: steps separated by commas.
    ///
    /// # Errors
    /// With the position in `anchor(text)`.
    pub fn parse_steps(anchor: &str, text: &str) -> Result<Vec<Step>, PipelineError> {
        Self::parse(&format!("{anchor}({text})")).map(|p| p.steps)
    }

    /// The text, and where in it each step's name stands, in characters, in the order of the text.
    pub(crate) fn print_with_positions(&self) -> (String, Vec<usize>) {
        let (mut text, mut positions) = (String::new(), Vec::new());
        self.print(&mut text, &mut positions);
        (text, positions)
    }

    fn print(&self, out: &mut String, positions: &mut Vec<usize>) {
        out.push_str(&self.anchor);
        out.push('(');
        for (i, step) in self.steps.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            match step {
                Step::Nested(p) => {
                    positions.push(out.chars().count());
                    p.print(out, positions);
                }
                Step::Pass { name, options } => {
                    positions.push(out.chars().count());
                    out.push_str(name);
                    if options.iter().next().is_some() {
                        out.push_str(&format!("{{{options}}}"));
                    }
                }
            }
        }
        out.push(')');
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn error(&self, message: impl Into<String>) -> PipelineError {
        let at = self.text[..self.at].chars().count();
        PipelineError {
            at,
            message: message.into(),
            text: self.text.to_owned(),
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, c: char) -> bool {
        self.spaces();
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn spaces(&mut self) {
        self.at += self.text[self.at..].len() - self.text[self.at..].trim_start().len();
    }

    fn take(&mut self, pred: impl Fn(char) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !pred(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn name(&mut self, what: &str) -> Result<&'t str, PipelineError> {
        self.spaces();
        let name = self.take(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if name.is_empty() {
            Err(self.error(format!("wants {what}")))
        } else {
            Ok(name)
        }
    }

    fn nested(&mut self, anchor: String, depth: usize) -> Result<Pipeline, PipelineError> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH}")));
        }
        if !self.eat('(') {
            return Err(self.error(format!("wants `(` after `{anchor}`")));
        }
        let mut steps = Vec::new();
        if self.eat(')') {
            return Ok(Pipeline { anchor, steps });
        }
        loop {
            let name = self.name("the name of a pass or op")?.to_owned();
            self.spaces();
            if self.peek() == Some('(') {
                steps.push(Step::Nested(self.nested(name, depth + 1)?));
            } else {
                let options = if self.eat('{') {
                    self.options()?
                } else {
                    PassOptions::none()
                };
                steps.push(Step::Pass { name, options });
            }
            if self.eat(')') {
                return Ok(Pipeline { anchor, steps });
            }
            if !self.eat(',') {
                return Err(self.error("wants `,` or `)`"));
            }
        }
    }

    fn options(&mut self) -> Result<PassOptions, PipelineError> {
        let mut options = PassOptions::none();
        while !self.eat('}') {
            let name = self.name("an option's name or `}`")?;
            if !self.eat('=') {
                return Err(self.error(format!("wants `=` after option `{name}`")));
            }
            self.spaces();
            if self.peek() == Some('"') {
                options = options.with(name, self.quoted()?);
                continue;
            }
            let value = self.take(is_plain);
            if value.is_empty() {
                return Err(self.error(format!("option `{name}` has no value")));
            }
            options = options.with(name, value);
        }
        Ok(options)
    }

    /// A string in double quotes.
    fn quoted(&mut self) -> Result<String, PipelineError> {
        let start = self.at;
        let mut value = String::new();
        let mut escaped = false;
        for (i, c) in self.text[start..].char_indices().skip(1) {
            match c {
                '\\' if !escaped => escaped = true,
                '"' if !escaped => {
                    self.at = start + i + 1;
                    return Ok(value);
                }
                _ => {
                    value.push(c);
                    escaped = false;
                }
            }
        }
        Err(self.error("the string has no end"))
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print_with_positions().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_back_exactly() {
        for text in [
            "builtin.module()",
            "builtin.module(dce)",
            "builtin.module(func.func(a,b{x=1}),plan-memory{algorithm=greedy-by-size io=arena})",
            "builtin.module(a{list=x,y,z},b{cmd=\"run \\\"it\\\" {a} \\\\ é\" empty=\"\"})",
        ] {
            assert_eq!(Pipeline::parse(text).unwrap().to_string(), text);
        }
        let spaced = Pipeline::parse(" builtin.module ( a , func.func( b { x = 1 } ) ) ").unwrap();
        assert_eq!(spaced.to_string(), "builtin.module(a,func.func(b{x=1}))");
    }

    #[test]
    fn errors_say_where() {
        for (text, at) in [
            ("", 0),
            ("builtin.module", 14),
            ("builtin.module(", 15),
            ("builtin.module(a", 16),
            ("builtin.module(a))", 17),
            ("builtin.module(a b)", 17),
            ("builtin.module(a{x})", 18),
            ("builtin.module(a{x=})", 19),
            ("builtin.module(a{x= y=1})", 21),
            ("builtin.module(é)", 15),
            ("builtin.module(a{x=\"b})", 19),
        ] {
            assert_eq!(Pipeline::parse(text).unwrap_err().at, at, "{text}");
        }
        let deep = "a(".repeat(10_000);
        assert!(Pipeline::parse(&deep).is_err());
    }
}
