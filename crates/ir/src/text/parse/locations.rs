//! Locations, and those whose aliases are defined further down.

use super::aliases::AliasValue;
use super::lexer::Token;
use super::{Kind, Parse, Parser, Reported};
use crate::{BlockId, Loc, LocData, OpId};

/// Why there is no location.
pub(super) enum LocFail {
    Reported(Reported),
    /// The alias at this offset is not defined, or not yet.
    Undefined(usize),
}

impl From<Reported> for LocFail {
    fn from(r: Reported) -> LocFail {
        LocFail::Reported(r)
    }
}

/// A location to be read again at the end, when all aliases are known.
pub(super) struct Deferred {
    place: Place,
    pos: usize,
}

/// What has a location.
#[derive(Clone, Copy)]
enum Place {
    Op(OpId),
    /// A block's argument, by position.
    Argument(BlockId, usize),
}

type ParseLoc = Result<Loc, LocFail>;

impl Parser<'_> {
    /// An op's location: the one that stands here, or that of its name.
    pub(super) fn op_location(&mut self, op: OpId, name: Token) -> Parse<()> {
        self.trailing_location(Place::Op(op), name)
    }

    /// The location of a block's argument: the one that stands here, or that of its name.
    pub(super) fn argument_location(&mut self, block: BlockId, i: usize, name: Token) -> Parse<()> {
        self.trailing_location(Place::Argument(block, i), name)
    }

    fn trailing_location(&mut self, place: Place, name: Token) -> Parse<()> {
        if !self.at_word("loc") {
            let loc = self.source_location(name);
            self.set_location(place, loc);
            return Ok(());
        }
        let start = self.tok;
        match self.location() {
            Ok(loc) => {
                self.set_location(place, loc);
                Ok(())
            }
            Err(LocFail::Reported(r)) => Err(r),
            Err(LocFail::Undefined(_)) => {
                self.deferred.push(Deferred {
                    place,
                    pos: start.start,
                });
                self.seek(start.end);
                self.skip_parentheses()
            }
        }
    }

    /// A module that the text leaves out stands before its first line.
    pub(super) fn implied_module_location(&mut self) {
        let file = self.m.str(self.file);
        let (line, column) = (0, 0);
        let loc = self.m.loc(LocData::File { file, line, column });
        let root = self.m.root();
        self.m.set_loc(root, loc);
    }

    /// Where a token stands in the text.
    fn source_location(&mut self, t: Token) -> Loc {
        let file = self.m.str(self.file);
        let (line, column) = self.lines.line_column(t.start);
        self.m.loc(LocData::File { file, line, column })
    }

    fn set_location(&mut self, place: Place, loc: Loc) {
        match place {
            Place::Op(op) => self.m.set_loc(op, loc),
            Place::Argument(block, i) => self.m.set_block_arg_loc(block, i, loc),
        }
    }

    /// Reads the deferred locations.
    pub(super) fn deferred_locations(&mut self) {
        for d in std::mem::take(&mut self.deferred) {
            self.seek(d.pos);
            match self.location() {
                Ok(loc) => self.set_location(d.place, loc),
                Err(LocFail::Reported(_)) => {}
                Err(LocFail::Undefined(pos)) => {
                    self.undefined_alias(pos);
                }
            }
        }
    }

    /// `(…)` with whatever is inside.
    fn skip_parentheses(&mut self) -> Parse<()> {
        let mut open = 0usize;
        loop {
            match self.tok.kind {
                Kind::Punct(b'(') => open += 1,
                Kind::Punct(b')') => open = open.saturating_sub(1),
                Kind::End => return Err(self.unexpected("`)` behind a location")),
                _ => {}
            }
            self.bump();
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// `loc(…)`; the next token is `loc`.
    pub(super) fn location(&mut self) -> ParseLoc {
        self.bump();
        self.expect(b'(', "`(` and a location")?;
        let loc = self.location_body()?;
        self.expect(b')', "`)` behind a location")?;
        Ok(loc)
    }

    fn location_body(&mut self) -> ParseLoc {
        self.deepen(1)?;
        self.depth += 1;
        let result = self.location_inner();
        self.depth -= 1;
        result
    }

    fn location_inner(&mut self) -> ParseLoc {
        let t = self.tok;
        match (t.kind, self.text()) {
            (Kind::Hash, name) => {
                let value = self.alias(name)?;
                let loc = match value {
                    Some(AliasValue::Loc(loc)) => loc,
                    Some(_) => {
                        let message = format!("`{name}` is no location");
                        let help = format!("a location's alias is `{name} = loc(…)`");
                        return Err(self.error_help(t.start, "S027", message, help).into());
                    }
                    None => return Err(LocFail::Undefined(t.start)),
                };
                self.bump();
                Ok(loc)
            }
            (Kind::Str, _) => self.named(),
            (Kind::Bare, "unknown") => {
                self.bump();
                Ok(Loc::UNKNOWN)
            }
            (Kind::Bare, "callsite") => {
                self.bump();
                self.expect(b'(', "`(` and the callee's location")?;
                let callee = self.location_body()?;
                if !self.at_word("at") {
                    return Err(self.unexpected("`at` and the caller's location").into());
                }
                self.bump();
                let caller = self.location_body()?;
                self.expect(b')', "`)` behind the caller's location")?;
                Ok(self.m.loc(LocData::CallSite { callee, caller }))
            }
            (Kind::Bare, "fused") => self.fused(),
            (Kind::Bare, "loc") => self.location(),
            _ => Err(self
                .unexpected("a location: unknown, \"file\":1:2, \"name\"(…), fused[…], callsite(… at …) or an alias")
                .into()),
        }
    }

    /// `"file":line:column`, `"name"` or `"name"(child)`
    fn named(&mut self) -> ParseLoc {
        let name = self.string("a name")?;
        let name = self.m.str(&name);
        if self.eat(b':') {
            let line = self.number("a line")?;
            self.expect(b':', "`:` and a column")?;
            let column = self.number("a column")?;
            return Ok(self.m.loc(LocData::File {
                file: name,
                line,
                column,
            }));
        }
        let mut child = Loc::UNKNOWN;
        if self.eat(b'(') {
            child = self.location_body()?;
            self.expect(b')', "`)` behind a location")?;
        }
        Ok(self.m.loc(LocData::Name { name, child }))
    }

    fn fused(&mut self) -> ParseLoc {
        self.bump();
        let mut tag = None;
        if self.eat(b'<') {
            tag = Some(self.attr()?);
            self.expect(b'>', "`>` behind what a fused location says")?;
        }
        self.expect(b'[', "`[` and locations")?;
        let mut parts = Vec::new();
        if !self.eat(b']') {
            loop {
                parts.push(self.location_body()?);
                if self.eat(b']') {
                    break;
                }
                self.expect(b',', "`,` or `]` behind a location")?;
            }
        }
        Ok(self.m.loc(LocData::Fused { tag, parts }))
    }
}
