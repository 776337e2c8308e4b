//! What the command says of plans.

use usmp::{Buffer, Liveness, Outcome};

use super::super::profile_text::shortened;
use super::super::table::{Table, number};
use super::Trial;
use super::source::Source;
use crate::planning::OfflinePlan;

/// Buffers at the peak that are listed.
const MAX_LISTED: usize = 20;

/// One plan in a line.
pub fn one(source: &Source, trial: &Trial) -> String {
    format!(
        "{} buffers by {}: height {} bytes, liveness bound {} bytes ({})\n",
        number(source.problem.buffers().len() as u64),
        trial.algorithm,
        number(trial.outcome.plan().height()),
        number(Liveness::of(&source.problem).bound()),
        verdict(&trial.outcome)
    )
}

/// What is known of the optimum.
fn verdict(outcome: &Outcome) -> String {
    match outcome.gap() {
        0 => "optimal".to_owned(),
        gap => format!("at most {} bytes above the optimum", number(gap)),
    }
}

/// The plans of several algorithms, each measured by the best that any of them has proved.
pub fn comparison(source: &Source, trials: &[Trial]) -> String {
    let problem = &source.problem;
    let proved = trials.iter().map(|t| t.outcome.lower_bound()).max();
    let proved = proved.unwrap_or(0);
    let mut table = Table::new(&["algorithm", ">height", ">above", "", ">nodes", ">time"]);
    let mut row = |name: &str, height: u64, known: [String; 2], [nodes, time]: [String; 2]| {
        let mut cells = vec![name.to_owned(), number(height)];
        cells.extend(known);
        cells.extend([nodes, time]);
        table.row(cells);
    };
    if let Some(plan) = &source.plan {
        let known = match usmp::check(problem, plan).is_empty() {
            true => above(plan.height(), proved),
            false => [String::new(), "wrong".to_owned()],
        };
        row(
            "(in the file)",
            plan.height(),
            known,
            [String::new(), String::new()],
        );
    }
    for t in trials {
        let height = t.outcome.plan().height();
        let nodes = match t.outcome.nodes() {
            0 => String::new(),
            n => number(n),
        };
        let time = format!("{:.1} ms", t.time.as_secs_f64() * 1e3);
        row(&t.algorithm, height, above(height, proved), [nodes, time]);
    }
    format!(
        "{}{} buffers, liveness bound {} bytes, no plan below {} bytes\n",
        table.text(),
        number(problem.buffers().len() as u64),
        number(Liveness::of(problem).bound()),
        number(proved)
    )
}

/// Bytes and percent above what is proved.
fn above(height: u64, proved: u64) -> [String; 2] {
    match height.saturating_sub(proved) {
        0 => [String::new(), "optimal".to_owned()],
        above => {
            let share = above as f64 / proved.max(1) as f64 * 100.0;
            [number(above), format!("{share:.1} %")]
        }
    }
}

/// The plan of a copy for TensorFlow Lite Micro.
pub fn offline(algorithm: &str, plan: &OfflinePlan) -> String {
    format!(
        "for TensorFlow Lite Micro, {} tensors by {algorithm}: head of the arena {} bytes ({}), {} by its own planner\n",
        number(plan.problem.buffers().len() as u64),
        number(plan.outcome.plan().height()),
        verdict(&plan.outcome),
        number(plan.own_height)
    )
}

/// Why a plan is refused. `proved` is a height that no plan is below.
pub fn does_not_fit(source: &Source, height: u64, proved: u64, capacity: u64) -> String {
    let problem = &source.problem;
    let liveness = Liveness::of(problem);
    let bound = liveness.bound();
    let mut text = format!(
        "the buffers do not fit: height {} bytes, capacity {} bytes, liveness bound {} bytes",
        number(height),
        number(capacity),
        number(bound)
    );
    text += &match () {
        () if bound > capacity => {
            "\n  note: no plan fits, since more than the capacity is live at once".to_owned()
        }
        () if proved > capacity => format!(
            "\n  note: no plan fits: it is proved that none is below {} bytes",
            number(proved)
        ),
        () => "\n  note: another algorithm may find a plan that fits".to_owned(),
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
    let layer = source
        .layer(peak.start)
        .map(|layer| format!(", layer \"{}\"", shortened(layer)));
    text += &format!(
        "\n  note: the peak is at time {}{}; live there:",
        peak.start,
        layer.unwrap_or_default()
    );
    for b in live.iter().take(MAX_LISTED) {
        text += &format!(
            "\n    {}: {} bytes, {}..{}",
            shortened(&b.name),
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
