//! A pass's options: `name=value` pairs of the pipeline's text, read by the pass into its own typed fields.

use crate::PassInfo;
use std::fmt;
use std::str::FromStr;

/// A pass's options as they stand in the pipeline.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PassOptions(Vec<(String, String)>);

/// An option that a pass cannot take.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OptionError {
    /// The pass has no such option.
    #[error("pass `{pass}` has no option `{name}`{hint}; it has: {known}")]
    Unknown {
        /// The pass.
        pass: String,
        /// The option.
        name: String,
        /// What it has.
        known: String,
        /// The nearest name, in words.
        hint: String,
    },
    /// The value does not fit.
    #[error("option `{name}={value}` of pass `{pass}`: {wants}")]
    Value {
        /// The pass.
        pass: String,
        /// The option.
        name: String,
        /// Its value.
        value: String,
        /// What it wants.
        wants: String,
    },
    /// The pass cannot do without the option.
    #[error("pass `{pass}` wants option `{name}`: {summary}")]
    Missing {
        /// The pass.
        pass: String,
        /// The option.
        name: String,
        /// What it is for.
        summary: String,
    },
}

impl PassOptions {
    /// No options.
    pub fn none() -> PassOptions {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl fmt::Display) -> PassOptions {
        self.0.push((name.into(), value.to_string()));
        self
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The last value given for an option.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|o| o.0 == name)
            .map(|o| o.1.as_str())
    }
}

impl fmt::Display for PassOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (k, v)) in self.iter().enumerate() {
            write!(f, "{}{k}=", if i > 0 { " " } else { "" })?;
            if !v.is_empty() && v.chars().all(is_plain) {
                f.write_str(v)?;
            } else {
                write!(f, "\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\""))?;
            }
        }
        Ok(())
    }
}

/// Whether a character needs no quotes in an option's value.
pub(crate) fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '}' | '{' | '=' | '"' | '\\')
}

/// A pass's options for the pass itself to read: the values given, then the defaults that it declared.
pub struct Options<'a> {
    info: &'a PassInfo,
    given: &'a PassOptions,
}

impl<'a> Options<'a> {
    pub(crate) fn new(info: &'a PassInfo, given: &'a PassOptions) -> Options<'a> {
        Options { info, given }
    }

    pub(crate) fn only_declared(&self) -> Result<(), OptionError> {
        let known: Vec<&str> = self.info.options.iter().map(|o| o.name.as_str()).collect();
        let Some((name, _)) = self.given.iter().find(|(k, _)| !known.contains(k)) else {
            return Ok(());
        };
        let near = target::nearest(name, known.iter().copied());
        Err(OptionError::Unknown {
            pass: self.info.name.clone(),
            name: name.to_owned(),
            hint: near.map_or(String::new(), |n| format!(", did you mean `{n}`?")),
            known: match known.is_empty() {
                true => "none".to_owned(),
                false => known.join(", "),
            },
        })
    }

    /// An option's value, or its default; empty if there is neither.
    pub fn text(&self, name: &str) -> &'a str {
        let declared = self.info.options.iter().find(|o| o.name == name);
        let default = declared.map_or("", |o| o.default.as_str());
        self.given.get(name).unwrap_or(default)
    }

    /// An option's value that must be given.
    ///
    /// # Errors
    /// If it is not given, or empty.
    pub fn required(&self, name: &str) -> Result<&'a str, OptionError> {
        let text = self.text(name);
        if !text.is_empty() {
            return Ok(text);
        }
        let declared = self.info.options.iter().find(|o| o.name == name);
        Err(OptionError::Missing {
            pass: self.info.name.clone(),
            name: name.to_owned(),
            summary: declared.map_or_else(String::new, |o| o.summary.clone()),
        })
    }

    /// The elements of a list, `a,b,c`.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.text(name).split(',').filter(|s| !s.is_empty())
    }

    /// A number, or whatever else is read from a word.
    ///
    /// # Errors
    /// If the value cannot be read; `wants` says what it should be.
    pub fn parse<T: FromStr>(&self, name: &str, wants: &str) -> Result<T, OptionError> {
        let text = self.text(name);
        text.parse()
            .map_err(|_| self.refuse(name, format!("wants {wants}")))
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// If it is something else.
    pub fn flag(&self, name: &str) -> Result<bool, OptionError> {
        self.choice(name, &["false", "true"]).map(|w| w == "true")
    }

    /// One of several words.
    ///
    /// # Errors
    /// If the value is another word.
    pub fn choice<'w>(&self, name: &str, words: &[&'w str]) -> Result<&'w str, OptionError> {
        let value = self.text(name);
        if let Some(word) = words.iter().copied().find(|w| *w == value) {
            return Ok(word);
        }
        let near = target::nearest(value, words.iter().copied());
        let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
        Err(self.refuse(name, format!("wants one of {}{hint}", words.join(", "))))
    }

    /// The error of a value that the pass cannot take.
    pub fn refuse(&self, name: &str, wants: impl Into<String>) -> OptionError {
        OptionError::Value {
            pass: self.info.name.clone(),
            name: name.to_owned(),
            value: self.text(name).to_owned(),
            wants: wants.into(),
        }
    }
}
