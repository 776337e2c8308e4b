//! `thumbwright plan`.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Args;
use usmp::{Algorithms, Buffer, Liveness, Plan as Placement, Problem};

use super::console::Console;
use super::output_file;
use super::table::number;

/// Larger files are refused.
const MAX_BYTES: u64 = 1 << 28;
/// Buffers at the peak that are listed.
const MAX_LISTED: usize = 20;

/// Plan the memory of buffers given as CSV (id,lower,upper,size[,alignment]).
#[derive(Args, Debug)]
pub struct Plan {
    /// The buffers.
    csv: PathBuf,
    /// Bytes of the memory [default: as many as it takes].
    #[arg(long, value_name = "N")]
    capacity: Option<u64>,
    /// Where to write the buffers with their offsets.
    #[arg(short, long = "output", value_name = "OUT.csv")]
    output: Option<PathBuf>,
    /// The planning algorithm.
    #[arg(long, value_name = "NAME", default_value = Algorithms::DEFAULT)]
    algorithm: String,
}

impl Plan {
    /// Plans, writes, and says how it went.
    pub fn execute(&self, console: &Console) -> anyhow::Result<String> {
        let algorithms = Algorithms::builtin();
        let algorithm = algorithms.get(&self.algorithm)?;
        let mut problem = self.read()?;
        if let Some(capacity) = self.capacity {
            problem = problem.with_capacity(capacity);
        }
        let plan = console.during("planning", || algorithm.plan(&problem));
        let liveness = Liveness::of(&problem);
        self.judge(&problem, &plan, &liveness)?;
        if let Some(path) = &self.output {
            output_file::write(path, usmp::csv::write(&problem, Some(&plan)).into_bytes())?;
        }
        let (height, bound) = (plan.height(), liveness.bound());
        let verdict = match height == bound {
            true => "optimal".to_owned(),
            false => format!(
                "{} bytes above the bound",
                number(height.saturating_sub(bound))
            ),
        };
        Ok(format!(
            "{} buffers by {}: height {} bytes, liveness bound {} bytes ({verdict})\n",
            number(problem.buffers().len() as u64),
            self.algorithm,
            number(height),
            number(bound),
        ))
    }

    fn read(&self) -> anyhow::Result<Problem> {
        let shown = self.csv.display();
        let cannot = || format!("cannot read {shown}");
        let metadata = std::fs::metadata(&self.csv).with_context(cannot)?;
        ensure!(!metadata.is_dir(), "{shown} is a directory, not a CSV file");
        ensure!(
            metadata.len() <= MAX_BYTES,
            "{shown} is larger than {MAX_BYTES} bytes"
        );
        let text = std::fs::read_to_string(&self.csv).with_context(cannot)?;
        let instance = usmp::csv::read(&text, 1).map_err(|e| anyhow::anyhow!("{shown}: {e}"))?;
        Ok(instance.problem)
    }

    /// Nothing is written for a plan that does not fit, or that the checker refuses.
    fn judge(
        &self,
        problem: &Problem,
        plan: &Placement,
        liveness: &Liveness,
    ) -> anyhow::Result<()> {
        if let Some(capacity) = self.capacity.filter(|&c| plan.height() > c) {
            bail!("{}", does_not_fit(problem, plan, liveness, capacity));
        }
        if let Some(violation) = usmp::check(problem, plan).first() {
            bail!(
                "algorithm `{}` made a wrong plan: {violation}",
                self.algorithm
            );
        }
        Ok(())
    }
}

fn does_not_fit(problem: &Problem, plan: &Placement, liveness: &Liveness, capacity: u64) -> String {
    let bound = liveness.bound();
    let mut text = format!(
        "the buffers do not fit: height {} bytes, capacity {} bytes, liveness bound {} bytes",
        number(plan.height()),
        number(capacity),
        number(bound)
    );
    text += match bound > capacity {
        true => "\n  note: no plan fits, since more than the capacity is live at once",
        false => "\n  note: another algorithm may find a plan that fits",
    };
    let Some(peak) = liveness.peak() else {
        return text;
    };
    let mut live: Vec<&Buffer> = liveness
        .live_at_peak()
        .iter()
        .map(|&i| &problem.buffers()[i])
        .collect();
    live.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
    text += &format!("\n  note: the peak is at time {}; live there:", peak.start);
    for b in live.iter().take(MAX_LISTED) {
        let name = super::console::printable(&b.name);
        text += &format!(
            "\n    {name}: {} bytes, {}..{}",
            number(b.size),
            b.start,
            b.end
        );
    }
    if live.len() > MAX_LISTED {
        text += &format!("\n    … and {} more", live.len() - MAX_LISTED);
    }
    text
}
