//! A memory plan as a picture: time to the right, addresses upwards, a rectangle for each buffer; below it the live bytes.
//!
//! Plain data in, SVG out: [`svg`] stands alone, without scripts and external resources, in the colours that the reader prefers.

mod frame;
mod plan;
mod profile;
mod style;

use super::escape::escape;
use super::numbers::bytes;
use frame::Frame;
use std::fmt::Write;
use usmp::{BufferKind, Plan, Problem};

/// What to draw.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Picture {
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// Names of the time steps from 0 on; empty where time is just a number.
    pub steps: Vec<Step>,
    /// The buffers.
    pub blocks: Vec<Block>,
    /// The memories, one above the other; empty where there is one.
    pub memories: Vec<Memory>,
    /// Bytes of the memory that the plan takes.
    pub height: u64,
    /// Bytes that every plan takes at least.
    pub bound: u64,
    /// Bytes that there are, if that is known.
    pub capacity: Option<u64>,
}

/// A time step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// In one short word, for the axis.
    pub label: String,
    /// In full.
    pub name: String,
}

/// One of several memories.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memory {
    /// Its name.
    pub name: String,
    /// Bytes of the memories below it.
    pub base: u64,
}

/// A placed buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its name, or the layer's.
    pub name: String,
    /// What it holds: decides its colour.
    pub kind: BufferKind,
    /// Bytes.
    pub size: u64,
    /// Bytes from the start of the memory.
    pub offset: u64,
    /// First time at which it is live.
    pub start: u32,
    /// First time at which it no longer is.
    pub end: u32,
}

/// How wide the picture is meant to be shown. Text has one size in both, so that neither needs to be scaled much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// 1120 pixels.
    Wide,
    /// 400 pixels.
    Compact,
}

impl Picture {
    /// A plan of a problem; time has no names.
    pub fn of(title: &str, problem: &Problem, plan: &Plan) -> Picture {
        let blocks = problem.buffers().iter().zip(plan.offsets());
        Picture {
            title: title.to_owned(),
            steps: Vec::new(),
            blocks: blocks
                .map(|(b, &offset)| Block {
                    name: b.name.clone(),
                    kind: b.kind,
                    size: b.size,
                    offset,
                    start: b.start,
                    end: b.end,
                })
                .collect(),
            memories: Vec::new(),
            height: plan.height(),
            bound: usmp::Liveness::of(problem).bound(),
            capacity: problem.capacity(),
        }
    }
}

/// The picture as an SVG document of its own; it can also stand inside an HTML page.
pub fn svg(picture: &Picture, width: Width) -> String {
    draw(picture, width, true)
}

/// The style sheet of all pictures, for a page that holds several.
pub(crate) fn style_sheet() -> &'static str {
    style::SHEET
}

/// The picture for a page that has the [`style_sheet`] already.
pub(crate) fn inline(picture: &Picture, width: Width) -> String {
    draw(picture, width, false)
}

fn draw(picture: &Picture, width: Width, with_style: bool) -> String {
    let frame = Frame::of(picture, width);
    let mut out = String::new();
    let summary = format!(
        "{}: {} buffers, {} of memory, lower bound {}",
        picture.title,
        picture.blocks.len(),
        bytes(picture.height),
        bytes(picture.bound)
    );
    let (w, h) = (frame.width, frame.total_height());
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!(
        "<svg class=\"tw-picture\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\">",
        escape(&summary)
    ));
    if with_style {
        line(format!("<style>{}</style>", style::SHEET));
    }
    let moments = profile::moments(picture, &frame);
    line(frame.axes(picture));
    line(profile::peak_band(&frame, &moments));
    line(plan::blocks(picture, &frame));
    line(plan::memories(picture, &frame));
    line(plan::lines(picture, &frame));
    line(profile::bars(picture, &frame, &moments));
    line("</svg>".to_owned());
    out
}

/// What the hover text of a buffer says.
fn describe(picture: &Picture, b: &Block) -> String {
    let mut text = b.name.clone();
    let _ = write!(
        text,
        "\n{}, {} at {}…{}\n",
        b.kind.name(),
        bytes(b.size),
        super::numbers::grouped(b.offset),
        super::numbers::grouped(b.offset.saturating_add(b.size))
    );
    let (first, last) = (b.start, b.end.saturating_sub(1));
    let name = |t: u32| picture.steps.get(t as usize).map(|s| s.name.as_str());
    match (name(first), name(last)) {
        (Some(name), _) if first == last => {
            let _ = write!(text, "live in step {first}: {name}");
        }
        (Some(from), Some(to)) => {
            let _ = write!(text, "live from step {first}: {from}\nto step {last}: {to}");
        }
        _ => {
            let _ = write!(text, "live in [{first}, {})", b.end);
        }
    }
    text
}

/// The class that colours a kind.
pub(crate) fn class(kind: BufferKind) -> &'static str {
    match kind {
        BufferKind::Activation => "tw-activation",
        BufferKind::Scratch => "tw-scratch",
        BufferKind::Input => "tw-input",
        BufferKind::Output => "tw-output",
        BufferKind::Constant => "tw-constant",
        BufferKind::State => "tw-state",
    }
}
