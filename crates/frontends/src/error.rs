//! Errors of the importers, as data: the command renders them, a library user matches on [`ImportError::code`].

use std::fmt;

use ir::{Diagnostic, Diagnostics};

/// Errors kept of one file; what comes after is counted, not stored.
pub const MAX_ERRORS: usize = 64;

/// The operator that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorRef {
    /// The format's name of the operator, such as `CONV_2D`, or a custom operator's own name.
    pub kind: String,
    /// Position in the subgraph's operator list, from 0.
    pub index: usize,
    /// The layer that the user knows: the name of the operator's first output tensor; empty if it has none.
    pub layer: String,
    /// Position of the subgraph in the file, from 0.
    pub subgraph: usize,
}

impl fmt::Display for OperatorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (operator {}", self.kind, self.index)?;
        if self.subgraph != 0 {
            write!(f, " of subgraph {}", self.subgraph)?;
        }
        if self.layer.is_empty() {
            write!(f, ", unnamed layer)")
        } else {
            write!(f, ", layer \"{}\")", self.layer)
        }
    }
}

/// One defect of a model file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ImportError {
    /// Stable code, such as `T023`; each front end documents its own.
    pub code: &'static str,
    /// The file, as the caller named it.
    pub file: String,
    /// The operator at fault, where there is one.
    pub operator: Option<OperatorRef>,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// What the user can do about it.
    pub help: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}: ", self.code, self.file)?;
        if let Some(operator) = &self.operator {
            write!(f, "{operator}: ")?;
        }
        write!(f, "{}\n  help: {}", self.message, self.help)
    }
}

/// All defects found in one file, in file order, at most [`MAX_ERRORS`] of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportErrors {
    errors: Vec<ImportError>,
    omitted: usize,
}

impl ImportErrors {
    /// Adds an error, or counts it as omitted once [`MAX_ERRORS`] are stored.
    pub fn push(&mut self, error: ImportError) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        } else {
            self.omitted += 1;
        }
    }

    /// The stored errors.
    pub fn as_slice(&self) -> &[ImportError] {
        &self.errors
    }

    /// How many errors were found beyond the stored ones.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// True if nothing was found.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// `Ok(value)` if nothing was found, else these errors.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl From<ImportError> for ImportErrors {
    fn from(error: ImportError) -> Self {
        Self {
            errors: vec![error],
            omitted: 0,
        }
    }
}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.errors.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        if self.omitted > 0 {
            write!(f, "\n… and {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for ImportErrors {}

impl From<&ImportError> for Diagnostic {
    fn from(error: &ImportError) -> Self {
        let location = match &error.operator {
            Some(operator) => format!("{operator} in {}", error.file),
            None => error.file.clone(),
        };
        Diagnostic::error(error.code, error.message.clone())
            .at(location)
            .help(error.help.clone())
    }
}

impl From<ImportErrors> for Diagnostics {
    fn from(errors: ImportErrors) -> Self {
        let mut diagnostics = Diagnostics::new();
        for error in &errors.errors {
            diagnostics.push(error.into());
        }
        if errors.omitted > 0 {
            let message = format!("{} further errors are not shown", errors.omitted);
            diagnostics.push(Diagnostic::error("T000", message));
        }
        diagnostics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(n: usize) -> ImportError {
        ImportError {
            code: "T999",
            file: "m.tflite".into(),
            operator: Some(OperatorRef {
                kind: "ADD".into(),
                index: n,
                layer: "sum".into(),
                subgraph: 0,
            }),
            message: "is wrong".into(),
            help: "mend it".into(),
        }
    }

    #[test]
    fn an_error_names_file_operator_index_and_layer() {
        assert_eq!(
            error(3).to_string(),
            "error[T999]: m.tflite: ADD (operator 3, layer \"sum\"): is wrong\n  help: mend it"
        );
    }

    #[test]
    fn a_diagnostic_says_the_same() {
        let diagnostic = Diagnostic::from(&error(3));
        assert_eq!(diagnostic.code, "T999");
        assert_eq!(diagnostic.message, "is wrong");
        assert_eq!(
            diagnostic.location.as_deref(),
            Some("ADD (operator 3, layer \"sum\") in m.tflite")
        );
        assert_eq!(diagnostic.help.as_deref(), Some("mend it"));
    }

    #[test]
    fn errors_beyond_the_limit_are_counted() {
        let mut errors = ImportErrors::default();
        for n in 0..MAX_ERRORS + 5 {
            errors.push(error(n));
        }
        assert_eq!(errors.as_slice().len(), MAX_ERRORS);
        assert_eq!(errors.omitted(), 5);
        assert!(errors.to_string().ends_with("… and 5 more"));
        assert_eq!(Diagnostics::from(errors).len(), MAX_ERRORS + 1);
    }
}
