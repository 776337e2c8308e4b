//! Links between pages, and the list of chapters.

use crate::{docs, pages, read};
use std::collections::BTreeSet;
use std::fs;

/// Every relative link of the pages leads to a file, and to a heading if it names one.
pub fn check() {
    let mut links = 0;
    for page in pages() {
        let text = outside_of_blocks(&read(&page));
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            if target.starts_with("http") {
                continue;
            }
            links += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.as_str() } else { file };
            let path = docs().join(file);
            assert!(path.exists(), "docs/{page}: {target} leads nowhere");
            if !heading.is_empty() {
                let there = headings(&fs::read_to_string(&path).unwrap());
                assert!(there.contains(heading), "docs/{page}: {target}: no heading");
            }
        }
    }
    assert!(links > 50, "{links} links");
}

/// `SUMMARY.md` lists every page once, and nothing else.
pub fn chapters() {
    let summary = read("SUMMARY.md");
    let listed: Vec<&str> = summary
        .split("](")
        .skip(1)
        .filter_map(|p| p.split(')').next())
        .collect();
    let all = pages();
    let there: BTreeSet<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|p| *p != "SUMMARY.md")
        .collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), there);
    assert_eq!(listed.len(), there.len());
}

/// The text without blocks of code and without code in lines.
fn outside_of_blocks(source: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for line in source.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            let words = line.split('`').step_by(2);
            text.extend(words.map(|w| format!("{w} ")));
            text.push('\n');
        }
    }
    text
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn headings(source: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut inside = false;
    for line in source.lines() {
        inside ^= line.starts_with("```");
        let text = line.trim_start_matches('#');
        if inside || text.len() == line.len() || !text.starts_with(' ') {
            continue;
        }
        let kept = text.trim().to_lowercase();
        let kept = kept
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        anchors.insert(kept.collect::<String>().replace(' ', "-"));
    }
    anchors
}
