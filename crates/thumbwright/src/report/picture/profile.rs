//! The lower panel: live bytes over time, scratch on top of the rest.

use super::super::escape::escape;
use super::super::numbers::bytes;
use super::frame::Frame;
use super::{Picture, class};
use std::fmt::Write;
use usmp::BufferKind;

/// A stretch of time in which the same bytes are live.
pub(super) struct Moment {
    start: u32,
    end: u32,
    /// Bytes that are no scratch.
    kept: u64,
    scratch: u64,
}

/// Every step on its own where steps have names, else the stretches between starts and ends.
pub(super) fn moments(picture: &Picture, frame: &Frame) -> Vec<Moment> {
    let mut times: Vec<u32> = if picture.steps.is_empty() {
        let of_block = |b: &super::Block| [b.start, b.end];
        picture.blocks.iter().flat_map(of_block).collect()
    } else {
        (frame.time.0..=frame.time.1).collect()
    };
    times.sort_unstable();
    times.dedup();
    let index = |t: u32| times.partition_point(|&other| other < t.min(frame.time.1));
    // Bytes that begin (positive) or cease to be live at each time: kept, scratch.
    let mut changes = vec![[0i128; 2]; times.len()];
    for b in &picture.blocks {
        let which = usize::from(b.kind == BufferKind::Scratch);
        changes[index(b.start)][which] += i128::from(b.size);
        changes[index(b.end)][which] -= i128::from(b.size);
    }
    let mut live = [0i128; 2];
    let stretches = times.windows(2).zip(&changes);
    let clamp = |n: i128| u64::try_from(n).unwrap_or(u64::MAX);
    stretches
        .map(|(stretch, change)| {
            live = [live[0] + change[0], live[1] + change[1]];
            Moment {
                start: stretch[0],
                end: stretch[1],
                kept: clamp(live[0]),
                scratch: clamp(live[1]),
            }
        })
        .collect()
}

/// A band behind both panels where most bytes are live first.
pub(super) fn peak_band(frame: &Frame, moments: &[Moment]) -> String {
    let total = |m: &Moment| m.kept.saturating_add(m.scratch);
    let highest = moments.iter().map(total).max().unwrap_or(0);
    let Some(peak) = moments.iter().find(|m| total(m) == highest && highest > 0) else {
        return String::new();
    };
    let (x, w) = (frame.x(peak.start), frame.x(peak.end) - frame.x(peak.start));
    let mut out = String::new();
    for (top, height) in [
        (frame.plan_top, frame.plan_height),
        (frame.profile_top, frame.profile_height),
    ] {
        let _ = write!(
            out,
            "<rect class=\"tw-band\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{w:.1}\" height=\"{height:.1}\"/>"
        );
    }
    out
}

pub(super) fn bars(picture: &Picture, frame: &Frame, moments: &[Moment]) -> String {
    let mut out = String::new();
    for m in moments {
        let (x, w) = (frame.x(m.start), frame.x(m.end) - frame.x(m.start));
        let live = m.kept.saturating_add(m.scratch);
        let bottom = frame.profile_y(0);
        let _ = write!(
            out,
            "<g class=\"tw-bar\"><title>{}</title>",
            escape(&describe(picture, m))
        );
        let mut rect = |class: &str, from: u64, to: u64| {
            let (top, base) = (frame.profile_y(to), frame.profile_y(from));
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{w:.1}\" height=\"{:.1}\"/>",
                base - top
            );
        };
        if m.kept > 0 {
            rect("tw-live", 0, m.kept);
        }
        if m.scratch > 0 {
            rect(class(BufferKind::Scratch), m.kept, live);
        }
        let _ = write!(
            out,
            "<rect class=\"tw-hit\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{w:.1}\" height=\"{:.1}\"/></g>",
            frame.profile_top,
            bottom - frame.profile_top
        );
        out.push('\n');
    }
    let above = |m: &Moment| m.kept.saturating_add(m.scratch) > picture.bound;
    // More is live than the plan takes where buffers share bytes: the line would say nothing there.
    if !moments.iter().any(above) {
        let y = frame.profile_y(picture.bound);
        let _ = write!(
            out,
            "<path class=\"tw-bound\" d=\"M{} {y:.1}H{}\"/>",
            frame.left, frame.right
        );
    }
    out
}

fn describe(picture: &Picture, m: &Moment) -> String {
    let live = bytes(m.kept.saturating_add(m.scratch));
    let mut text = match picture.steps.get(m.start as usize) {
        Some(step) => format!("step {}: {}\n{live} live", m.start, step.name),
        None => format!("time [{}, {})\n{live} live", m.start, m.end),
    };
    if m.scratch > 0 {
        let _ = write!(text, ", {} of it scratch", bytes(m.scratch));
    }
    text
}
