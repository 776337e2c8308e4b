//! The arguments of a C function as a library's file has them, and as a call of `mcu.call_extern` gets them.

use crate::document::{Document, Item, Table};
use crate::expression::Expression;
use crate::quantities::{Quantities, has_tables, tensors};
use ir::OpInfo;
use ir::dialects::mcu::ExternValue;
use toml::de::DeValue;

/// A buffer that a kernel passes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Buffer {
    /// An operand or result of the op, by name.
    Tensor(String),
    /// The multipliers of all output channels.
    Multipliers,
    /// The shifts of all output channels.
    Shifts,
    /// The biases of all output channels, with the input's zero point in them.
    FoldedBias,
    /// Working memory.
    Workspace,
}

/// One argument, or one member of a struct.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Argument {
    Buffer {
        buffer: Buffer,
        cast: Option<String>,
        /// Whether a null pointer stands for an absent operand.
        optional: bool,
    },
    Scalar {
        ty: String,
        value: Expression,
    },
    Null,
    Array {
        ty: String,
        values: Vec<Expression>,
    },
    Struct {
        ty: String,
        fields: Vec<(String, Argument)>,
        /// Whether these are all members of the type, in order.
        complete: bool,
    },
}

/// The type of a number that no type is given for.
const INT: &str = "int32_t";
/// How deep structs nest at most.
const MAX_DEPTH: usize = 6;

const FORMS: &str = "write a buffer's name, an expression, or a table: { value, type }, { buffer, type, optional }, { struct, fields }, \
                     { array, values } or { null = true }";

impl Argument {
    /// Reads one of a kernel for an op.
    pub(crate) fn read<'t>(
        d: &mut Document<'t>,
        item: &Item<'t>,
        key: String,
        info: &OpInfo,
    ) -> Option<Argument> {
        read(d, item, key, info, MAX_DEPTH)
    }

    /// All expressions in it.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Argument::Buffer { .. } | Argument::Null => Vec::new(),
            Argument::Scalar { value, .. } => vec![value],
            Argument::Array { values, .. } => values.iter().collect(),
            Argument::Struct { fields, .. } => {
                fields.iter().flat_map(|f| f.1.expressions()).collect()
            }
        }
    }

    /// Whether it passes a buffer.
    pub(crate) fn passes(&self, wanted: &Buffer) -> bool {
        match self {
            Argument::Buffer { buffer, .. } => buffer == wanted,
            Argument::Struct { fields, .. } => fields.iter().any(|f| f.1.passes(wanted)),
            _ => false,
        }
    }

    /// What is passed for an op; `operand` says which operand of the call a buffer is, `None` where there is none.
    ///
    /// # Errors
    /// What has no value, in words.
    pub(crate) fn resolve(
        &self,
        of: &Quantities<'_>,
        operand: &dyn Fn(&Buffer) -> Option<usize>,
    ) -> Result<ExternValue, String> {
        let int = |e: &Expression| e.int(of).map_err(|why| format!("{}: {why}", e.text()));
        Ok(match self {
            Argument::Null => ExternValue::Null,
            Argument::Buffer {
                buffer,
                cast,
                optional,
            } => match (operand(buffer), buffer) {
                (Some(operand), _) => ExternValue::Buffer {
                    operand,
                    cast: cast.clone(),
                },
                (None, Buffer::Workspace) => ExternValue::Null,
                (None, _) if *optional => ExternValue::Null,
                (None, Buffer::Tensor(name)) => return Err(format!("has no {name}")),
                (None, _) => return Err("has no such table".to_owned()),
            },
            Argument::Scalar { ty, value } => ExternValue::Scalar {
                ty: ty.clone(),
                value: int(value)?,
            },
            Argument::Array { ty, values } => ExternValue::Array {
                ty: ty.clone(),
                values: values.iter().map(int).collect::<Result<_, _>>()?,
            },
            Argument::Struct {
                ty,
                fields,
                complete,
            } => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), value.resolve(of, operand)?)));
                ExternValue::Struct {
                    ty: ty.clone(),
                    fields: fields.collect::<Result<_, String>>()?,
                    complete: *complete,
                }
            }
        })
    }
}

impl Buffer {
    /// From its name, for kernels of an op.
    fn of_name(name: &str, info: &OpInfo) -> Option<Buffer> {
        match name {
            "workspace" => Some(Buffer::Workspace),
            "multiplier" if has_tables(&info.name) => Some(Buffer::Multipliers),
            "shift" if has_tables(&info.name) => Some(Buffer::Shifts),
            "folded_bias" if has_tables(&info.name) => Some(Buffer::FoldedBias),
            _ => tensors(info)
                .find(|t| *t == name)
                .map(|t| Buffer::Tensor(t.to_owned())),
        }
    }
}

fn read<'t>(
    d: &mut Document<'t>,
    item: &Item<'t>,
    key: String,
    info: &OpInfo,
    depth: usize,
) -> Option<Argument> {
    match item.get_ref() {
        DeValue::String(text) => {
            if let Some(buffer) = Buffer::of_name(text.trim(), info) {
                return Some(Argument::Buffer {
                    buffer,
                    cast: None,
                    optional: false,
                });
            }
            number(d, item, key, INT)
        }
        DeValue::Integer(_) => number(d, item, key, INT),
        DeValue::Table(_) => {
            let table = d.table(item, key, FORMS)?;
            if depth == 0 {
                d.wrong(table.at, &table.key, "structs are nested too deep", "");
                return None;
            }
            of_table(d, &table, info, depth)
        }
        _ => {
            d.wrong(item.span().start, key, "is no argument", FORMS);
            None
        }
    }
}

fn number<'t>(d: &mut Document<'t>, item: &Item<'t>, key: String, ty: &str) -> Option<Argument> {
    Some(Argument::Scalar {
        ty: ty.to_owned(),
        value: d.expression(item, key)?,
    })
}

fn of_table<'t>(
    d: &mut Document<'t>,
    table: &Table<'_, 't>,
    info: &OpInfo,
    depth: usize,
) -> Option<Argument> {
    const TYPE: &str = "a C type, as a string";
    if let Some(item) = table.get("value") {
        d.only(table, &["value", "type"]);
        let ty = d.optional(table, "type", TYPE).unwrap_or(INT);
        return number(d, item, table.path("value"), ty);
    }
    if let Some(item) = table.get("buffer") {
        d.only(table, &["buffer", "type", "optional"]);
        let name = d.string(table, "buffer", "the name of a buffer")?;
        let cast = d
            .optional(table, "type", "a C pointer type, as a string")
            .map(str::to_owned);
        let optional = d.flag(table, "optional");
        let Some(buffer) = Buffer::of_name(name, info) else {
            let mut known: Vec<&str> = tensors(info).collect();
            if has_tables(&info.name) {
                known.extend(["multiplier", "shift", "folded_bias"]);
            }
            known.push("workspace");
            let help = format!("there are {}", known.join(", "));
            let message = format!("there is no buffer {name:?}");
            d.wrong(item.span().start, table.path("buffer"), message, help);
            return None;
        };
        return Some(Argument::Buffer {
            buffer,
            cast,
            optional,
        });
    }
    if table.get("array").is_some() {
        d.only(table, &["array", "values"]);
        let ty = d.string(table, "array", "the C type of the elements")?;
        let items = d.list(table, "values", "a list of expressions");
        let values: Option<Vec<_>> = items
            .into_iter()
            .map(|(item, key)| d.expression(item, key))
            .collect();
        return Some(Argument::Array {
            ty: ty.to_owned(),
            values: values?,
        });
    }
    if table.get("struct").is_some() {
        d.only(table, &["struct", "fields"]);
        let ty = d.string(table, "struct", "the struct's C type, \"struct dims\"")?;
        let Some(item) = table.get("fields") else {
            let help = "add `fields = { n = \"input.batches\", … }`";
            d.wrong(table.at, table.path("fields"), "the key is missing", help);
            return None;
        };
        let fields = d.table(item, table.path("fields"), "a table of the members by name")?;
        let mut members = Vec::new();
        for (name, item) in fields.in_order() {
            let value = read(d, item, fields.path(name), info, depth - 1)?;
            members.push((name.to_owned(), value));
        }
        return Some(Argument::Struct {
            ty: ty.to_owned(),
            fields: members,
            complete: false,
        });
    }
    if table.get("null").is_some() {
        d.only(table, &["null"]);
        if d.flag(table, "null") {
            return Some(Argument::Null);
        }
    }
    d.wrong(table.at, &table.key, "is no argument", FORMS);
    None
}
