//! The parser of MLIR's generic form.
//!
//! It reads what the printer and `mlir-opt --mlir-print-op-generic` write: ops in quotes with regions, properties and discardable
//! attributes, successors, aliases of attributes, types and locations, `dense` constants, resources. An op or a block's argument without
//! a location gets that of its name in the text. What the IR has no place for is dropped (external resources) or refused with an error
//! (encodings, memory layouts).
//!
//! Errors accumulate: after one, the parser goes on with the next op. Each has a code of [`CODES`], the file, line and column, the
//! source line with a caret, and where there is one, a hint. Whether values dominate their uses and ops are sound is the
//! [verifier](crate::verify)'s question.
//!
//! Invariant: any text at all is parsed in time and memory linear in its length plus [`MAX_SPLAT_BYTES`], with a call depth
//! bounded by [`MAX_DEPTH`], without a panic.

mod aliases;
mod attributes;
mod codes;
mod dense;
mod labels;
mod lexer;
mod locations;
mod opaque;
mod ops;
mod position;
mod regions;
mod resources;
mod strings;
mod types;
mod values;

pub use codes::CODES;

use crate::{Diagnostic, Diagnostics, Module};
use aliases::Aliases;
use lexer::{Kind, Token};
use locations::Deferred;
use position::Lines;
use rustc_hash::FxHashSet;
use std::sync::Arc;
use values::Values;

/// Regions, attributes, types and locations nest at most this deep, aliases expanded.
pub const MAX_DEPTH: usize = 100;

/// A shaped type has at most so many dimensions.
pub const MAX_RANK: usize = 32;

/// A module's splat constants expand to at most so many bytes altogether.
pub const MAX_SPLAT_BYTES: u64 = 64 << 20;

/// The uses of aliases stand for at most so many bytes of text altogether.
pub const MAX_EXPANSION: u64 = 1 << 26;

/// The parser stops after this many errors.
pub const MAX_ERRORS: usize = 100;

/// What the parser lets pass.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ParseOptions {
    /// Whether ops that are not registered, and types and attributes of unknown dialects, are taken as they are.
    pub allow_unregistered: bool,
}

/// The module that a text says; `file` is its name in locations and errors.
///
/// # Errors
/// All errors found, in the order of the text, at most [`MAX_ERRORS`].
pub fn parse(
    source: &str,
    file: &str,
    registry: Arc<crate::DialectRegistry>,
    options: &ParseOptions,
) -> Result<Module, Diagnostics> {
    let mut p = Parser::new(source, file, registry, *options);
    p.file();
    p.finish()
}

/// An error has been reported.
#[derive(Clone, Copy, Debug)]
struct Reported;

type Parse<T> = Result<T, Reported>;

struct Parser<'s> {
    source: &'s str,
    file: &'s str,
    lines: Lines<'s>,
    options: ParseOptions,
    dialects: Vec<String>,
    m: Module,
    /// The next token.
    tok: Token,
    /// Open `{`, by which an op finds its end again after an error.
    braces: usize,
    errors: Vec<(usize, Diagnostic)>,
    reported_at: FxHashSet<usize>,
    aliases: Aliases<'s>,
    values: Values<'s>,
    /// Labels of the open regions, innermost last.
    labels: Vec<labels::Labels<'s>>,
    deferred: Vec<Deferred>,
    depth: usize,
    /// The greatest depth since it was last reset, aliases expanded.
    deepest: usize,
    /// Bytes of text that the aliases used so far stand for.
    expanded: u64,
    splat_bytes: u64,
    seen_module: bool,
}

impl<'s> Parser<'s> {
    fn new(
        source: &'s str,
        file: &'s str,
        registry: Arc<crate::DialectRegistry>,
        options: ParseOptions,
    ) -> Parser<'s> {
        let dialects = registry.dialects().into_iter().map(str::to_owned).collect();
        let mut p = Parser {
            source,
            file,
            lines: Lines::new(source),
            options,
            dialects,
            m: Module::new(registry),
            tok: lexer::lex(source, 0),
            braces: 0,
            errors: Vec::new(),
            reported_at: FxHashSet::default(),
            aliases: Aliases::default(),
            values: Values::default(),
            labels: Vec::new(),
            deferred: Vec::new(),
            depth: 0,
            deepest: 0,
            expanded: 0,
            splat_bytes: 0,
            seen_module: false,
        };
        p.values.enter_isolated();
        // An op takes a line, mostly, and rarely fewer bytes. Room that is never used costs address space only.
        p.m.reserve(p.lines.count().min(source.len() / 64));
        p
    }

    fn finish(mut self) -> Result<Module, Diagnostics> {
        self.leave_isolated();
        self.deferred_locations();
        if !self.seen_module {
            self.implied_module_location();
        }
        if self.errors.is_empty() {
            return Ok(self.m);
        }
        self.errors.sort_by_key(|(pos, _)| *pos);
        let mut all = Diagnostics::new();
        for (_, d) in self.errors {
            all.push(d);
        }
        Err(all)
    }

    // ---- tokens ----

    fn text_of(&self, t: Token) -> &'s str {
        &self.source[t.start..t.end]
    }

    fn text(&self) -> &'s str {
        self.text_of(self.tok)
    }

    /// Consumes the next token.
    fn bump(&mut self) -> Token {
        let t = self.tok;
        match t.kind {
            Kind::Punct(b'{') => self.braces += 1,
            Kind::Punct(b'}') => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        self.tok = lexer::lex(self.source, t.end);
        t
    }

    /// Goes on at an offset.
    fn seek(&mut self, pos: usize) {
        self.tok = lexer::lex(self.source, pos);
    }

    fn at(&self, c: u8) -> bool {
        self.tok.kind == Kind::Punct(c)
    }

    fn at_word(&self, word: &str) -> bool {
        self.tok.kind == Kind::Bare && self.text() == word
    }

    fn eat(&mut self, c: u8) -> bool {
        let yes = self.at(c);
        if yes {
            self.bump();
        }
        yes
    }

    fn expect(&mut self, c: u8, wanted: &str) -> Parse<Token> {
        if self.at(c) {
            return Ok(self.bump());
        }
        Err(self.unexpected(wanted))
    }

    fn expect_kind(&mut self, kind: Kind, wanted: &str) -> Parse<Token> {
        if self.tok.kind == kind {
            return Ok(self.bump());
        }
        Err(self.unexpected(wanted))
    }

    /// Elements separated by commas up to `close`, which is consumed.
    fn list(
        &mut self,
        close: u8,
        wanted: &str,
        mut element: impl FnMut(&mut Self) -> Parse<()>,
    ) -> Parse<()> {
        if self.eat(close) {
            return Ok(());
        }
        loop {
            element(self)?;
            if self.eat(close) {
                return Ok(());
            }
            self.expect(b',', wanted)?;
        }
    }

    /// An unsigned decimal or hexadecimal number.
    fn number<T: TryFrom<u64>>(&mut self, what: &str) -> Parse<T> {
        let t = self.expect_kind(Kind::Int, what)?;
        let text = self.text_of(t);
        let value = match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => text.parse(),
        };
        match value.ok().and_then(|v| T::try_from(v).ok()) {
            Some(v) => Ok(v),
            None => Err(self.error(t.start, "S004", format!("{what} {text} is out of range"))),
        }
    }

    // ---- limits ----

    /// Parses something that is inside of something.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        self.deepen(1)?;
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn deepen(&mut self, by: usize) -> Parse<()> {
        self.deepest = self.deepest.max(self.depth + by);
        if self.depth + by <= MAX_DEPTH {
            return Ok(());
        }
        Err(self.error_help(
            self.tok.start,
            "S005",
            format!("nested more than {MAX_DEPTH} levels deep"),
            "regions, lists, types and locations count, an alias as what it stands for",
        ))
    }

    /// Counts the bytes of text that an alias stands for.
    fn expand(&mut self, weight: u64) -> Parse<()> {
        self.expanded = self.expanded.saturating_add(weight);
        if self.expanded <= MAX_EXPANSION {
            return Ok(());
        }
        let message = format!("aliases stand for more than {MAX_EXPANSION} bytes of text");
        Err(self.error(self.tok.start, "S006", message))
    }

    // ---- errors ----

    fn error(&mut self, pos: usize, code: &'static str, message: impl Into<String>) -> Reported {
        self.report(pos, Diagnostic::error(code, message))
    }

    fn error_help(
        &mut self,
        pos: usize,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Reported {
        self.report(pos, Diagnostic::error(code, message).help(help))
    }

    /// One error a place; the last of [`MAX_ERRORS`] ends the parse.
    fn report(&mut self, pos: usize, d: Diagnostic) -> Reported {
        if self.errors.len() < MAX_ERRORS && self.reported_at.insert(pos) {
            let place = self.place(pos);
            let excerpt = self.lines.excerpt(pos);
            self.errors.push((pos, d.at(place).excerpt(excerpt)));
        }
        if self.errors.len() >= MAX_ERRORS {
            self.seek(self.source.len());
        }
        Reported
    }

    /// `file:line:column`
    fn place(&self, pos: usize) -> String {
        let (line, column) = self.lines.line_column(pos);
        format!("{}:{line}:{column}", self.file)
    }

    /// The next token is not what the grammar wants.
    fn unexpected(&mut self, wanted: &str) -> Reported {
        let t = self.tok;
        let text: String = self.text().chars().take(40).collect();
        match t.kind {
            Kind::Unterminated => self.error_help(
                t.start,
                "S003",
                "the string has no end on its line",
                "write a line break in a string as `\\n`",
            ),
            Kind::Unknown => {
                let message = format!("`{text}` is no token; expected {wanted}");
                let help = if text.is_ascii() {
                    "names begin with a letter, `_`, `$`, `.` or `-`, or are numbers"
                } else {
                    "outside of strings and comments the text is ASCII"
                };
                self.error_help(t.start, "S001", message, help)
            }
            Kind::End => self.error(t.start, "S002", format!("the text ends; expected {wanted}")),
            _ => self.error(
                t.start,
                "S002",
                format!("expected {wanted}, found `{text}`"),
            ),
        }
    }
}
