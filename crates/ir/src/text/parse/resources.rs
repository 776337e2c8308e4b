//! `{-# dialect_resources: {builtin: {key: "0x…"}} #-}`

use super::{Kind, Parse, Parser};
use std::borrow::Cow;

/// Bytes of a blob's alignment, little endian, which precede its contents.
const ALIGNMENT_BYTES: usize = 4;

impl<'s> Parser<'s> {
    /// The section; the next token is `{-#`. Other sections than dialect resources are skipped.
    pub(super) fn metadata(&mut self) -> Parse<()> {
        self.bump();
        if self.tok.kind == Kind::FileClose {
            self.bump();
            return Ok(());
        }
        loop {
            let section = self.expect_kind(Kind::Bare, "a section or `#-}`")?;
            self.expect(b':', "`:` behind a section's name")?;
            if self.text_of(section) == "dialect_resources" {
                self.entries(|p, _| {
                    p.expect(b':', "`:` behind a dialect's name")?;
                    p.entries(Self::blob)
                })?;
            } else {
                self.nested(Self::skip_value)?;
            }
            if self.tok.kind == Kind::FileClose {
                self.bump();
                return Ok(());
            }
            self.expect(b',', "`,` or `#-}` behind a section")?;
        }
    }

    /// `{name …, name …}`
    fn entries(
        &mut self,
        mut entry: impl FnMut(&mut Self, (usize, Cow<'s, str>)) -> Parse<()>,
    ) -> Parse<()> {
        self.expect(b'{', "`{`")?;
        self.list(b'}', "`,` or `}` behind an entry", |p| {
            let key = p.resource_key()?;
            entry(p, key)
        })
    }

    /// A key and its offset.
    pub(super) fn resource_key(&mut self) -> Parse<(usize, Cow<'s, str>)> {
        let t = self.tok;
        match t.kind {
            Kind::Bare => {
                self.bump();
                Ok((t.start, Cow::Borrowed(self.text_of(t))))
            }
            Kind::Str => {
                let key = self.string("a key")?;
                if !crate::text::print::is_bare(&key) {
                    return Err(self.error_help(
                        t.start,
                        "S025",
                        format!("`{}` is no key of a resource", key.escape_debug()),
                        "keys begin with a letter or `_` and go on with letters, digits, `_`, `$` and `.`",
                    ));
                }
                Ok((t.start, key))
            }
            _ => Err(self.unexpected("a key")),
        }
    }

    fn blob(&mut self, (at, key): (usize, Cow<'s, str>)) -> Parse<()> {
        self.expect(b':', "`:` behind a resource's key")?;
        let t = self.expect_kind(Kind::Str, "a blob")?;
        let mut bytes = self.hex_bytes(t)?;
        let mut align = bytes
            .first_chunk::<ALIGNMENT_BYTES>()
            .map_or(0, |a| u32::from_le_bytes(*a));
        if align == 0 && bytes.len() == ALIGNMENT_BYTES {
            align = 1;
        }
        if !align.is_power_of_two() {
            return Err(self.error_help(
                t.start,
                "S025",
                format!("resource `{key}` does not begin with its alignment"),
                "the first four bytes are a power of two, little endian: `0x10000000…`",
            ));
        }
        bytes.drain(..ALIGNMENT_BYTES);
        if !self.m.define_resource(&key, align, bytes.into()) {
            let message = format!("resource `{key}` is defined twice");
            return Err(self.error(at, "S025", message));
        }
        Ok(())
    }

    /// A string, a word, a number, a list or a dictionary, which nobody asks for.
    fn skip_value(&mut self) -> Parse<()> {
        match self.tok.kind {
            Kind::Str | Kind::Bare | Kind::Int | Kind::Float => {
                self.bump();
                Ok(())
            }
            Kind::Punct(b'{') => self.entries(|p, _| {
                p.expect(b':', "`:` behind a key")?;
                p.nested(Self::skip_value)
            }),
            Kind::Punct(b'[') => {
                self.bump();
                self.list(b']', "`,` or `]` behind a value", |p| {
                    p.nested(Self::skip_value)
                })
            }
            _ => Err(self.unexpected("a value")),
        }
    }
}
