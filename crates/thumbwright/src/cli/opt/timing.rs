//! `--timing`.

use crate::cli::table::Table;
use ir::{Diagnostics, Module};
use pass::{Instrumentation, PassRun};
use std::time::{Duration, Instant};

/// How long each pass took, in the order of their first runs.
#[derive(Default)]
pub struct Timing {
    started: Option<Instant>,
    passes: Vec<(String, u32, Duration)>,
}

impl Instrumentation for Timing {
    fn before(&mut self, _: &PassRun<'_>, _: &Module) {
        self.started = Some(Instant::now());
    }

    fn after(&mut self, run: &PassRun<'_>, _: &Module) -> Result<(), Diagnostics> {
        let time = self.started.take().map(|s| s.elapsed()).unwrap_or_default();
        match self.passes.iter_mut().find(|p| p.0 == run.pass) {
            Some(p) => {
                p.1 += 1;
                p.2 += time;
            }
            None => self.passes.push((run.pass.to_owned(), 1, time)),
        }
        Ok(())
    }
}

impl Timing {
    /// The table.
    pub fn text(&self) -> String {
        let total: Duration = self.passes.iter().map(|p| p.2).sum();
        let share = |t: Duration| 100.0 * t.as_secs_f64() / total.as_secs_f64().max(1e-12);
        let mut table = Table::new(&["pass", ">runs", ">ms", ">%"]);
        for (name, runs, time) in &self.passes {
            table.row(vec![
                name.clone(),
                runs.to_string(),
                format!("{:.3}", time.as_secs_f64() * 1e3),
                format!("{:.1}", share(*time)),
            ]);
        }
        table.row(vec![
            "in all".to_owned(),
            String::new(),
            format!("{:.3}", total.as_secs_f64() * 1e3),
            String::new(),
        ]);
        table.text().trim_end().to_owned()
    }
}
