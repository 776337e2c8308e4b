//! How much of each memory a plan may take.

use ir::Diagnostic;
use target::{Target, nearest};

/// Bytes by memory, as the option `pools` states them: `NAME:BYTES,…`. What is not named is not limited.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Limits(Vec<(String, u64)>);

impl Limits {
    /// Reads the elements of the option.
    ///
    /// # Errors
    /// The element that is none.
    pub(super) fn parse<'a>(list: impl Iterator<Item = &'a str>) -> Result<Limits, String> {
        let mut limits = Vec::new();
        for element in list {
            let limit = element
                .split_once(':')
                .and_then(|(name, bytes)| Some((name.to_owned(), bytes.parse().ok()?)));
            limits.push(limit.ok_or_else(|| element.to_owned())?);
        }
        Ok(Limits(limits))
    }

    /// The last limit of that memory.
    pub(super) fn get(&self, memory: &str) -> Option<u64> {
        let named = self.0.iter().rev().find(|(name, _)| name == memory);
        named.map(|(_, bytes)| *bytes)
    }

    /// Fails for a name that is no memory of the target in which buffers may be.
    pub(super) fn check(&self, target: &Target) -> Result<(), Diagnostic> {
        let memories = target.memories.iter().filter(|m| m.kind.holds_buffers());
        let names: Vec<&str> = memories.map(|m| m.name.as_str()).collect();
        let Some((wrong, _)) = self.0.iter().find(|(n, _)| !names.contains(&n.as_str())) else {
            return Ok(());
        };
        let message = format!("{} has no memory `{wrong}` for buffers", target.name);
        let error = Diagnostic::error("M007", message);
        Err(match nearest(wrong, names.iter().copied()) {
            _ if names.is_empty() => error.help("only a board has memories that can be limited"),
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("it has {}", names.join(", "))),
        })
    }
}
