//! Types.

use super::aliases::AliasValue;
use super::lexer::Token;
use super::{Kind, MAX_RANK, Parse, Parser};
use crate::{FloatKind, QuantType, Type, TypeData};
use smallvec::SmallVec;

/// Integer types are at most so wide: constants hold 64 bits.
const MAX_INTEGER: u32 = 64;

impl Parser<'_> {
    /// A type.
    pub(super) fn ty(&mut self) -> Parse<Type> {
        self.nested(Self::ty_inner)
    }

    fn ty_inner(&mut self) -> Parse<Type> {
        match self.tok.kind {
            Kind::Bang => self.dialect_type(),
            Kind::Punct(b'(') => {
                let (inputs, results) = self.signature()?;
                Ok(self.m.function(&inputs, &results))
            }
            Kind::Bare => self.builtin_type(),
            _ => Err(self.unexpected("a type")),
        }
    }

    /// `(types) -> type` or `(types) -> (types)`
    pub(super) fn signature(&mut self) -> Parse<(Vec<Type>, Vec<Type>)> {
        let inputs = self.type_list()?;
        self.expect_kind(Kind::Arrow, "`->`")?;
        let results = if self.at(b'(') {
            self.type_list()?
        } else {
            vec![self.ty()?]
        };
        Ok((inputs, results))
    }

    fn type_list(&mut self) -> Parse<Vec<Type>> {
        self.expect(b'(', "`(` and types")?;
        let mut types = Vec::new();
        self.list(b')', "`,` or `)` behind a type", |p| {
            types.push(p.ty()?);
            Ok(())
        })?;
        Ok(types)
    }

    /// Whether the next token begins a type rather than another attribute.
    pub(super) fn at_type(&self) -> bool {
        match self.tok.kind {
            Kind::Bang | Kind::Punct(b'(') => true,
            Kind::Bare => {
                let text = self.text();
                scalar(text).is_some()
                    || is_integer(text)
                    || matches!(text, "tensor" | "memref" | "vector")
            }
            _ => false,
        }
    }

    fn builtin_type(&mut self) -> Parse<Type> {
        let word = self.tok;
        let text = self.text();
        if let Some(data) = scalar(text) {
            self.bump();
            return Ok(self.m.ty(data));
        }
        if is_integer(text) {
            self.bump();
            let width = text[1..].parse().unwrap_or(u32::MAX);
            if !(1..=MAX_INTEGER).contains(&width) {
                return Err(self.error_help(
                    word.start,
                    "S009",
                    format!("`{text}` is not an integer of 1 to {MAX_INTEGER} bits"),
                    "wider values are several, or vectors",
                ));
            }
            return Ok(self.m.int(width));
        }
        match text {
            "tensor" | "memref" | "vector" => self.shaped(),
            _ => Err(self.error_help(
                word.start,
                "S009",
                format!("`{text}` is no type of this IR"),
                "types are i1 to i64, index, f16, bf16, f32, f64, none, tensor<…>, memref<…>, vector<…>, functions and !dialect.type",
            )),
        }
    }

    fn shaped(&mut self) -> Parse<Type> {
        let word = self.bump();
        let container = self.text_of(word);
        let open = self.expect(b'<', "`<` and dimensions")?;
        let shape = self.dimensions(open.end)?;
        let elem_at = self.tok.start;
        let elem = self.ty()?;
        if !self.at(b'>') {
            if self.at(b',') {
                return Err(self.error_help(
                    self.tok.start,
                    "S009",
                    format!("a {container} of this IR has a shape and an element type only"),
                    "encodings, layouts and memory spaces are not supported; pools are attributes of globals",
                ));
            }
            return Err(self.unexpected("`>` behind an element type"));
        }
        self.bump();
        let dynamic = shape.contains(&TypeData::DYNAMIC);
        if container == "vector" && (dynamic || shape.is_empty() || shape.contains(&0)) {
            let message = "the dimensions of a vector are positive numbers";
            return Err(self.error(open.end, "S009", message));
        }
        let scalar = |d: &TypeData| {
            matches!(
                d,
                TypeData::Integer(_) | TypeData::Index | TypeData::Float(_)
            )
        };
        let data = self.m.type_data(elem);
        let fits = match (container, data) {
            (_, d) if scalar(d) => true,
            ("tensor", TypeData::Quant(_) | TypeData::Opaque(_)) => true,
            ("memref" | "tensor", TypeData::Vector { .. }) => true,
            ("memref", TypeData::Opaque(_)) => true,
            _ => false,
        };
        if !fits {
            let text = crate::text::type_text(&self.m, elem);
            let help = match container {
                "vector" => "elements are integers, index or floats",
                "memref" => "elements are integers, index, floats, vectors or types of dialects",
                _ => {
                    "elements are integers, index, floats, vectors, !quant.uniform or types of dialects"
                }
            };
            return Err(self.error_help(
                elem_at,
                "S009",
                format!("`{text}` is no element of a {container}"),
                help,
            ));
        }
        Ok(match container {
            "tensor" => self.m.ty(TypeData::Tensor { shape, elem }),
            "memref" => self.m.ty(TypeData::MemRef { shape, elem }),
            _ => self.m.ty(TypeData::Vector { shape, elem }),
        })
    }

    /// `4x?x8x` from an offset; the next token is then the element type.
    fn dimensions(&mut self, mut pos: usize) -> Parse<SmallVec<[i64; 4]>> {
        let b = self.source.as_bytes();
        let mut shape = SmallVec::new();
        loop {
            while matches!(b.get(pos), Some(b' ' | b'\n' | b'\t' | b'\r')) {
                pos += 1;
            }
            let start = pos;
            let d = if b.get(pos) == Some(&b'?') {
                pos += 1;
                TypeData::DYNAMIC
            } else {
                while b.get(pos).is_some_and(u8::is_ascii_digit) {
                    pos += 1;
                }
                if pos == start {
                    break;
                }
                match self.source[start..pos].parse() {
                    Ok(d) => d,
                    Err(_) => {
                        return Err(self.error(start, "S004", "the dimension is out of range"));
                    }
                }
            };
            if b.get(pos) != Some(&b'x') {
                self.seek(pos);
                return Err(self.unexpected("`x` behind a dimension"));
            }
            pos += 1;
            shape.push(d);
            if shape.len() > MAX_RANK {
                let message = format!("more than {MAX_RANK} dimensions");
                return Err(self.error(start, "S009", message));
            }
        }
        self.seek(pos);
        if self.at(b'*') || self.at(b'[') {
            return Err(self.error_help(
                pos,
                "S009",
                "unranked and scalable shapes are not supported",
                "write the dimensions as numbers",
            ));
        }
        Ok(shape)
    }

    fn dialect_type(&mut self) -> Parse<Type> {
        let name = self.bump();
        let text = self.text_of(name);
        if !text.contains('.') {
            return match self.alias(text)? {
                Some(AliasValue::Type(t)) => Ok(t),
                _ if self.source.as_bytes().get(name.end) == Some(&b'<') => {
                    self.check_dialect(name)?;
                    self.opaque_type(name)
                }
                _ => Err(self.undefined_alias(name.start)),
            };
        }
        if text == "!quant.uniform" {
            return self.quant(name);
        }
        self.check_dialect(name)?;
        self.opaque_type(name)
    }

    fn opaque_type(&mut self, name: Token) -> Parse<Type> {
        let text = self.opaque_text(name)?;
        let text = self.normal_form(text).into_owned();
        Ok(self.m.ty(TypeData::Opaque(text)))
    }

    /// `<i8<-127:127>:f32:axis, {scale:zero,…}>` or `<i8:f32, scale:zero>`
    fn quant(&mut self, name: Token) -> Parse<Type> {
        self.expect(b'<', "`<` and a quantised type's parameters")?;
        let storage = self.expect_kind(Kind::Bare, "a storage type")?;
        let text = self.text_of(storage);
        let signed = text.starts_with('i');
        let width = match text.strip_prefix(['i', 'u']).map(str::parse::<u32>) {
            Some(Ok(w @ 1..=32)) => w,
            _ => {
                return Err(self.error_help(
                    storage.start,
                    "S009",
                    format!("`{text}` is no storage type"),
                    "storage is i1 to i32 or u1 to u32",
                ));
            }
        };
        let (mut min, mut max) = QuantType::default_range(width, signed);
        if self.eat(b'<') {
            min = self.integer("the storage's minimum")?;
            self.expect(b':', "`:` and the storage's maximum")?;
            max = self.integer("the storage's maximum")?;
            self.expect(b'>', "`>` behind the storage's range")?;
        }
        self.expect(b':', "`:` and the expressed type")?;
        if !self.at_word("f32") {
            return Err(self.unexpected("the expressed type `f32`"));
        }
        self.bump();
        let axis: Option<u32> = if self.eat(b':') {
            Some(self.number("the axis")?)
        } else {
            None
        };
        self.expect(b',', "`,` and scales")?;
        let (mut scales, mut zeros) = (Vec::new(), Vec::new());
        if axis.is_some() {
            self.expect(b'{', "`{` and a scale for each slice along the axis")?;
            self.list(b'}', "`,` or `}` behind a scale", |p| {
                p.scale(&mut scales, &mut zeros)
            })?;
        } else {
            self.scale(&mut scales, &mut zeros)?;
        }
        self.expect(b'>', "`>` behind a quantised type's scales")?;
        if scales.is_empty() {
            return Err(self.error(name.start, "S009", "a quantised type has a scale"));
        }
        let mut q = match axis {
            Some(a) => QuantType::per_axis(width, a, scales, zeros),
            None => QuantType::per_tensor(width, scales[0], zeros[0]),
        };
        (q.signed, q.storage_min, q.storage_max) = (signed, min, max);
        Ok(self.m.quant(q))
    }

    fn scale(&mut self, scales: &mut Vec<f64>, zeros: &mut Vec<i64>) -> Parse<()> {
        let negative = self.eat(b'-');
        let t = self.tok;
        let text = self.text();
        let value = match t.kind {
            Kind::Float => text.parse::<f64>().ok(),
            Kind::Int if !negative => text
                .strip_prefix("0x")
                .and_then(|hex| u64::from_str_radix(hex, 16).ok())
                .map(f64::from_bits),
            _ => return Err(self.unexpected("a scale")),
        };
        let Some(value) = value else {
            return Err(self.error_help(
                t.start,
                "S023",
                format!("scale `{text}` is no float"),
                format!("write `{text}.0`"),
            ));
        };
        self.bump();
        scales.push(if negative { -value } else { value });
        zeros.push(if self.eat(b':') {
            self.integer("a zero point")?
        } else {
            0
        });
        Ok(())
    }

    /// An integer with its sign.
    pub(super) fn integer(&mut self, what: &str) -> Parse<i64> {
        let start = self.tok.start;
        let negative = self.eat(b'-');
        let magnitude: u64 = self.number(what)?;
        let value = if negative {
            0i64.checked_sub_unsigned(magnitude)
        } else {
            i64::try_from(magnitude).ok()
        };
        match value {
            Some(v) => Ok(v),
            None => Err(self.error(start, "S004", format!("{what} is out of range"))),
        }
    }
}

fn is_integer(text: &str) -> bool {
    text.len() > 1 && text.starts_with('i') && text[1..].bytes().all(|c| c.is_ascii_digit())
}

fn scalar(text: &str) -> Option<TypeData> {
    Some(match text {
        "index" => TypeData::Index,
        "none" => TypeData::None,
        "f16" => TypeData::Float(FloatKind::F16),
        "bf16" => TypeData::Float(FloatKind::BF16),
        "f32" => TypeData::Float(FloatKind::F32),
        "f64" => TypeData::Float(FloatKind::F64),
        _ => return None,
    })
}
