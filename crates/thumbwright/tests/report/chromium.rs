//! The page in headless Chromium (Debian's `chromium`).

use crate::{content, toy};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use thumbwright::report::{Measurements, PageOptions, Report};

/// Says what went wrong in any script of the page.
const WATCH: &str = "<script>addEventListener('error', e => { document.documentElement.dataset.error = e.message; });\
addEventListener('securitypolicyviolation', e => { document.documentElement.dataset.error = 'refused: ' + e.violatedDirective; });</script>";

/// Sorts the table by MACs and points at the first buffer.
const USE: &str = "<script>\
const heads = [...document.querySelectorAll('.sortable thead th')];\
const macs = heads.find(h => h.textContent === 'MACs');\
macs.querySelector('button').click();\
const order = [...document.querySelectorAll('.sortable tbody tr')].map(r => Number(r.cells[macs.cellIndex].dataset.v));\
document.documentElement.dataset.order = order.join(' ');\
document.querySelector('.tw-block rect').dispatchEvent(new PointerEvent('pointermove', {bubbles: true, clientX: 9, clientY: 9}));\
document.documentElement.dataset.tipShown = document.querySelector('#tip').hidden ? '' : document.querySelector('#tip').textContent;\
</script>";

/// The page as Chromium has it after its scripts ran.
fn dom(page: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.html");
    std::fs::write(&file, page).unwrap();
    let out = std::fs::File::create(dir.path().join("dom")).unwrap();
    let mut chromium = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!(
            "--user-data-dir={}",
            dir.path().join("profile").display()
        ))
        .arg(format!("file://{}", file.display()))
        .stdout(out)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        match chromium.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success(), "{status}");
                break;
            }
            None if Instant::now() > end => {
                chromium.kill().unwrap();
                chromium.wait().unwrap();
                panic!("Chromium does not end");
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
    std::fs::read_to_string(dir.path().join("dom")).unwrap()
}

/// The value of a data attribute of the root element.
fn root_data<'d>(dom: &'d str, name: &str) -> Option<&'d str> {
    let root = dom.split("<html").nth(1)?.split('>').next()?;
    root.split(&format!("data-{name}=\""))
        .nth(1)?
        .split('"')
        .next()
}

#[test]
fn chromium_shows_the_page() {
    if !prerequisites::programs("chromium_shows_the_page", &["chromium"]) {
        return;
    }
    let compiled = toy::compile("digits_int8.tflite", &toy::digits());
    let report = Report::of(&compiled, &toy::measurements(&compiled));
    let page = report.html(&PageOptions::default());
    let page = page.replacen("<meta charset", &format!("{WATCH}<meta charset"), 1);
    let dom = dom(&page.replacen("</body>", &format!("{USE}</body>"), 1));

    assert_eq!(root_data(&dom, "error"), None);
    assert_eq!(root_data(&dom, "script"), Some("ready"));
    // Two pictures, of which the style sheet shows one.
    let memory = &report.memory;
    let placed = memory.buffers.len() + memory.scratch.len() + memory.overlaps.len();
    assert_eq!(dom.matches("class=\"tw-block\"").count(), 2 * placed);
    assert_eq!(
        dom.matches("class=\"tw-bar\"").count(),
        2 * report.memory.steps.len()
    );
    for b in report.memory.buffers.iter().chain(&report.memory.scratch) {
        let tip = format!("data-tip=\"{}\n{},", b.name, b.role);
        assert!(dom.contains(&tip), "{tip}");
    }
    let mut macs: Vec<u64> = report.layers.iter().map(|l| l.macs).collect();
    macs.sort_by_key(|&n| std::cmp::Reverse(n));
    let macs: Vec<String> = macs.iter().map(u64::to_string).collect();
    assert_eq!(root_data(&dom, "order"), Some(macs.join(" ").as_str()));
    let tip = root_data(&dom, "tip-shown").unwrap();
    assert!(tip.starts_with(&report.memory.buffers[0].name), "{tip}");
}

#[test]
fn hostile_names_run_nothing_in_chromium() {
    if !prerequisites::programs("hostile_names_run_nothing_in_chromium", &["chromium"]) {
        return;
    }
    let report = Report::of(&content::hostile(), &Measurements::default());
    let page = report.html(&PageOptions::default());
    let dom = dom(&page.replacen("<meta charset", &format!("{WATCH}<meta charset"), 1));
    // `boom` is not defined: calling it would be an error.
    assert_eq!(root_data(&dom, "error"), None);
    assert_eq!(root_data(&dom, "script"), Some("ready"));
    assert!(!dom.contains("<img") && dom.matches("<script").count() == 2);
    assert!(dom.contains("</main>"));
}
