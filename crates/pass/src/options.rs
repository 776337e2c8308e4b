//! A pass's options: `name=value` pairs of the pipeline's text, read by the pass into its own typed fields.

use std::fmt;

/// A pass's options as they stand in the pipeline.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PassOptions(Vec<(String, String)>);

/// An option that a pass cannot take.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OptionError {
    /// The pass has no such option.
    #[error("pass `{pass}` has no option `{name}`; it has: {known}")]
    Unknown {
        /// The pass.
        pass: String,
        /// The option.
        name: String,
        /// What it has.
        known: String,
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

    /// Errs unless every option is one of `known`.
    ///
    /// # Errors
    /// The first unknown one.
    pub fn only(&self, pass: &str, known: &[&str]) -> Result<(), OptionError> {
        match self.iter().find(|(k, _)| !known.contains(k)) {
            None => Ok(()),
            Some((name, _)) => Err(OptionError::Unknown {
                pass: pass.to_owned(),
                name: name.to_owned(),
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            }),
        }
    }

    /// An option of one of several words, the first being the default.
    ///
    /// # Errors
    /// If the value is another word.
    pub fn choice<'a>(
        &self,
        pass: &str,
        name: &str,
        words: &[&'a str],
    ) -> Result<&'a str, OptionError> {
        let Some(value) = self.get(name) else {
            return Ok(words[0]);
        };
        words
            .iter()
            .copied()
            .find(|w| *w == value)
            .ok_or_else(|| OptionError::Value {
                pass: pass.to_owned(),
                name: name.to_owned(),
                value: value.to_owned(),
                wants: format!("wants one of {}", words.join(", ")),
            })
    }
}

impl fmt::Display for PassOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (k, v)) in self.iter().enumerate() {
            write!(f, "{}{k}={v}", if i > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}
