//! `dense<…>` and `dense_resource<…>`.

use super::attributes::Literal;
use super::lexer::Token;
use super::{Kind, MAX_SPLAT_BYTES, Parse, Parser, Reported};
use crate::text::packed::{packed_width, unpacked};
use crate::{Attr, AttrData, Type, TypeData};
use smallvec::SmallVec;

/// What stands in `dense<…>` before its type is known.
enum Body {
    Empty,
    Hex(Token),
    /// Elements in order, with the lengths of the lists from outside in; one element without lists is a splat.
    List {
        elements: Vec<Element>,
        shape: SmallVec<[usize; 4]>,
    },
}

enum Element {
    Number(Literal),
    Bool(usize, bool),
}

impl Parser<'_> {
    /// `dense<…> : type`; the next token is `dense`.
    pub(super) fn dense(&mut self) -> Parse<Attr> {
        let word = self.bump();
        self.expect(b'<', "`<` and elements")?;
        let body = if self.at(b'>') {
            Body::Empty
        } else if self.tok.kind == Kind::Str {
            Body::Hex(self.bump())
        } else {
            let (mut elements, mut shape) = (Vec::new(), SmallVec::new());
            self.elements(0, &mut elements, &mut shape)?;
            Body::List { elements, shape }
        };
        self.expect(b'>', "`>` behind elements")?;
        let ty = self.elements_type()?;
        let (elem, width, count) = self.layout(word, ty)?;
        let bytes = match body {
            Body::Empty if count == 0 => Vec::new(),
            Body::Empty => {
                return Err(self.wrong_shape(word.start, ty, "has no elements"));
            }
            Body::Hex(t) => {
                let bytes = self.hex_bytes(t)?;
                match unpacked(&bytes, self.m.type_data(elem), width, count) {
                    Some(all) => all.into_owned(),
                    None if Some(bytes.len()) == packed_width(self.m.type_data(elem)) => {
                        let one = unpacked(&bytes, self.m.type_data(elem), width, 1);
                        self.splat(word, &one.unwrap_or_default(), count)?
                    }
                    None => {
                        let has = format!("has {} bytes", bytes.len());
                        return Err(self.wrong_shape(t.start, ty, &has));
                    }
                }
            }
            Body::List { elements, shape } => {
                let is_splat = shape.is_empty();
                if !is_splat && !self.shape_is(ty, &shape) {
                    let lists: Vec<String> = shape.iter().map(usize::to_string).collect();
                    let has = format!("has elements of shape {}", lists.join("x"));
                    return Err(self.wrong_shape(word.start, ty, &has));
                }
                let mut bytes = Vec::with_capacity(elements.len() * width);
                for e in elements {
                    let raw = self.element(e, elem)?.to_le_bytes();
                    bytes.extend_from_slice(&raw[..width]);
                }
                if is_splat {
                    self.splat(word, &bytes, count)?
                } else {
                    bytes
                }
            }
        };
        Ok(self.m.dense_attr(ty, bytes))
    }

    /// `dense_resource<key> : type`
    pub(super) fn dense_resource(&mut self) -> Parse<Attr> {
        let word = self.bump();
        self.expect(b'<', "`<` and a resource's key")?;
        let (_, key) = self.resource_key()?;
        self.expect(b'>', "`>` behind a resource's key")?;
        let ty = self.elements_type()?;
        self.layout(word, ty)?;
        let key = self.m.str(&key);
        Ok(self.m.attr(AttrData::Resource { key, ty }))
    }

    fn elements_type(&mut self) -> Parse<Type> {
        self.expect(b':', "`:` and the constant's type")?;
        self.ty()
    }

    /// Element type, bytes of an element as constants store it, and number of elements.
    fn layout(&mut self, word: Token, ty: Type) -> Parse<(Type, usize, u64)> {
        let elem = match *self.m.type_data(ty) {
            TypeData::Tensor { elem, .. } | TypeData::Vector { elem, .. } => Some(elem),
            _ => None,
        };
        let width = elem.and_then(|e| match self.m.type_data(e) {
            TypeData::Index => Some(8),
            TypeData::Integer(_) | TypeData::Float(_) => self.m.elem_bytes(e),
            _ => None,
        });
        if let (Some(e), Some(w), Some(n)) = (elem, width, self.m.num_elements(ty)) {
            return Ok((e, w as usize, n));
        }
        let text = crate::text::type_text(&self.m, ty);
        Err(self.error_help(
            word.start,
            "S022",
            format!("`{text}` is no type of a constant"),
            "constants are static tensors or vectors of integers, indices or floats",
        ))
    }

    /// One element or a list of them, `level` lists deep.
    fn elements(
        &mut self,
        level: usize,
        out: &mut Vec<Element>,
        shape: &mut SmallVec<[usize; 4]>,
    ) -> Parse<()> {
        let start = self.tok.start;
        if !self.eat(b'[') {
            if level < shape.len() {
                return Err(self.error_help(
                    start,
                    "S022",
                    "an element stands where a list is expected",
                    "lists are as deep as the type has dimensions, everywhere",
                ));
            }
            let element = match self.text() {
                text @ ("true" | "false") => {
                    let t = self.bump();
                    debug_assert_eq!(t.kind, Kind::Bare);
                    Element::Bool(t.start, text == "true")
                }
                _ => Element::Number(self.literal("an element")?),
            };
            out.push(element);
            return Ok(());
        }
        // The first list of each level says how long and how deep the others are.
        let is_first = level == shape.len();
        if is_first {
            if !out.is_empty() {
                return Err(self.error_help(
                    start,
                    "S022",
                    "a list stands where an element is expected",
                    "lists are as deep as the type has dimensions, everywhere",
                ));
            }
            shape.push(0);
        }
        let mut count = 0;
        self.nested(|p| {
            p.list(b']', "`,` or `]` behind an element", |p| {
                count += 1;
                p.elements(level + 1, out, shape)
            })
        })?;
        if is_first {
            shape[level] = count;
        } else if shape[level] != count {
            let message = format!("a list of {count} elements beside one of {}", shape[level]);
            return Err(self.error(start, "S022", message));
        }
        Ok(())
    }

    fn element(&mut self, e: Element, elem: Type) -> Parse<u64> {
        match (e, self.m.type_data(elem)) {
            (Element::Bool(_, b), TypeData::Integer(1)) => Ok(b.into()),
            (Element::Bool(at, _), _) => Err(self.error_help(
                at,
                "S023",
                "true and false are elements of i1",
                "write 1 or 0, with a fraction for floats",
            )),
            (Element::Number(l), &TypeData::Float(kind)) => self.float_value(l, kind),
            (Element::Number(l), _) => self.integer_value(l, elem).map(|v| v as u64),
        }
    }

    fn shape_is(&self, ty: Type, shape: &[usize]) -> bool {
        let wanted = self.m.type_data(ty).shape().unwrap_or_default();
        // `[]` is every empty shape's list.
        if shape.contains(&0) {
            return wanted.contains(&0);
        }
        wanted.len() == shape.len()
            && wanted
                .iter()
                .zip(shape)
                .all(|(&w, &s)| u64::try_from(w) == Ok(s as u64))
    }

    fn splat(&mut self, word: Token, element: &[u8], count: u64) -> Parse<Vec<u8>> {
        let size = count.saturating_mul(element.len() as u64);
        self.splat_bytes = self.splat_bytes.saturating_add(size);
        if self.splat_bytes > MAX_SPLAT_BYTES {
            return Err(self.error_help(
                word.start,
                "S006",
                format!("splats of more than {MAX_SPLAT_BYTES} bytes in one module"),
                "put large constants into `dense_resource` blobs",
            ));
        }
        Ok(element.repeat(count as usize))
    }

    fn wrong_shape(&mut self, pos: usize, ty: Type, has: &str) -> Reported {
        let text = crate::text::type_text(&self.m, ty);
        let help = match self.m.num_elements(ty) {
            Some(n) => {
                format!("its type has {n} elements; one element without brackets stands for all")
            }
            None => "its type has no static shape".to_owned(),
        };
        self.error_help(
            pos,
            "S022",
            format!("the constant of type `{text}` {has}"),
            help,
        )
    }
}
