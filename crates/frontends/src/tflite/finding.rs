//! Defects on their way to an [`ImportError`].

use crate::error::{ImportError, ImportErrors, OperatorRef};

/// A defect without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: String,
}

impl Finding {
    pub(super) fn new(
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
pub(super) const CONVERT_AGAIN: &str =
    "the file is damaged or was written by a faulty tool; convert the model again";

/// The defects of one file.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    file: &'a str,
    errors: ImportErrors,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self {
            file,
            errors: ImportErrors::default(),
        }
    }

    pub(super) fn add(&mut self, operator: Option<OperatorRef>, finding: Finding) {
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

    pub(super) fn into_errors(self) -> ImportErrors {
        self.errors
    }
}
