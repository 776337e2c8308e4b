//! Attributes.

use super::aliases::AliasValue;
use super::lexer::Token;
use super::{Kind, Parse, Parser};
use crate::text::float::float_bits;
use crate::{Attr, AttrData, FloatKind, Str, Type, TypeData};
use rustc_hash::FxHashSet;

/// A number as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Literal {
    /// Offset of the sign or of the number.
    pub start: usize,
    pub negative: bool,
    pub token: Token,
}

impl Parser<'_> {
    /// An attribute.
    pub(super) fn attr(&mut self) -> Parse<Attr> {
        self.nested(Self::attr_inner)
    }

    fn attr_inner(&mut self) -> Parse<Attr> {
        match self.tok.kind {
            Kind::Punct(b'[') => {
                self.bump();
                let mut list = Vec::new();
                self.list(b']', "`,` or `]` behind an attribute", |p| {
                    list.push(p.attr()?);
                    Ok(())
                })?;
                Ok(self.m.attr(AttrData::Array(list)))
            }
            Kind::Punct(b'{') => {
                let entries = self.dictionary()?;
                Ok(self.m.attr(AttrData::Dict(entries)))
            }
            Kind::Punct(b'-') | Kind::Int | Kind::Float => self.numeric(),
            Kind::Str => {
                let text = self.string("a string")?.into_owned();
                Ok(self.m.attr(AttrData::String(text)))
            }
            Kind::Symbol => self.symbol(),
            Kind::Hash => self.dialect_attr(),
            _ if self.at_type() => {
                let ty = self.ty()?;
                Ok(self.m.type_attr(ty))
            }
            Kind::Bare => self.keyword(),
            _ => Err(self.unexpected("an attribute")),
        }
    }

    fn keyword(&mut self) -> Parse<Attr> {
        let word = self.tok;
        match self.text() {
            "unit" => {
                self.bump();
                Ok(self.m.unit_attr())
            }
            text @ ("true" | "false") => {
                self.bump();
                Ok(self.m.bool_attr(text == "true"))
            }
            "array" => self.numbers(),
            "dense" => self.dense(),
            "dense_resource" => self.dense_resource(),
            text => Err(self.error_help(
                word.start,
                "S010",
                format!("`{text}` is no attribute of this IR"),
                "attributes are numbers, strings, symbols, lists, dictionaries, types, unit, true, false, array<…>, dense<…>, dense_resource<…> and #dialect.attr",
            )),
        }
    }

    fn symbol(&mut self) -> Parse<Attr> {
        let t = self.bump();
        let name = if self.source.as_bytes()[t.start + 1] == b'"' {
            self.unescape(t.start + 2, t.end - 1)?.into_owned()
        } else {
            self.source[t.start + 1..t.end].to_owned()
        };
        if self.at(b':') && self.source[self.tok.start..].starts_with("::") {
            return Err(self.error(
                self.tok.start,
                "S010",
                "symbols of this IR are flat: `@name`, not `@outer::@inner`",
            ));
        }
        Ok(self.m.symbol_attr(&name))
    }

    // ---- dictionaries ----

    /// `{key = attribute, "key" = attribute, unit_key}`, sorted by key; the next token is `{`.
    pub(super) fn dictionary(&mut self) -> Parse<Vec<(Str, Attr)>> {
        self.expect(b'{', "`{`")?;
        let mut entries: Vec<(Str, Attr)> = Vec::new();
        let mut seen = FxHashSet::default();
        self.list(b'}', "`,` or `}` behind an attribute", |p| {
            let at = p.tok;
            let key = match at.kind {
                Kind::Bare => {
                    p.bump();
                    p.text_of(at).into()
                }
                Kind::Str => p.string("a key")?,
                _ => return Err(p.unexpected("an attribute's name or `}`")),
            };
            let name = p.m.str(&key);
            let value = if p.eat(b'=') {
                p.attr()?
            } else {
                p.m.unit_attr()
            };
            if !seen.insert(name) {
                return Err(p.error(at.start, "S021", format!("key `{key}` is given twice")));
            }
            entries.push((name, value));
            Ok(())
        })?;
        entries.sort_by(|a, b| self.m.text(a.0).cmp(self.m.text(b.0)));
        Ok(entries)
    }

    // ---- numbers ----

    /// A number with its sign, not yet of a type.
    pub(super) fn literal(&mut self, wanted: &str) -> Parse<Literal> {
        let start = self.tok.start;
        let negative = self.eat(b'-');
        match self.tok.kind {
            Kind::Int | Kind::Float => Ok(Literal {
                start,
                negative,
                token: self.bump(),
            }),
            _ => Err(self.unexpected(wanted)),
        }
    }

    fn numeric(&mut self) -> Parse<Attr> {
        let literal = self.literal("a number")?;
        let typed_at = self.tok.start;
        let ty = if self.eat(b':') {
            self.ty()?
        } else if literal.token.kind == Kind::Float {
            self.m.f64()
        } else {
            self.m.i64()
        };
        match *self.m.type_data(ty) {
            TypeData::Integer(_) | TypeData::Index => {
                let value = self.integer_value(literal, ty)?;
                Ok(self.m.int_attr(value, ty))
            }
            TypeData::Float(kind) => {
                let bits = self.float_value(literal, kind)?;
                Ok(self.m.attr(AttrData::Float { bits, kind }))
            }
            _ => {
                let text = crate::text::type_text(&self.m, ty);
                let message = format!("a number is of an integer, index or float type, not {text}");
                Err(self.error(typed_at, "S023", message))
            }
        }
    }

    /// A literal's value in an integer type, sign-extended; `i1` is 0 or 1. Signless types take signed and unsigned values.
    pub(super) fn integer_value(&mut self, l: Literal, ty: Type) -> Parse<i64> {
        let width = match self.m.type_data(ty) {
            TypeData::Integer(w) => *w,
            _ => 64,
        };
        let text = self.text_of(l.token);
        if l.token.kind == Kind::Float {
            return Err(self.error_help(
                l.start,
                "S023",
                format!("`{text}` is no integer"),
                format!(
                    "write a whole number, or a float's type in place of `{}`",
                    crate::text::type_text(&self.m, ty)
                ),
            ));
        }
        let magnitude = match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => text.parse(),
        };
        let most = if l.negative {
            1u64 << (width - 1)
        } else {
            u64::MAX >> (64 - width)
        };
        match magnitude {
            Ok(n) if n <= most && width == 1 => Ok(i64::from(n != 0)),
            Ok(n) if n <= most => {
                let bits = if l.negative { n.wrapping_neg() } else { n };
                let shift = 64 - width;
                Ok(((bits << shift) as i64) >> shift)
            }
            _ => {
                let (least, greatest) = match width {
                    1 => (-1, 1),
                    _ => (i64::MIN >> (64 - width), u64::MAX >> (64 - width)),
                };
                let name = crate::text::type_text(&self.m, ty);
                Err(self.error_help(
                    l.start,
                    "S004",
                    format!("`{text}` does not fit {width} bits"),
                    format!("{name} takes {least} to {greatest}"),
                ))
            }
        }
    }

    /// A literal's bits in a float format; hexadecimal ones are the bits themselves.
    pub(super) fn float_value(&mut self, l: Literal, kind: FloatKind) -> Parse<u64> {
        let text = self.text_of(l.token);
        if let Some(hex) = text.strip_prefix("0x") {
            let bits = u64::from_str_radix(hex, 16);
            return match bits {
                Ok(b) if !l.negative && b <= u64::MAX >> (64 - kind.width()) => Ok(b),
                Ok(_) if l.negative => Err(self.error_help(
                    l.start,
                    "S023",
                    "the bits of a float have no sign",
                    "the highest bit is the sign",
                )),
                _ => {
                    let message = format!("`{text}` does not fit {} bits", kind.width());
                    Err(self.error(l.start, "S004", message))
                }
            };
        }
        match text.parse::<f64>() {
            Ok(v) if l.token.kind == Kind::Float => {
                Ok(float_bits(if l.negative { -v } else { v }, kind))
            }
            _ => Err(self.error_help(
                l.start,
                "S023",
                format!("`{text}` is no float"),
                format!("write `{text}.0`, or the bits in hexadecimal"),
            )),
        }
    }

    /// `array<i64: 1, 2>` and `array<i32: …>`; those of other elements are kept as text.
    fn numbers(&mut self) -> Parse<Attr> {
        self.bump();
        let open = self.expect(b'<', "`<` and an element type")?;
        let elem = self.expect_kind(Kind::Bare, "an element type")?;
        let name = self.text_of(elem);
        if !matches!(name, "i64" | "i32") {
            if !matches!(name, "i1" | "i8" | "i16" | "f32" | "f64") {
                return Err(self.error_help(
                    elem.start,
                    "S010",
                    format!("array<{name}: …> is no attribute of this IR"),
                    "elements are of i1, i8, i16, i32, i64, f32 or f64",
                ));
            }
            let end = self.body_end(open.start)?;
            self.seek(end);
            let text = format!("array{}", &self.source[open.start..end]);
            return Ok(self.m.attr(AttrData::Opaque(text)));
        }
        let ty = if name == "i64" {
            self.m.i64()
        } else {
            self.m.i32()
        };
        let mut values = Vec::new();
        if !self.eat(b'>') {
            self.expect(b':', "`:` and numbers, or `>`")?;
            self.list(b'>', "`,` or `>` behind a number", |p| {
                let l = p.literal("a number")?;
                values.push(p.integer_value(l, ty)?);
                Ok(())
            })?;
        }
        Ok(self.m.attr(if name == "i64" {
            AttrData::I64Array(values)
        } else {
            AttrData::I32Array(values.into_iter().map(|v| v as i32).collect())
        }))
    }

    // ---- dialects ----

    fn dialect_attr(&mut self) -> Parse<Attr> {
        let name = self.bump();
        let text = self.text_of(name);
        let has_body = self.source.as_bytes().get(name.end) == Some(&b'<');
        if !text.contains('.') && !has_body {
            return match self.alias(text)? {
                Some(AliasValue::Attr(a)) => Ok(a),
                Some(_) => Err(self.error(
                    name.start,
                    "S010",
                    format!("`{text}` is a location, which is no attribute of this IR"),
                )),
                None => Err(self.undefined_alias(name.start)),
            };
        }
        self.check_dialect(name)?;
        let text = self.opaque_text(name)?;
        let text = self.normal_form(text);
        let text = flags(&text).unwrap_or_else(|| text.into_owned());
        Ok(self.m.attr(AttrData::Opaque(text)))
    }
}

/// The normal form of flags, `#arith.overflow<nsw, nuw>`, whatever white space stands in the text.
fn flags(text: &str) -> Option<String> {
    let (name, body) = text.strip_suffix('>')?.split_once('<')?;
    let list: Vec<&str> = body.split(',').map(str::trim).collect();
    let separator = match name {
        "#arith.overflow" => ", ",
        "#arith.fastmath" => ",",
        _ => return None,
    };
    Some(format!("{name}<{}>", list.join(separator)))
}
