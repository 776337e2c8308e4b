//! Comparing what two modules did.

use super::{FunctionObservation, Observation, Outcome, Output, Settings, observe};
use ir::Module;
use std::fmt;

/// How much a comparison has seen.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Coverage {
    /// Runs whose outputs were compared.
    pub compared: usize,
    /// Runs in which the first module was undefined, so that nothing was asked of the second.
    pub undefined: usize,
}

/// Where a second module does something else than the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The function's symbol.
    pub function: String,
    /// The sample, from 0.
    pub sample: usize,
    /// The output, `result 0` or `argument 2`, by its name in the first module.
    pub output: String,
    /// The first element that differs, row-major; none if the second module has no value at all.
    pub element: Option<usize>,
    /// The value in the first module.
    pub before: String,
    /// The value in the second module, or what it did instead.
    pub after: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "@{}, sample {}: {}",
            self.function, self.sample, self.output
        )?;
        if let Some(i) = self.element {
            write!(f, ", element {i}")?;
        }
        write!(f, ": {} before, {} after", self.before, self.after)
    }
}

/// Whether one module does what another does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It does, as far as the samples tell.
    Equal(Coverage),
    /// It does not: the first difference.
    Differs(Difference),
    /// No difference was seen, but some functions could not be compared; why not, one reason a function.
    NotComparable {
        /// The reasons, each with its function.
        reasons: Vec<String>,
        /// What was compared nevertheless.
        coverage: Coverage,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Equal(c) => write!(f, "equal in {} runs", c.compared),
            Verdict::Differs(d) => write!(f, "differs: {d}"),
            Verdict::NotComparable { reasons, .. } => {
                write!(f, "not comparable: {}", reasons.join("; "))
            }
        }
    }
}

/// Observes two modules and compares them; see the [module](self)'s documentation for what counts.
pub fn equivalent(before: &Module, after: &Module, settings: &Settings) -> Verdict {
    let not = |which: &str, e: ir::Diagnostics| Verdict::NotComparable {
        reasons: vec![format!("the module {which} does not verify: {e}")],
        coverage: Coverage::default(),
    };
    let first = match observe(before, settings) {
        Ok(o) => o,
        Err(e) => return not("before", e),
    };
    match observe(after, settings) {
        Ok(second) => first.compare(&second),
        Err(e) => not("after", e),
    }
}

impl Observation {
    /// Whether `after`, made with the same settings, does what this one does.
    pub fn compare(&self, after: &Observation) -> Verdict {
        let mut coverage = Coverage::default();
        let mut reasons = Vec::new();
        for before in &self.functions {
            let Some(after) = after.function(&before.name) else {
                reasons.push(format!("@{} is gone, or private", before.name));
                continue;
            };
            match function(before, after, &mut coverage) {
                Ok(()) => {}
                Err(Stop::Differs(d)) => return Verdict::Differs(*d),
                Err(Stop::NotComparable(why)) => reasons.push(format!("@{}: {why}", before.name)),
            }
        }
        if reasons.is_empty() {
            Verdict::Equal(coverage)
        } else {
            Verdict::NotComparable { reasons, coverage }
        }
    }
}

enum Stop {
    Differs(Box<Difference>),
    NotComparable(String),
}

fn function(
    before: &FunctionObservation,
    after: &FunctionObservation,
    coverage: &mut Coverage,
) -> Result<(), Stop> {
    let not = |why: &str| Err(Stop::NotComparable(why.to_owned()));
    let (a, b) = match (&before.inputs, &after.inputs) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(why), _) | (_, Err(why)) => return not(why),
    };
    if a.len() != b.len() || !a.iter().zip(b).all(|(a, b)| a.fits(b)) {
        return not("it takes other inputs");
    }
    let name = &before.name;
    let mut reason = None;
    for (sample, (a, b)) in before.outcomes.iter().zip(&after.outcomes).enumerate() {
        let differs = |output: &str, element, before: String, after: String| {
            Err(Stop::Differs(Box::new(Difference {
                function: name.clone(),
                sample,
                output: output.to_owned(),
                element,
                before,
                after,
            })))
        };
        match (a, b) {
            (Outcome::Undefined(_), _) => coverage.undefined += 1,
            (Outcome::NotExecutable(why), _) | (_, Outcome::NotExecutable(why)) => {
                reason.get_or_insert(why);
            }
            (Outcome::Defined(_), Outcome::Undefined(why)) => {
                return differs(
                    "the run",
                    None,
                    "defined".to_owned(),
                    format!("undefined ({why})"),
                );
            }
            (Outcome::Defined(a), Outcome::Defined(b)) => {
                let sizes = |o: &[Output]| -> Vec<_> {
                    let real = o.iter().filter(|o| !o.effect);
                    real.map(|o| (o.element, o.bytes.len())).collect()
                };
                if sizes(a) != sizes(b) {
                    return not("it yields other outputs");
                }
                coverage.compared += 1;
                for (a, b) in a.iter().zip(b) {
                    if a.bytes.len() != b.bytes.len() {
                        return differs(&a.name, None, a.name.clone(), b.name.clone());
                    }
                    if let Some((i, x, y)) = first_difference(a, b) {
                        return differs(&a.name, Some(i), x, y);
                    }
                }
                // One of them did more.
                if let Some(more) = a.get(b.len()).or(b.get(a.len())) {
                    let count = |o: &[Output]| {
                        format!("effects: {}", o.iter().filter(|o| o.effect).count())
                    };
                    return differs(&more.name, None, count(a), count(b));
                }
            }
        }
    }
    reason.map_or(Ok(()), |why| not(why))
}

/// The first element that differs, with both values.
fn first_difference(a: &Output, b: &Output) -> Option<(usize, String, String)> {
    let e = a.element;
    let pairs = a.bytes.chunks(e.bytes()).zip(b.bytes.chunks(e.bytes()));
    let (i, (x, y)) = pairs.enumerate().find(|(_, (x, y))| !e.same(x, y))?;
    Some((i, e.text(x), e.text(y)))
}
