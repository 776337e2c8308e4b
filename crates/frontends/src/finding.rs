//! Defects on their way to an [`ImportError`].

use crate::error::{ImportError, ImportErrors, OperatorRef};

/// A defect without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Finding {
    pub(crate) fn new(
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            help: help.into(),
        }
    }
}

/// The help for what only a damaged or hand-made file can show.
pub(crate) const CONVERT_AGAIN: &str =
    "the file is damaged or was written by a faulty tool; convert the model again";

/// The defects of one file.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    file: &'a str,
    errors: ImportErrors,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(file: &'a str) -> Self {
        Self {
            file,
            errors: ImportErrors::default(),
        }
    }

    pub(crate) fn add(&mut self, operator: Option<OperatorRef>, finding: Finding) {
        let Finding {
            code,
            message,
            help,
        } = finding;
        self.errors.push(ImportError {
            code,
            file: self.file.to_owned(),
            operator,
            message,
            help,
        });
    }

    pub(crate) fn into_errors(self) -> ImportErrors {
        self.errors
    }
}
