//! The structs of a library, member by member: for code that calls its functions without their header.

use crate::argument::Argument;
use crate::document::{Document, Table};
use crate::expression::Expression;
use ir::dialects::mcu::{CScalar, is_c_type, is_identifier};

/// The declared structs in the file's order.
#[derive(Default, Debug)]
pub(crate) struct Layouts(Vec<Layout>);

#[derive(Debug)]
struct Layout {
    ty: String,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    ty: String,
    /// Of an array, its elements.
    count: Option<u32>,
}

/// Elements of an array in a struct at most.
const MAX_COUNT: u32 = 1 << 12;

const MEMBER: &str = "a member as C declares it: \"int32_t n\", \"const int8_t *data\", \"int32_t range[2]\", or of a struct that is \
                      listed before";

impl Layouts {
    /// Reads the `[[struct]]` tables.
    pub(crate) fn read<'t>(d: &mut Document<'t>, root: &Table<'_, 't>) -> Layouts {
        let mut all = Layouts::default();
        for (item, key) in d.list(root, "struct", "[[struct]] tables") {
            let Some(table) = d.table(item, key, "a [[struct]] table") else {
                continue;
            };
            d.only(&table, &["type", "members"]);
            let Some(ty) = d.string(&table, "type", "the struct's C type, \"struct dims\"") else {
                continue;
            };
            let at = |key: &str| table.get(key).map_or(table.at, |i| i.span().start);
            if !is_c_type(ty) || ty.ends_with('*') || CScalar::of_name(ty).is_some() {
                let message = format!("{ty:?} is no struct's type");
                d.wrong(
                    at("type"),
                    table.path("type"),
                    message,
                    "write \"struct dims\"",
                );
            }
            if all.find(ty).is_some() {
                let message = format!("{ty:?} is listed twice");
                d.wrong(at("type"), table.path("type"), message, "");
            }
            let mut members = Vec::new();
            for (text, at) in d.strings(&table, "members", MEMBER) {
                match all.member(text) {
                    Ok(member) => members.push(member),
                    Err(why) => d.wrong(at, table.path("members"), why, format!("write {MEMBER}")),
                }
            }
            if members.is_empty() {
                let help = format!("write {MEMBER}");
                d.wrong(table.at, table.path("members"), "there are none", help);
            }
            let ty = ty.to_owned();
            all.0.push(Layout { ty, members });
        }
        all
    }

    fn find(&self, ty: &str) -> Option<&Layout> {
        self.0.iter().find(|l| l.ty == ty)
    }

    /// `TYPE NAME` or `TYPE NAME[COUNT]`, the name's stars being the type's.
    fn member(&self, text: &str) -> Result<Member, String> {
        let (declared, count) = match text.trim().strip_suffix(']') {
            None => (text.trim(), None),
            Some(array) => {
                let (declared, count) = array.split_once('[').unwrap_or((array, ""));
                let count = count.trim().parse().ok();
                let count = count.filter(|n| (1..=MAX_COUNT).contains(n));
                let count = count.ok_or_else(|| format!("{text:?} is no array that can be"))?;
                (declared.trim(), Some(count))
            }
        };
        let name = declared.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (ty, name) = declared.split_at(name.map_or(0, |i| i + 1));
        let ty = ty.trim();
        if !is_identifier(name) || !is_c_type(ty) {
            return Err(format!("{text:?} is no member"));
        }
        let pointer = ty.ends_with('*');
        let known = pointer || CScalar::of_name(ty).is_some() || self.find(ty).is_some();
        if !known || (count.is_some() && (pointer || self.find(ty).is_some())) {
            return Err(format!("{text:?} has a type that is not known here"));
        }
        Ok(Member {
            name: name.to_owned(),
            ty: ty.to_owned(),
            count,
        })
    }

    /// An argument whose structs have all members of their types, as far as those are listed.
    ///
    /// # Errors
    /// A field that the struct does not have, or that is of another kind, in words.
    pub(crate) fn complete(&self, argument: Argument) -> Result<Argument, String> {
        let Argument::Struct { ty, fields, .. } = argument else {
            return Ok(argument);
        };
        let Some(layout) = self.find(&ty) else {
            let inner = fields.into_iter().map(|(n, f)| Ok((n, self.complete(f)?)));
            return Ok(Argument::Struct {
                ty,
                fields: inner.collect::<Result<_, String>>()?,
                complete: false,
            });
        };
        let of_layout = |name: &str| layout.members.iter().any(|m| m.name == name);
        if let Some((name, _)) = fields.iter().find(|f| !of_layout(&f.0)) {
            return Err(format!("{ty:?} has no member `{name}`"));
        }
        let mut given = fields;
        let mut fields = Vec::new();
        for member in &layout.members {
            let at = given.iter().position(|f| f.0 == member.name);
            let value = match at {
                Some(i) => self.typed(member, given.swap_remove(i).1)?,
                None => self.typed(member, self.zero(member))?,
            };
            fields.push((member.name.clone(), value));
        }
        Ok(Argument::Struct {
            ty,
            fields,
            complete: true,
        })
    }

    /// What a member holds that nobody sets.
    fn zero(&self, member: &Member) -> Argument {
        let ty = member.ty.clone();
        match member.count {
            _ if ty.ends_with('*') => Argument::Null,
            Some(_) => Argument::Array {
                ty,
                values: Vec::new(),
            },
            None if self.find(&ty).is_some() => Argument::Struct {
                ty,
                fields: Vec::new(),
                complete: false,
            },
            None => Argument::Scalar {
                ty,
                value: Expression::number(0),
            },
        }
    }

    /// A value as one of the member's type.
    fn typed(&self, member: &Member, value: Argument) -> Result<Argument, String> {
        let Member { name, ty, count } = member;
        let other = |what: &str| Err(format!("member `{name}` is {what}"));
        Ok(match (value, count) {
            (value @ (Argument::Buffer { .. } | Argument::Null), None) if ty.ends_with('*') => {
                value
            }
            _ if ty.ends_with('*') => return other("a pointer"),
            (Argument::Array { mut values, .. }, Some(count)) => {
                let count = *count as usize;
                if values.len() > count {
                    return other(&format!("an array of {count}"));
                }
                values.resize(count, Expression::number(0));
                let ty = ty.clone();
                Argument::Array { ty, values }
            }
            (_, Some(_)) => return other("an array"),
            (
                Argument::Struct {
                    ty: given, fields, ..
                },
                None,
            ) if given == *ty => self.complete(Argument::Struct {
                ty: given,
                fields,
                complete: false,
            })?,
            (Argument::Scalar { value, .. }, None) if CScalar::of_name(ty).is_some() => {
                let ty = ty.clone();
                Argument::Scalar { ty, value }
            }
            _ => return other(&format!("of type {ty:?}")),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn number(ty: &str, value: i64) -> Argument {
        Argument::Scalar {
            ty: ty.to_owned(),
            value: Expression::number(value),
        }
    }

    fn record(ty: &str, fields: &[(&str, Argument)], complete: bool) -> Argument {
        let fields = fields.iter().map(|(n, f)| ((*n).to_owned(), f.clone()));
        Argument::Struct {
            ty: ty.to_owned(),
            fields: fields.collect(),
            complete,
        }
    }

    /// What is not given is zero; what is has the member's type and place.
    #[test]
    fn a_listed_struct_has_all_members() {
        let text = "[[struct]]\ntype = \"struct pair\"\nmembers = [\"int16_t a\", \"int16_t b\"]\n\
            [[struct]]\ntype = \"struct job\"\n\
            members = [\"const int8_t *data\", \"struct pair pair\", \"int16_t list[3]\", \"uint8_t n\", \"struct pair more\"]\n";
        let mut d = Document::new("t.toml", text);
        let root = d.parse().unwrap();
        let table = Table {
            entries: root.get_ref(),
            key: String::new(),
            at: 0,
        };
        let layouts = Layouts::read(&mut d, &table);
        d.finish(Some(())).unwrap();
        let list = |ty: &str, values: &[i64]| Argument::Array {
            ty: ty.to_owned(),
            values: values.iter().map(|&v| Expression::number(v)).collect(),
        };
        let given = record(
            "struct job",
            &[
                ("n", number("int32_t", 7)),
                ("list", list("int32_t", &[1, 2])),
                (
                    "more",
                    record("struct pair", &[("b", number("int32_t", 4))], false),
                ),
            ],
            false,
        );
        let pair = |a, b| {
            let fields = [("a", number("int16_t", a)), ("b", number("int16_t", b))];
            record("struct pair", &fields, true)
        };
        let want = record(
            "struct job",
            &[
                ("data", Argument::Null),
                ("pair", pair(0, 0)),
                ("list", list("int16_t", &[1, 2, 0])),
                ("n", number("uint8_t", 7)),
                ("more", pair(0, 4)),
            ],
            true,
        );
        assert_eq!(layouts.complete(given), Ok(want.clone()));
        // One that is not listed is left as it is, but for what is in it.
        let outer = record("struct unknown", &[("n", number("int32_t", 1))], false);
        assert_eq!(layouts.complete(outer.clone()), Ok(outer));
    }
}
