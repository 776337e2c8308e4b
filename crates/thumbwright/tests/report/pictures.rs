//! The picture of a plan alone.

use thumbwright::report::picture::{Memory, Picture, Width, svg};
use usmp::{Algorithms, Buffer, BufferKind, Problem};

fn buffer(name: &str, size: u64, start: u32, end: u32, kind: BufferKind) -> Buffer {
    Buffer {
        name: name.to_owned(),
        size,
        align: 1,
        start,
        end,
        kind,
    }
}

fn picture(buffers: Vec<Buffer>, capacity: Option<u64>) -> Picture {
    let mut problem = Problem::new(buffers).unwrap();
    if let Some(c) = capacity {
        problem = problem.with_capacity(c);
    }
    let plan = Algorithms::builtin()
        .get(Algorithms::DEFAULT)
        .unwrap()
        .plan(&problem);
    Picture::of("a test", &problem, &plan)
}

/// The numbers of an attribute of all elements that start with `element`.
fn numbers(svg: &str, element: &str, attribute: &str) -> Vec<f64> {
    let elements = svg
        .split(element)
        .skip(1)
        .map(|e| e.split('>').next().unwrap());
    let value = |e: &str| {
        e.split(&format!(" {attribute}=\""))
            .nth(1)?
            .split('"')
            .next()?
            .parse()
            .ok()
    };
    elements.filter_map(value).collect()
}

#[test]
fn rectangles_are_to_scale() {
    // One above the other for half the time, then one alone.
    let p = picture(
        vec![
            buffer("a", 3000, 10, 30, BufferKind::Activation),
            buffer("b", 1000, 10, 20, BufferKind::Scratch),
        ],
        None,
    );
    for width in [Width::Wide, Width::Compact] {
        let text = svg(&p, width);
        let [a, b] = ["tw-activation", "tw-scratch"].map(|class| {
            let element = format!("<rect class=\"{class}\"");
            ["x", "y", "width", "height"].map(|name| numbers(&text, &element, name)[0])
        });
        // Half a pixel is left free around each.
        assert!((a[2] + 1.0 - 2.0 * (b[2] + 1.0)).abs() < 0.3, "{a:?} {b:?}");
        assert!((a[3] + 1.0 - 3.0 * (b[3] + 1.0)).abs() < 0.5, "{a:?} {b:?}");
        assert!((a[0] - b[0]).abs() < 0.1, "the same start");
        assert!(
            (b[1] + b[3] + 1.0 - a[1]).abs() < 0.3,
            "b is right above a: {a:?} {b:?}"
        );
        assert!(text.contains("plan = lower bound, 4,000 B"));
    }
}

/// A result that starts 100 bytes below its operand, of which it shares all but the last 100 bytes.
#[test]
fn shared_bytes_are_marked_and_live_bytes_not_cut() {
    let problem = Problem::new(vec![
        buffer("operand", 1000, 0, 2, BufferKind::Input),
        buffer("result", 1000, 1, 3, BufferKind::Activation),
    ])
    .unwrap()
    .with_overlap(usmp::Overlap {
        result: 1,
        operand: 0,
        lead: 100,
    })
    .unwrap();
    let plan = usmp::Plan::new(&problem, vec![100, 0]);
    assert!(usmp::check(&problem, &plan).is_empty());
    let text = svg(&Picture::of("a test", &problem, &plan), Width::Wide);
    let heights = |class: &str| numbers(&text, &format!("<rect class=\"{class}\""), "height");
    let shared = heights("tw-shared");
    assert_eq!(shared.len(), 1);
    let block = heights("tw-activation")[0] + 1.0;
    assert!((shared[0] / block - 0.9).abs() < 0.01, "{shared:?} {block}");
    assert!(text.contains("900 B at 100…1,000 are in both"));
    // In the profile 2,000 bytes are live in the middle, 1,000 before and after.
    let live = heights("tw-live");
    assert!((live[1] - 2.0 * live[0]).abs() < 0.2, "{live:?}");
    let apart = svg(&picture(problem.buffers().to_vec(), None), Width::Wide);
    assert!(!apart.contains("<rect class=\"tw-shared\""));
}

#[test]
fn several_memories_are_named_where_they_begin() {
    let mut p = picture(
        vec![
            buffer("a", 600, 0, 2, BufferKind::Activation),
            buffer("b", 400, 0, 2, BufferKind::Activation),
        ],
        None,
    );
    let one = svg(&p, Width::Wide);
    assert!(!one.contains("dtcm"));
    p.memories = [("dtcm", 0), ("ram", 600)]
        .map(|(name, base)| Memory {
            name: name.to_owned(),
            base,
        })
        .to_vec();
    let two = svg(&p, Width::Wide);
    let y = |name: &str| {
        let before = two.split(&format!(">{name}</text>")).next().unwrap();
        let y = before.rsplit(" y=\"").next().unwrap().split('"').next();
        y.unwrap().parse::<f64>().unwrap()
    };
    // 600 of 1,000 bytes, of a panel of 360 pixels.
    assert!((y("dtcm") - y("ram") - 216.0).abs() < 0.2, "{two}");
}

#[test]
fn the_profile_is_the_sum_of_what_is_live() {
    let p = picture(
        vec![
            buffer("a", 10, 0, 4, BufferKind::Activation),
            buffer("b", 20, 2, 6, BufferKind::Activation),
            buffer("c", 5, 3, 4, BufferKind::Scratch),
        ],
        None,
    );
    let text = svg(&p, Width::Wide);
    for moment in [
        "time [0, 2)\n10 B live<",
        "time [2, 3)\n30 B live<",
        "time [3, 4)\n35 B live, 5 B of it scratch<",
        "time [4, 6)\n20 B live<",
    ] {
        assert!(text.contains(moment), "{moment}");
    }
}

#[test]
fn hundreds_of_buffers_over_a_long_time() {
    let many: Vec<Buffer> = (0..450u32)
        .map(|i| {
            buffer(
                &format!("<{i}>"),
                1 + u64::from(i * 7919 % 4096),
                i * 50,
                i * 50 + 700,
                BufferKind::Activation,
            )
        })
        .collect();
    let text = svg(&picture(many, Some(1 << 20)), Width::Wide);
    assert_eq!(text.matches("<g class=\"tw-block\">").count(), 450);
    assert!(!text.contains("<449>") && text.contains("&lt;449&gt;"));
    let labels = text.matches("text-anchor=\"middle\">").count();
    assert!(labels < 40, "the axis stays legible: {labels} marks");
}

#[test]
fn extremes_draw_without_failing() {
    let empty = picture(Vec::new(), None);
    let huge = picture(
        vec![buffer("x", (1 << 62) + 1, 0, u32::MAX, BufferKind::State)],
        Some(u64::MAX),
    );
    let none = picture(vec![buffer("x", 0, 5, 6, BufferKind::Input)], Some(0));
    for p in [empty, huge, none] {
        for width in [Width::Wide, Width::Compact] {
            let text = svg(&p, width);
            assert!(text.starts_with("<svg") && text.ends_with("</svg>\n"));
            assert!(!text.contains("NaN") && !text.contains("inf"));
        }
    }
}

#[test]
fn a_capacity_is_a_line_where_it_is_near() {
    let one = || vec![buffer("x", 900, 0, 1, BufferKind::Output)];
    assert!(svg(&picture(one(), Some(1000)), Width::Wide).contains("capacity 1,000 B"));
    assert!(!svg(&picture(one(), Some(64_000)), Width::Wide).contains("capacity 64,000"));
}
