//! Reproducers: the module before a failing pass, and the pipeline that fails on it, in one file.

use std::fmt;

/// A failure that can be repeated. Its text is the module's, below comment lines that say what to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reproducer {
    /// The pipeline to run.
    pub pipeline: String,
    /// The target's name.
    pub target: String,
    /// The module, as text.
    pub module: String,
}

const PIPELINE: &str = "// reproducer: --pipeline ";
const TARGET: &str = "// reproducer: --target ";

impl fmt::Display for Reproducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{PIPELINE}{}", self.pipeline)?;
        writeln!(f, "{TARGET}{}", self.target)?;
        f.write_str(&self.module)
    }
}

impl Reproducer {
    /// Reads what [`Display`](fmt::Display) wrote; `None` if the text says no pipeline and target.
    pub fn parse(text: &str) -> Option<Reproducer> {
        let line = |prefix: &str| {
            let mut comments = text.lines().take_while(|l| l.starts_with("//"));
            comments
                .find_map(|l| l.strip_prefix(prefix))
                .map(str::to_owned)
        };
        Some(Reproducer {
            pipeline: line(PIPELINE)?,
            target: line(TARGET)?,
            module: text.to_owned(),
        })
    }
}
