//! What there is to choose from.

use crate::string::{StringView, Text};

/// A target, a pass or an option: what it is called, and what it is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it is called.
    pub name: StringView,
    /// What it is, in one sentence.
    pub summary: StringView,
}

/// A list of entries that C may look at.
pub(crate) struct Entries {
    views: Vec<Entry>,
    /// What the views point to.
    _texts: Vec<(Text, Text)>,
}

impl Entries {
    /// Of names and summaries.
    pub(crate) fn new<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> Entries {
        let texts: Vec<(Text, Text)> = entries
            .map(|(name, summary)| (Text::new(name), Text::new(summary)))
            .collect();
        let view = |(name, summary): &(Text, Text)| Entry {
            name: name.view(),
            summary: summary.view(),
        };
        Entries {
            views: texts.iter().map(view).collect(),
            _texts: texts,
        }
    }

    /// What C sees, valid as long as it lives.
    pub(crate) fn views(&self) -> &[Entry] {
        &self.views
    }
}
