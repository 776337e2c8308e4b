//! Translation validation: the interpreter runs the module before and after every pass, on random inputs.

use interp::evaluate::{Observation, Settings, Verdict, observe};
use ir::{Diagnostic, Diagnostics, Module};
use pass::{Instrumentation, PassRun};

/// Ends the pipeline with `P004` when a pass changes what a public function computes. See [`interp::evaluate`] for what counts.
pub struct ValidateEach {
    settings: Settings,
    /// What the module did at a revision.
    known: Option<(u64, Option<Observation>)>,
    validated: usize,
    skipped: Vec<String>,
}

impl ValidateEach {
    /// With the inputs and the limits of `settings`.
    pub fn new(settings: Settings) -> ValidateEach {
        ValidateEach {
            settings,
            known: None,
            validated: 0,
            skipped: Vec::new(),
        }
    }

    /// How many runs of passes were found to change nothing.
    pub fn validated(&self) -> usize {
        self.validated
    }

    /// The runs of passes that could not be compared, each with its reasons.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    fn observe(&self, m: &Module) -> Option<Observation> {
        // What does not verify computes nothing; the manager's own check says so.
        observe(m, &self.settings).ok()
    }
}

impl Instrumentation for ValidateEach {
    fn before(&mut self, _: &PassRun<'_>, m: &Module) {
        let revision = m.revision();
        if self.known.as_ref().is_none_or(|(r, _)| *r != revision) {
            self.known = Some((revision, self.observe(m)));
        }
    }

    fn after(&mut self, run: &PassRun<'_>, m: &Module) -> Result<(), Diagnostics> {
        let before = match self.known.take() {
            // Nothing changed.
            Some((revision, o)) if revision == m.revision() => {
                self.known = Some((revision, o));
                self.validated += 1;
                return Ok(());
            }
            Some((_, o)) => o,
            None => None,
        };
        let after = self.observe(m);
        let verdict = before
            .as_ref()
            .zip(after.as_ref())
            .map(|(b, a)| b.compare(a));
        self.known = Some((m.revision(), after));
        match verdict {
            Some(Verdict::Equal(_)) => self.validated += 1,
            Some(Verdict::Differs(d)) => {
                let message = format!("pass `{}` changed what the module computes", run.pass);
                let d = Diagnostic::error("P004", message)
                    .note(d.to_string())
                    .help("this is a bug of the pass; --fuel finds the change, `thumbwright reduce` a small module");
                return Err(d.into());
            }
            Some(Verdict::NotComparable { reasons, .. }) => {
                let reasons = reasons.join("; ");
                self.skipped.push(format!("{}: {reasons}", run.pass));
            }
            None => self
                .skipped
                .push(format!("{}: the module does not verify", run.pass)),
        }
        Ok(())
    }
}
