//! Reading TOML with a line for every complaint, and all complaints at once.

use crate::error::{LibraryError, Problem};
use crate::expression::Expression;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the file.
pub(crate) type Item<'t> = Spanned<DeValue<'t>>;

/// Collects what is wrong; what reads from it yields `None` after it complained.
pub(crate) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    problems: Vec<Problem>,
}

/// A table of the file, and what its keys start with in messages.
#[derive(Clone)]
pub(crate) struct Table<'a, 't> {
    pub entries: &'a DeTable<'t>,
    pub key: String,
    /// Where it starts.
    pub at: usize,
}

impl<'a, 't> Table<'a, 't> {
    /// A key's whole path.
    pub(crate) fn path(&self, key: &str) -> String {
        match self.key.is_empty() {
            true => key.to_owned(),
            false => format!("{}.{key}", self.key),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Item<'t>> {
        self.entries.get(key)
    }

    /// Keys and values in the file's order.
    pub(crate) fn in_order(&self) -> Vec<(&'a str, &'a Item<'t>)> {
        let mut all: Vec<_> = self.entries.iter().collect();
        all.sort_by_key(|(k, _)| k.span().start);
        all.into_iter().map(|(k, v)| (&**k.get_ref(), v)).collect()
    }
}

impl<'t> Document<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Document<'t> {
        Document {
            file,
            text,
            problems: Vec::new(),
        }
    }

    /// Parses the text as TOML.
    ///
    /// # Errors
    /// Where and why it is none.
    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'t>>, LibraryError> {
        DeTable::parse(self.text).map_err(|e| LibraryError {
            file: self.file.to_owned(),
            problems: vec![Problem {
                line: e.span().map(|s| self.line(s.start)),
                key: String::new(),
                message: e.message().trim().replace('\n', " "),
                help: "the file must be TOML".to_owned(),
            }],
        })
    }

    /// The line of a byte of the text, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }

    /// Complains.
    pub(crate) fn wrong(
        &mut self,
        at: usize,
        key: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let line = Some(self.line(at));
        self.problems.push(Problem {
            line,
            key: key.into(),
            message: message.into(),
            help: help.into(),
        });
    }

    /// The value that was read, if nothing was wrong.
    ///
    /// # Errors
    /// All complaints.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, LibraryError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(LibraryError {
                file: self.file.to_owned(),
                problems: self.problems,
            }),
        }
    }

    /// Complains about keys that are not known.
    pub(crate) fn only(&mut self, table: &Table<'_, 't>, known: &[&str]) {
        for (key, item) in table.in_order() {
            if !known.contains(&key) {
                let help = format!("known here are {}", known.join(", "));
                self.wrong(item.span().start, table.path(key), "unknown key", help);
            }
        }
    }

    fn missing(&mut self, table: &Table<'_, 't>, key: &str, what: &str) {
        let help = format!("add `{key} = …`: {what}");
        self.wrong(table.at, table.path(key), "the key is missing", help);
    }

    fn other(&mut self, item: &Item<'t>, key: String, what: &str) {
        let found = match item.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.wrong(
            item.span().start,
            key,
            format!("is {found}"),
            format!("write {what}"),
        );
    }

    /// A string; `what` says what it is for.
    pub(crate) fn string<'a>(
        &mut self,
        table: &Table<'a, 't>,
        key: &str,
        what: &str,
    ) -> Option<&'a str> {
        match table.get(key) {
            Some(item) => self.text_of(item, table.path(key), what),
            None => {
                self.missing(table, key, what);
                None
            }
        }
    }

    /// A string that may be left out.
    pub(crate) fn optional<'a>(
        &mut self,
        table: &Table<'a, 't>,
        key: &str,
        what: &str,
    ) -> Option<&'a str> {
        let item = table.get(key)?;
        self.text_of(item, table.path(key), what)
    }

    fn text_of<'a>(&mut self, item: &'a Item<'t>, key: String, what: &str) -> Option<&'a str> {
        match item.get_ref() {
            DeValue::String(s) => Some(s),
            _ => {
                self.other(item, key, what);
                None
            }
        }
    }

    /// A truth value that is false if left out.
    pub(crate) fn flag(&mut self, table: &Table<'_, 't>, key: &str) -> bool {
        match table.get(key).map(|i| (i, i.get_ref())) {
            None => false,
            Some((_, DeValue::Boolean(b))) => *b,
            Some((item, _)) => {
                self.other(item, table.path(key), "true or false");
                false
            }
        }
    }

    /// The elements of a list, each with its key; none if it is left out.
    pub(crate) fn list<'a>(
        &mut self,
        table: &Table<'a, 't>,
        key: &str,
        what: &str,
    ) -> Vec<(&'a Item<'t>, String)> {
        let Some(item) = table.get(key) else {
            return Vec::new();
        };
        let path = table.path(key);
        match item.get_ref() {
            DeValue::Array(list) => {
                let items = list.iter().enumerate();
                items.map(|(i, v)| (v, format!("{path}[{i}]"))).collect()
            }
            _ => {
                self.other(item, path, what);
                Vec::new()
            }
        }
    }

    /// A list of strings, each with the byte at which it starts.
    pub(crate) fn strings<'a>(
        &mut self,
        table: &Table<'a, 't>,
        key: &str,
        what: &str,
    ) -> Vec<(&'a str, usize)> {
        let items = self.list(table, key, &format!("a list of strings: {what}"));
        let mut all = Vec::new();
        for (item, key) in items {
            let text = self.text_of(item, key, what);
            all.extend(text.map(|t| (t, item.span().start)));
        }
        all
    }

    /// A table.
    pub(crate) fn table<'a>(
        &mut self,
        item: &'a Item<'t>,
        key: String,
        what: &str,
    ) -> Option<Table<'a, 't>> {
        match item.get_ref() {
            DeValue::Table(entries) => Some(Table {
                entries,
                key,
                at: item.span().start,
            }),
            _ => {
                self.other(item, key, what);
                None
            }
        }
    }

    /// An expression: a string, or a number.
    pub(crate) fn expression(&mut self, item: &Item<'t>, key: String) -> Option<Expression> {
        let parsed = match item.get_ref() {
            DeValue::String(s) => Expression::parse(s),
            DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix())
                .map(Expression::number)
                .map_err(|_| "the number exceeds 64 bits".to_owned()),
            _ => {
                self.other(item, key, "an expression as a string, or a number");
                return None;
            }
        };
        match parsed {
            Ok(e) => Some(e),
            Err(why) => {
                let help = "an expression has names, numbers, `+ - * / %`, comparisons, `and or not`, `min()` and `max()`";
                self.wrong(item.span().start, key, why, help);
                None
            }
        }
    }
}
