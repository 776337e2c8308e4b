//! The upper panel: rectangles at their addresses, and lines at the height, the bound and the capacity.

use super::super::escape::{elide, elide_middle, escape, scope_name};
use super::super::numbers::{bytes, grouped};
use super::frame::{CHARACTER, Frame};
use super::{Block, Picture, class, describe};
use std::fmt::Write;

/// The rectangles; then the names, so that no rectangle that shares bytes with another hides one.
pub(super) fn blocks(picture: &Picture, frame: &Frame) -> String {
    let mut out = String::new();
    let mut labels = String::new();
    for b in picture.blocks.iter().filter(|b| b.size > 0) {
        let (x, y) = (frame.x(b.start), frame.y(b.offset.saturating_add(b.size)));
        let (w, h) = (frame.x(b.end) - x, frame.y(b.offset) - y);
        // A hairline between neighbours, unless they are hairlines themselves.
        let inset = |n: f64| if n > 3.0 { 0.5 } else { 0.0 };
        let (dx, dy) = (inset(w), inset(h));
        let _ = write!(
            out,
            "<g class=\"tw-block\"><title>{}</title><rect class=\"{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            escape(&describe(picture, b)),
            class(b.kind),
            x + dx,
            y + dy,
            (w - 2.0 * dx).max(0.6),
            (h - 2.0 * dy).max(0.6)
        );
        out.push_str("</g>\n");
        label(&mut labels, b, [x, y, w, h]);
    }
    out + &shared(picture, frame) + &labels
}

/// Where two buffers that are live together share bytes: a mark over both, which lets what is below be read.
fn shared(picture: &Picture, frame: &Frame) -> String {
    let mut by_start: Vec<&Block> = picture.blocks.iter().filter(|b| b.size > 0).collect();
    by_start.sort_by_key(|b| b.start);
    let end = |b: &Block| b.offset.saturating_add(b.size);
    let mut out = String::new();
    for (i, a) in by_start.iter().enumerate() {
        for b in by_start[i + 1..].iter().take_while(|b| b.start < a.end) {
            let (from, to) = (a.offset.max(b.offset), end(a).min(end(b)));
            if from >= to {
                continue;
            }
            let (x, y) = (frame.x(b.start), frame.y(to));
            let text = format!(
                "{} at {}…{} are in both:\n{}\n{}",
                bytes(to - from),
                grouped(from),
                grouped(to),
                b.name,
                a.name
            );
            let _ = writeln!(
                out,
                "<g class=\"tw-block\"><title>{}</title><rect class=\"tw-shared\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/></g>",
                escape(&text),
                (frame.x(a.end.min(b.end)) - x).max(0.6),
                (frame.y(from) - y).max(0.6)
            );
        }
    }
    out
}

/// The name and size inside a rectangle, where they fit.
fn label(out: &mut String, b: &Block, [x, y, w, h]: [f64; 4]) {
    let fits = |length: f64| ((length - 10.0).max(0.0) / CHARACTER) as usize;
    let name = scope_name(&b.name);
    let wanted = name.chars().count();
    let enough = |room: usize| room >= wanted.min(5);
    if h >= 16.0 && enough(fits(w)) {
        let two_lines = h >= 34.0 && bytes(b.size).chars().count() <= fits(w);
        let middle = y + h / 2.0 + if two_lines { -3.0 } else { 4.0 };
        let _ = write!(
            out,
            "<text class=\"tw-in\" x=\"{:.1}\" y=\"{middle:.1}\" text-anchor=\"middle\">{}</text>",
            x + w / 2.0,
            escape(&elide_middle(name, fits(w)))
        );
        if two_lines {
            let _ = write!(
                out,
                "<text class=\"tw-in tw-size\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                x + w / 2.0,
                middle + 14.0,
                bytes(b.size)
            );
        }
    } else if w >= 14.0 && enough(fits(h)) {
        let (cx, cy) = (x + w / 2.0 + 4.0, y + h / 2.0);
        let _ = write!(
            out,
            "<text class=\"tw-in\" x=\"{cx:.1}\" y=\"{cy:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 {cx:.1} {cy:.1})\">{}</text>",
            escape(&elide_middle(name, fits(h)))
        );
    }
}

/// Where one memory ends and the next begins, and what they are called.
pub(super) fn memories(picture: &Picture, frame: &Frame) -> String {
    let mut out = String::new();
    let (left, right) = (frame.left, frame.right);
    for memory in &picture.memories {
        let y = frame.y(memory.base);
        let name = escape(&elide(&memory.name, 24));
        let _ = write!(
            out,
            "<path class=\"tw-axis\" d=\"M{left} {y:.1}H{right}\"/><text class=\"tw-note\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
            right - 2.0,
            y - 4.0
        );
    }
    out
}

/// The lines, each with its number above it. The bound's stands at the right, where plans of networks are low, unless it is so close
/// below the height that both numbers would be in one place.
pub(super) fn lines(picture: &Picture, frame: &Frame) -> String {
    let mut out = String::new();
    let (left, right) = (frame.left, frame.right);
    let mut line = |at: u64, class: &str| {
        let _ = write!(
            out,
            "<path class=\"{class}\" d=\"M{left} {:.1}H{right}\"/>",
            frame.y(at)
        );
    };
    let capacity = picture.capacity.filter(|&c| c <= frame.max_bytes);
    if let Some(capacity) = capacity {
        line(capacity, "tw-capacity");
    }
    line(picture.height, "tw-height");
    line(picture.bound, "tw-bound");

    let mut note = |at: u64, class: &str, text: String, x: f64, anchor: &str| {
        let y = frame.y(at) - 5.0;
        let _ = write!(
            out,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    };
    if let Some(capacity) = capacity {
        note(
            capacity,
            "tw-note",
            format!("capacity {}", bytes(capacity)),
            right,
            "end",
        );
    }
    let what = if picture.height == picture.bound {
        "plan = lower bound,"
    } else {
        "plan"
    };
    let text = format!("{what} {}", bytes(picture.height));
    match capacity {
        Some(_) => note(
            picture.height,
            "tw-note",
            text,
            f64::midpoint(left, right),
            "middle",
        ),
        None => note(picture.height, "tw-note", text, right, "end"),
    }
    if picture.height != picture.bound {
        let text = format!("lower bound {}", bytes(picture.bound));
        let apart = frame.y(picture.bound) - frame.y(picture.height) >= 16.0;
        if apart {
            note(picture.bound, "tw-note-bound", text, right, "end");
        } else {
            note(
                picture.height.max(picture.bound),
                "tw-note-bound",
                text,
                left + 4.0,
                "start",
            );
        }
    }
    out
}
