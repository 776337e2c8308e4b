//! Patterns of one line: literal text with two wildcards.

use thiserror::Error;

/// A part of a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    /// `{{.*}}`: anything, also nothing.
    Anything,
    /// `{{[0-9]+}}`: one or more digits.
    Digits,
}

/// Literal text with wildcards; found anywhere in a line. Runs of spaces and tabs count as one space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    parts: Vec<Part>,
}

/// A pattern that is not understood.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PatternError {
    /// `{{` without `}}`.
    #[error("`{{{{` is not closed by `}}}}`")]
    Open,
    /// Something else between the braces.
    #[error("unknown wildcard `{{{{{0}}}}}`; known are `{{{{.*}}}}` and `{{{{[0-9]+}}}}`")]
    Unknown(String),
    /// Nothing to look for.
    #[error("the pattern is empty")]
    Empty,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        let text = one_space(text);
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("{{") {
            if at > 0 {
                parts.push(Part::Text(rest[..at].to_owned()));
            }
            let inner = &rest[at + 2..];
            let end = inner.find("}}").ok_or(PatternError::Open)?;
            parts.push(match &inner[..end] {
                ".*" => Part::Anything,
                "[0-9]+" => Part::Digits,
                other => return Err(PatternError::Unknown(other.to_owned())),
            });
            rest = &inner[end + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if parts.is_empty() {
            return Err(PatternError::Empty);
        }
        Ok(Pattern { parts })
    }

    /// Whether some part of a line matches.
    pub fn is_in(&self, line: &str) -> bool {
        let line = one_space(line);
        let mut starts = line.char_indices().map(|(i, _)| i).chain([line.len()]);
        starts.any(|i| matches(&self.parts, &line[i..]))
    }
}

fn matches(parts: &[Part], line: &str) -> bool {
    match parts.split_first() {
        None => true,
        Some((Part::Text(t), rest)) => line
            .strip_prefix(t.as_str())
            .is_some_and(|l| matches(rest, l)),
        Some((Part::Anything, rest)) => {
            let mut ends = line.char_indices().map(|(i, _)| i).chain([line.len()]);
            ends.any(|i| matches(rest, &line[i..]))
        }
        Some((Part::Digits, rest)) => {
            let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            (1..=digits).rev().any(|n| matches(rest, &line[n..]))
        }
    }
}

/// Without spaces at the ends, with one for each run inside.
fn one_space(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, line: &str) -> bool {
        Pattern::parse(pattern).unwrap().is_in(line)
    }

    #[test]
    fn literal_text_is_found_anywhere() {
        assert!(found("b c", "a  b\t c d"));
        assert!(!found("b c", "a bc"));
        // Nothing but the braces is special.
        assert!(found("f(x.y*)[1]", "call f(x.y*)[1];"));
        assert!(!found("x.y", "xzy"));
        assert!(found("größe", "die größe"));
    }

    #[test]
    fn wildcards() {
        assert!(found("arena {{[0-9]+}} bytes", "the arena 6144 bytes"));
        assert!(!found("arena {{[0-9]+}} bytes", "the arena  bytes"));
        assert!(!found("arena {{[0-9]+}} bytes", "arena x1 bytes"));
        assert!(found("a{{.*}}b{{.*}}c", "a--b--c"));
        assert!(found("a{{.*}}b", "ab"));
        assert!(!found("a{{.*}}b{{.*}}a", "ab"));
        assert!(found("{{[0-9]+}}5x", "12345x"));
    }

    #[test]
    fn mistakes() {
        assert_eq!(Pattern::parse("a {{b"), Err(PatternError::Open));
        assert_eq!(
            Pattern::parse("{{[a-z]}}"),
            Err(PatternError::Unknown("[a-z]".to_owned()))
        );
        assert_eq!(Pattern::parse("  "), Err(PatternError::Empty));
        assert!(
            PatternError::Unknown("x".to_owned())
                .to_string()
                .contains("`{{x}}`")
        );
    }
}
