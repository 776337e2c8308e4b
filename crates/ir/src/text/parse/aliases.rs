//! `#name = attribute`, `#name = loc(…)` and `!name = type`.

use super::locations::LocFail;
use super::{Kind, Parse, Parser};
use crate::{Attr, Diagnostic, Loc, Type};
use rustc_hash::FxHashMap;

/// What a name stands for, with how deep it nests and how many bytes of text it is, aliases expanded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alias {
    pub(super) value: AliasValue,
    depth: usize,
    weight: u64,
    /// Where it is defined.
    pos: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum AliasValue {
    Attr(Attr),
    Loc(Loc),
    Type(Type),
    /// The definition has an error; uses say nothing more.
    Poison,
}

/// Names with their `#` or `!`.
#[derive(Default)]
pub(super) struct Aliases<'s> {
    map: FxHashMap<&'s str, Alias>,
}

impl<'s> Parser<'s> {
    /// A definition; the next token is the name.
    pub(super) fn alias_definition(&mut self) -> Parse<()> {
        let name = self.bump();
        let text = self.text_of(name);
        if text.contains('.') {
            return Err(self.error_help(
                name.start,
                "S002",
                format!("`{text}` is no name of an alias"),
                "an alias's name has no dot; names with a dot belong to dialects",
            ));
        }
        self.expect(b'=', "`=` behind an alias's name")?;
        let (outer, expanded, start) = (self.deepest, self.expanded, self.tok.start);
        self.deepest = self.depth;
        let value = if name.kind == Kind::Bang {
            self.ty().map(AliasValue::Type)
        } else if self.at_word("loc") {
            self.location().map(AliasValue::Loc).map_err(|e| match e {
                LocFail::Reported(r) => r,
                LocFail::Undefined(pos) => self.undefined_alias(pos),
            })
        } else {
            self.attr().map(AliasValue::Attr)
        };
        let alias = Alias {
            value: value.unwrap_or(AliasValue::Poison),
            depth: self.deepest - self.depth,
            weight: self.expanded - expanded + (self.tok.start - start) as u64,
            pos: name.start,
        };
        self.deepest = outer.max(self.deepest);
        if let Some(first) = self.aliases.map.insert(text, alias) {
            let place = self.place(first.pos);
            return Err(self.report(
                name.start,
                Diagnostic::error("S008", format!("alias `{text}` is defined twice"))
                    .note(format!("it is defined at {place}")),
            ));
        }
        value.map(|_| ())
    }

    /// What a name stands for, if it is defined so far.
    pub(super) fn alias(&mut self, name: &str) -> Parse<Option<AliasValue>> {
        let Some(alias) = self.aliases.map.get(name).copied() else {
            return Ok(None);
        };
        if matches!(alias.value, AliasValue::Poison) {
            return Err(super::Reported);
        }
        // The use is a level of its own already.
        self.deepen(alias.depth.saturating_sub(1))?;
        self.expand(alias.weight)?;
        Ok(Some(alias.value))
    }

    /// The alias at an offset is not defined.
    pub(super) fn undefined_alias(&mut self, pos: usize) -> super::Reported {
        let t = super::lexer::lex(self.source, pos);
        let text = self.text_of(t);
        self.error_help(
            pos,
            "S007",
            format!("alias `{text}` is not defined"),
            format!("define it before its first use: `{text} = …`"),
        )
    }
}
