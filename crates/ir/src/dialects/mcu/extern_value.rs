//! What a C function gets for one argument, or a struct for one member.

use super::c_scalar::CScalar;
use crate::{Attr, AttrData, Module};

/// An argument of an external C function; the forms as attributes are those that `mcu.call_extern` lists.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ExternValue {
    /// A pointer to an operand's first byte.
    Buffer {
        /// The operand's position.
        operand: usize,
        /// The pointer type that it is cast to, `const uint8_t *`; without one it points to the buffer's elements.
        cast: Option<String>,
    },
    /// A constant.
    Scalar {
        /// Its C type.
        ty: String,
        /// Its value.
        value: i64,
    },
    /// A null pointer.
    Null,
    /// Constants in a row: by pointer as an argument, by value as a member.
    Array {
        /// The elements' C type.
        ty: String,
        /// The elements, at least one.
        values: Vec<i64>,
    },
    /// A struct: by pointer as an argument, by value as a member.
    Struct {
        /// Its C type, `struct acme_dims`, or a name that the header defines.
        ty: String,
        /// The members that are set, by name; the others are zero.
        fields: Vec<(String, ExternValue)>,
        /// Whether the fields are all members in the order of the type's declaration, each with its own type, so that the layout is known
        /// without the header.
        complete: bool,
    },
}

/// How deep structs nest at most.
const MAX_DEPTH: usize = 8;

/// Whether a text is a C identifier that is no keyword.
pub fn is_identifier(text: &str) -> bool {
    const KEYWORDS: [&str; 37] = [
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "register",
        "restrict",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "unsigned",
        "void",
        "volatile",
        "while",
        "_Bool",
        "_Complex",
        "_Imaginary",
    ];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&text)
}

/// Whether a text is a C type as far as its characters say: words, then stars.
pub fn is_c_type(text: &str) -> bool {
    let words = text.trim_end_matches(['*', ' ']);
    !words.is_empty()
        && words.split(' ').all(|w| {
            w.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && w.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
}

impl ExternValue {
    /// From its attribute.
    ///
    /// # Errors
    /// What is malformed, in words.
    pub fn of_attr(m: &Module, attr: Attr) -> Result<ExternValue, String> {
        Self::read(m, attr, &[], MAX_DEPTH)
    }

    /// `also` are keys that may be there besides the form's own.
    fn read(m: &Module, attr: Attr, also: &[&str], depth: usize) -> Result<ExternValue, String> {
        let AttrData::Dict(entries) = m.attr_data(attr) else {
            return Err("an argument must be a dictionary".to_owned());
        };
        if depth == 0 {
            return Err("structs are nested too deep".to_owned());
        }
        let get = |key: &str| m.attr_entry(attr, key);
        let only = |keys: &[&str]| match entries
            .iter()
            .map(|e| m.text(e.0))
            .find(|k| !keys.contains(k) && !also.contains(k))
        {
            Some(key) => Err(format!(
                "unknown key `{key}`, wanted are {}",
                keys.join(", ")
            )),
            None => Ok(()),
        };
        let ty = || {
            let ty = get("type").and_then(|a| m.attr_str(a));
            ty.map(str::to_owned)
                .ok_or_else(|| "`type` must be a C type, as a string".to_owned())
        };
        if let Some(operand) = get("buffer") {
            only(&["buffer", "type"])?;
            let operand = m.attr_int(operand).and_then(|i| usize::try_from(i).ok());
            let operand = operand.ok_or("`buffer` must be the position of an operand")?;
            let cast = get("type").map(|_| ty()).transpose()?;
            return Ok(ExternValue::Buffer { operand, cast });
        }
        if let Some(value) = get("value") {
            only(&["type", "value"])?;
            let value = m.attr_int(value).ok_or("`value` must be an integer")?;
            return Ok(ExternValue::Scalar { ty: ty()?, value });
        }
        if let Some(values) = get("values") {
            only(&["type", "values"])?;
            let values = m
                .attr_i64s(values)
                .ok_or("`values` must be an array<i64>")?;
            let values = values.to_vec();
            return Ok(ExternValue::Array { ty: ty()?, values });
        }
        if let Some(fields) = get("fields") {
            only(&["fields", "type", "complete"])?;
            let AttrData::Array(list) = m.attr_data(fields) else {
                return Err("`fields` must be a list".to_owned());
            };
            let field = |&f: &Attr| {
                let name = m.attr_entry(f, "name").and_then(|a| m.attr_str(a));
                let name = name.ok_or("a field must have a `name`")?.to_owned();
                Ok((name, Self::read(m, f, &["name"], depth - 1)?))
            };
            let fields = list.iter().map(field).collect::<Result<_, String>>()?;
            return Ok(ExternValue::Struct {
                ty: ty()?,
                fields,
                complete: get("complete").is_some(),
            });
        }
        if get("null").is_some() {
            only(&["null"])?;
            return Ok(ExternValue::Null);
        }
        Err("an argument must have `buffer`, `value`, `values`, `fields` or `null`".to_owned())
    }

    /// As an attribute.
    pub fn to_attr(&self, m: &mut Module) -> Attr {
        let entries = self.entries(m);
        m.dict_attr(&entries)
    }

    fn entries(&self, m: &mut Module) -> Vec<(&'static str, Attr)> {
        let mut entries = Vec::new();
        match self {
            ExternValue::Buffer { operand, cast } => {
                entries.push(("buffer", m.i64_attr(*operand as i64)));
                if let Some(cast) = cast {
                    entries.push(("type", m.str_attr(cast)));
                }
            }
            ExternValue::Scalar { ty, value } => {
                entries.push(("type", m.str_attr(ty)));
                entries.push(("value", m.i64_attr(*value)));
            }
            ExternValue::Null => entries.push(("null", m.unit_attr())),
            ExternValue::Array { ty, values } => {
                entries.push(("type", m.str_attr(ty)));
                entries.push(("values", m.i64s_attr(values)));
            }
            ExternValue::Struct {
                ty,
                fields,
                complete,
            } => {
                let mut list = Vec::new();
                for (name, value) in fields {
                    let mut field = value.entries(m);
                    field.push(("name", m.str_attr(name)));
                    list.push(m.dict_attr(&field));
                }
                if *complete {
                    entries.push(("complete", m.unit_attr()));
                }
                entries.push(("fields", m.attr(AttrData::Array(list))));
                entries.push(("type", m.str_attr(ty)));
            }
        }
        entries
    }

    /// Checks it as an argument of a call with so many operands: names, types, ranges.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self, operands: usize) -> Result<(), String> {
        let typed = |ty: &str| match is_c_type(ty) {
            true => Ok(()),
            false => Err(format!("{ty:?} is no C type")),
        };
        let fits = |ty: &str, value: i64| match CScalar::of_name(ty).and_then(|s| s.range(ty)) {
            Some((lo, hi)) if !(lo..=hi).contains(&value) => {
                Err(format!("{value} is no value that every `{ty}` has"))
            }
            _ => Ok(()),
        };
        match self {
            ExternValue::Null => Ok(()),
            ExternValue::Buffer { operand, cast } => {
                if *operand >= operands {
                    return Err(format!("buffer {operand} of {operands} operands"));
                }
                match cast {
                    Some(ty) if !ty.ends_with('*') => Err(format!("{ty:?} is no pointer type")),
                    Some(ty) => typed(ty),
                    None => Ok(()),
                }
            }
            ExternValue::Scalar { ty, value } => typed(ty).and_then(|()| fits(ty, *value)),
            ExternValue::Array { ty, values } => {
                if values.is_empty() {
                    return Err("an array has no elements".to_owned());
                }
                typed(ty)?;
                values.iter().try_for_each(|&v| fits(ty, v))
            }
            ExternValue::Struct {
                ty,
                fields,
                complete,
            } => {
                typed(ty)?;
                if fields.is_empty() {
                    return Err("a struct has no fields".to_owned());
                }
                for (i, (name, value)) in fields.iter().enumerate() {
                    if !is_identifier(name) {
                        return Err(format!("field {name:?} is no C identifier"));
                    }
                    if fields[..i].iter().any(|f| f.0 == *name) {
                        return Err(format!("field {name:?} is set twice"));
                    }
                    if let ExternValue::Struct {
                        complete: false, ..
                    } = value
                        && *complete
                    {
                        let why = format!("field `{name}` of a complete struct is not complete");
                        return Err(why);
                    }
                    value
                        .check(operands)
                        .map_err(|e| format!("field `{name}`: {e}"))?;
                }
                Ok(())
            }
        }
    }
}
