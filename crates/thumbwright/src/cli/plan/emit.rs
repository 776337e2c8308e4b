//! What is written, and where.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::ValueEnum;
use usmp::Outcome;

use super::super::console::Console;
use super::super::output_file::OutputFiles;
use super::source::Source;
use crate::report::picture::{Width, svg};

/// A kind of output.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The buffers with their offsets, as minimalloc's CSV.
    Csv,
    /// The buffers with their offsets and all that is known of them.
    Json,
    /// The picture.
    Svg,
    /// A copy of the .tflite model with a plan for TensorFlow Lite Micro.
    Tflite,
}

impl Kind {
    fn ending(self) -> &'static str {
        match self {
            Kind::Csv => "csv",
            Kind::Json => "json",
            Kind::Svg => "svg",
            Kind::Tflite => "tflite",
        }
    }

    fn of_ending(ending: &str) -> Option<Kind> {
        let all = [Kind::Csv, Kind::Json, Kind::Svg, Kind::Tflite];
        all.into_iter().find(|kind| kind.ending() == ending)
    }
}

/// The outputs that are asked for.
#[derive(Debug)]
pub struct Outputs(Vec<(Kind, Place)>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    StandardOutput,
    File(PathBuf),
}

impl Outputs {
    /// From `--emit` and `-o`, for an input.
    pub fn of(
        emit: &[Kind],
        output: Option<&Path>,
        input: Option<&Path>,
    ) -> anyhow::Result<Outputs> {
        let mut kinds: Vec<Kind> = Vec::new();
        for &kind in emit {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let standard = output.is_none_or(|path| path == Path::new("-"));
        if let (true, Some(path)) = (kinds.is_empty(), output) {
            let ending = path
                .extension()
                .and_then(|e| e.to_str())
                .unwrap_or_default();
            let kind = Kind::of_ending(ending).with_context(|| {
                format!(
                    "-o {}: the ending says nothing of what to write; --emit does: csv, json, svg, tflite",
                    path.display()
                )
            })?;
            kinds.push(kind);
        }
        if standard {
            ensure!(
                kinds.len() < 2,
                "--emit of several kinds takes -o, a directory or the beginning of the files' names"
            );
            ensure!(
                !kinds.contains(&Kind::Tflite),
                "--emit tflite takes -o, the file to write: a model is nothing for standard output"
            );
            let place = |kind| (kind, Place::StandardOutput);
            return Ok(Outputs(kinds.into_iter().map(place).collect()));
        }
        let output = output.unwrap_or(Path::new("-"));
        let single = kinds.len() == 1;
        let file = |kind: Kind| match single {
            true if !output.is_dir() => output.to_owned(),
            _ => beginning(output, input, kind.ending()),
        };
        let place = |kind| (kind, Place::File(file(kind)));
        Ok(Outputs(kinds.into_iter().map(place).collect()))
    }

    /// Whether something of a kind is to be written.
    pub fn have(&self, kind: Kind) -> bool {
        self.0.iter().any(|(k, _)| *k == kind)
    }

    /// Whether that is all.
    pub fn are_only(&self, kind: Kind) -> bool {
        self.have(kind) && self.0.len() == 1
    }

    /// What is to be written of a plan, but for the copy of the model.
    pub fn contents(
        &self,
        source: &Source,
        algorithm: &str,
        outcome: &Outcome,
    ) -> Vec<(Kind, Vec<u8>)> {
        let text = |kind: Kind| match kind {
            Kind::Csv => Some(usmp::csv::write(&source.problem, Some(outcome.plan()))),
            Kind::Json => Some(crate::planning::write(&source.problem, algorithm, outcome)),
            Kind::Svg => Some(svg(&source.picture(outcome), Width::Wide)),
            Kind::Tflite => None,
        };
        let made = self.0.iter().map(|(kind, _)| (*kind, text(*kind)));
        made.filter_map(|(kind, text)| Some((kind, text?.into_bytes())))
            .collect()
    }

    /// Writes all files or none; what is left for standard output. The summary gives way to an output there.
    pub fn write(
        &self,
        contents: Vec<(Kind, Vec<u8>)>,
        summary: String,
        console: &Console,
    ) -> anyhow::Result<String> {
        let mut files = OutputFiles::default();
        let mut printed = None;
        for (kind, bytes) in contents {
            let places = self.0.iter().filter(|(k, _)| *k == kind);
            for (_, place) in places {
                match place {
                    Place::File(path) => files.stage(path, bytes.clone())?,
                    Place::StandardOutput => {
                        printed = Some(String::from_utf8_lossy(&bytes).into_owned());
                    }
                }
            }
        }
        files.commit()?;
        let Some(printed) = printed else {
            return Ok(summary);
        };
        if !console.is_quiet() {
            console.line(summary.trim_end());
        }
        Ok(printed)
    }
}

/// `DIR/NAME.plan.ENDING` in a directory, else `BEGINNING.ENDING`.
fn beginning(output: &Path, input: Option<&Path>, ending: &str) -> PathBuf {
    if !output.is_dir() {
        let mut name = output.as_os_str().to_owned();
        name.push(format!(".{ending}"));
        return PathBuf::from(name);
    }
    let input = input.unwrap_or(Path::new(crate::example::FILE));
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".plan.{ending}"));
    output.join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_files_share_a_beginning() {
        let csv =
            |output: &str| beginning(Path::new(output), Some(Path::new("a/kws.v2.tflite")), "csv");
        assert_eq!(csv("no/such/dir.d/x"), Path::new("no/such/dir.d/x.csv"));
        assert_eq!(csv("."), Path::new("./kws.v2.plan.csv"));
    }
}
