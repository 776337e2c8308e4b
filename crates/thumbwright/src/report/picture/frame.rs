//! Where things are in a picture: scales, axes, grid.

use super::super::escape::{elide, escape};
use super::super::numbers::{grouped, mark, ticks};
use super::{Picture, Width};
use std::fmt::Write;

/// Pixels of the parts of a picture, and the ranges that they show.
pub(super) struct Frame {
    pub width: f64,
    /// Left edge of both panels: room for the marks of the byte axis.
    pub left: f64,
    pub right: f64,
    pub plan_top: f64,
    pub plan_height: f64,
    pub profile_top: f64,
    pub profile_height: f64,
    pub bottom: f64,
    /// Bytes at the upper edge of the plan.
    pub max_bytes: u64,
    /// Bytes at the upper edge of the profile: more, where buffers that are live together share bytes.
    pub max_live: u64,
    /// First time, and the first after the last.
    pub time: (u32, u32),
}

/// Most bytes that are live at once.
fn most_live(picture: &Picture) -> u64 {
    let mut changes: Vec<(u32, i128)> = picture
        .blocks
        .iter()
        .flat_map(|b| [(b.start, i128::from(b.size)), (b.end, -i128::from(b.size))])
        .collect();
    // At one time, what ends goes first.
    changes.sort_unstable();
    let mut live = 0;
    let sums = changes.into_iter().map(|(_, change)| {
        live += change;
        live
    });
    u64::try_from(sums.max().unwrap_or(0)).unwrap_or(u64::MAX)
}

/// Pixels between neighbours on the time axis: of numbers, of slanted names.
const NUMBER_SPACING: f64 = 26.0;
const NAME_SPACING: f64 = 15.0;
/// Average width of a character in the pictures' font.
pub(super) const CHARACTER: f64 = 6.1;
const LONGEST_LABEL: usize = 15;

impl Frame {
    pub(super) fn of(picture: &Picture, width: Width) -> Frame {
        let (width, left, plan_height, profile_height) = match width {
            Width::Wide => (1120.0, 58.0, 360.0, 100.0),
            Width::Compact => (400.0, 50.0, 270.0, 80.0),
        };
        let steps = u32::try_from(picture.steps.len()).unwrap_or(u32::MAX);
        let starts = picture.blocks.iter().map(|b| b.start);
        let ends = picture.blocks.iter().map(|b| b.end);
        let (first, last) = if steps > 0 {
            (0, steps)
        } else {
            (starts.min().unwrap_or(0), ends.max().unwrap_or(0))
        };
        let needed = picture.height.max(picture.bound);
        let ends = picture
            .blocks
            .iter()
            .map(|b| b.offset.saturating_add(b.size));
        let needed = ends.max().unwrap_or(0).max(needed);
        let capacity = picture
            .capacity
            .filter(|&c| c <= needed.saturating_mul(2))
            .unwrap_or(0);
        let mut frame = Frame {
            width,
            left,
            right: width - 14.0,
            plan_top: 34.0,
            plan_height,
            profile_top: 34.0 + plan_height + 36.0,
            profile_height,
            bottom: 24.0,
            max_bytes: needed.max(capacity).max(1),
            max_live: needed.max(capacity).max(most_live(picture)).max(1),
            time: (first, last.max(first.saturating_add(1))),
        };
        if frame.names_fit(picture) {
            let longest = picture.steps.iter().map(|s| s.label.chars().count()).max();
            let longest = longest.unwrap_or(0).min(LONGEST_LABEL) + 3;
            frame.bottom = 20.0 + longest as f64 * CHARACTER * 0.72;
        }
        frame
    }

    pub(super) fn total_height(&self) -> f64 {
        (self.profile_top + self.profile_height + self.bottom).ceil()
    }

    /// Horizontal position of the start of a time.
    pub(super) fn x(&self, t: u32) -> f64 {
        let (first, last) = self.time;
        let share = f64::from(t.clamp(first, last) - first) / f64::from(last - first);
        self.left + share * (self.right - self.left)
    }

    /// Vertical position of an address in the plan.
    pub(super) fn y(&self, address: u64) -> f64 {
        self.plan_top + self.plan_height * (1.0 - address as f64 / self.max_bytes as f64)
    }

    /// Vertical position of a number of bytes in the profile.
    pub(super) fn profile_y(&self, bytes: u64) -> f64 {
        let share = (bytes as f64 / self.max_live as f64).min(1.0);
        self.profile_top + self.profile_height * (1.0 - share)
    }

    fn step_width(&self) -> f64 {
        (self.right - self.left) / f64::from(self.time.1 - self.time.0)
    }

    fn names_fit(&self, picture: &Picture) -> bool {
        !picture.steps.is_empty() && self.step_width() >= NAME_SPACING
    }

    /// Grid, axes and their marks.
    pub(super) fn axes(&self, picture: &Picture) -> String {
        let mut out = String::new();
        self.time_grid(&mut out);
        self.byte_axis(
            &mut out,
            self.plan_top,
            self.plan_height,
            (6, self.max_bytes),
        );
        self.byte_axis(
            &mut out,
            self.profile_top,
            self.profile_height,
            (3, self.max_live),
        );
        let title = |out: &mut String, y: f64, text: &str| {
            let _ = write!(
                out,
                "<text class=\"tw-title\" x=\"2\" y=\"{y:.1}\">{text}</text>"
            );
        };
        title(&mut out, self.plan_top - 20.0, "address");
        title(&mut out, self.profile_top - 10.0, "live bytes");
        let time = if picture.steps.is_empty() {
            "time"
        } else {
            "step"
        };
        title(&mut out, self.axis_y() + 14.0, time);
        if picture.steps.is_empty() {
            self.number_marks(&mut out);
        } else {
            self.step_marks(&mut out, picture);
        }
        out
    }

    fn byte_axis(&self, out: &mut String, top: f64, height: f64, (count, max): (u64, u64)) {
        let (left, right) = (self.left, self.right);
        for n in ticks(max, count) {
            let y = top + height * (1.0 - n as f64 / max as f64);
            let _ = write!(
                out,
                "<path class=\"tw-grid\" d=\"M{left} {y:.1}H{right}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 6.0,
                y + 4.0,
                mark(n, max)
            );
        }
        let _ = write!(
            out,
            "<path class=\"tw-axis\" d=\"M{left} {top:.1}V{:.1}H{right}\" fill=\"none\"/>",
            top + height
        );
    }

    fn time_grid(&self, out: &mut String) {
        if self.step_width() < 8.0 {
            return;
        }
        let mut path = String::new();
        for t in self.time.0 + 1..=self.time.1 {
            let x = self.x(t);
            for (top, height) in [
                (self.plan_top, self.plan_height),
                (self.profile_top, self.profile_height),
            ] {
                let _ = write!(path, "M{x:.1} {top:.1}v{height:.1}");
            }
        }
        let _ = write!(out, "<path class=\"tw-grid\" d=\"{path}\"/>");
    }

    fn axis_y(&self) -> f64 {
        self.profile_top + self.profile_height
    }

    fn step_marks(&self, out: &mut String, picture: &Picture) {
        let y = self.axis_y() + 14.0;
        let w = self.step_width();
        if self.names_fit(picture) {
            for (t, step) in (self.time.0..).zip(&picture.steps) {
                let x = self.x(t) + w / 2.0 + 3.0;
                let label = escape(&elide(&step.label, LONGEST_LABEL));
                let _ = write!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\" transform=\"rotate(-45 {x:.1} {y:.1})\">{label} {t}</text>"
                );
            }
        } else {
            let every = ticks(
                u64::from(self.time.1),
                ((self.right - self.left) / NUMBER_SPACING) as u64,
            );
            for t in every
                .into_iter()
                .filter(|&t| t < picture.steps.len() as u64)
            {
                let x = self.x(t as u32) + w / 2.0;
                let _ = write!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{t}</text>"
                );
            }
        }
    }

    fn number_marks(&self, out: &mut String) {
        let (first, last) = self.time;
        let y = self.axis_y() + 14.0;
        for n in ticks(
            u64::from(last - first),
            ((self.right - self.left) / 90.0) as u64,
        ) {
            let t = first + n as u32;
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
                self.x(t),
                grouped(u64::from(t))
            );
        }
    }
}
