//! A profile as tables by layer and by kernel.

use std::fmt::Write;

use crate::runtime::{Count, ModelProfile, RunOutcome};

use super::console::printable;
use super::table::{Table, number, ratio};

/// The tables, with sizes and stack where they were measured.
pub fn text(profile: &ModelProfile, outcome: &RunOutcome) -> String {
    let total = profile.total.cycles;
    let macs: u64 = profile.layers.iter().map(|l| l.macs).sum();
    let share = |cycles: u64| format!("{}%", ratio(cycles * 100, total, 1));
    let figures = |macs: u64, c: Count| {
        vec![
            number(macs),
            number(c.instructions),
            number(c.cycles),
            ratio(c.cycles, macs, 2),
            share(c.cycles),
        ]
    };
    let mut layers = Table::new(&[
        ">#",
        "layer",
        "operator",
        "kernel",
        ">MACs",
        ">instructions",
        ">cycles",
        ">cycles/MAC",
        ">share",
    ]);
    for l in &profile.layers {
        let index = l.index.map_or_else(|| "-".to_owned(), |i| i.to_string());
        let mut row = vec![
            index,
            shortened(&l.layer),
            l.op.clone(),
            l.kernels.join(" "),
        ];
        row.extend(figures(l.macs, l.count));
        layers.row(row);
    }
    let named = |name: &str| vec![String::new(), name.to_owned(), String::new(), String::new()];
    let mut outside = named("outside of kernels");
    outside.extend(figures(0, profile.outside));
    layers.row(outside);
    let mut all = named("total");
    all.extend(figures(macs, profile.total));
    layers.row(all);

    let mut kernels = Table::new(&[
        "kernel",
        ">calls",
        ">MACs",
        ">instructions",
        ">cycles",
        ">cycles/MAC",
        ">share",
    ]);
    for k in &profile.kernels {
        let mut row = vec![k.kernel.clone(), number(k.calls)];
        row.extend(figures(k.macs, k.count));
        kernels.row(row);
    }
    format!(
        "{}\n{}\n{}",
        layers.text(),
        kernels.text(),
        measured(outcome)
    )
}

/// Sizes and stack.
fn measured(outcome: &RunOutcome) -> String {
    let mut text = String::new();
    for f in &outcome.sizes {
        line(
            &mut text,
            &format!(
                "{}: {} bytes of flash, {} of them code",
                f.file,
                number(f.flash()),
                number(f.text())
            ),
        );
    }
    if let Some(stack) = outcome.stack_high_water {
        line(
            &mut text,
            &format!("stack: {} bytes", number(u64::from(stack))),
        );
    }
    if let Some(machine) = outcome.machine {
        line(
            &mut text,
            &format!(
                "machine: {machine}; cycles are a model without caches and wait states, of sample 0"
            ),
        );
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("invariant: writing to a string succeeds");
}

/// The end of a long name: what tells layers apart stands there.
pub fn shortened(name: &str) -> String {
    const MOST: usize = 40;
    let count = name.chars().count();
    let name = printable(name);
    if count <= MOST {
        return name;
    }
    let end: String = name.chars().skip(count - (MOST - 1)).collect();
    format!("…{end}")
}
