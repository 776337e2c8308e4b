//! The command line.

use fuzz_targets::{TARGETS, Target, target};
use std::time::Duration;

/// What to do.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// What the mutations follow from.
    pub seed: u64,
    /// How long each target runs.
    pub time: Duration,
    /// How many inputs each target gets at most.
    pub runs: u64,
    /// Which targets run.
    pub targets: Vec<&'static Target>,
    /// This process is the one of a target.
    pub explore: Option<&'static Target>,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut a = Arguments {
            seed: 1,
            time: Duration::from_secs(30),
            runs: u64::MAX,
            targets: Vec::new(),
            explore: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
            match word.as_str() {
                "--seed" => a.seed = number(&value()?)?,
                "--seconds" => a.time = Duration::from_secs(number(&value()?)?),
                "--runs" => a.runs = number(&value()?)?,
                "--explore" => a.explore = Some(named(&value()?)?),
                name => a.targets.push(named(name)?),
            }
        }
        if a.targets.is_empty() {
            a.targets.extend(TARGETS);
        }
        Ok(a)
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn named(name: &str) -> Result<&'static Target, String> {
    target(name).ok_or_else(|| {
        let all: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
        format!("no target `{name}`; there are {}", all.join(", "))
    })
}
