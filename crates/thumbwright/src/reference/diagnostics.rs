//! The codes of diagnostics.

use super::{GENERATED, table, title};
use crate::codes::{CodeList, Example};

/// The page of lists of codes; `example` finds the file that provokes a code, if there is one.
pub fn diagnostics(
    lists: &[CodeList],
    example: impl Fn(&str) -> Option<&'static Example>,
) -> String {
    let mut text = format!(
        "{GENERATED}\n# Diagnostics\n\nA code keeps its meaning. `thumbwright opt --explain V017` prints what stands here: the meaning, and a \
         file test that provokes the diagnostic.\n\n"
    );
    for list in lists {
        let rows: Vec<Vec<String>> = list
            .codes
            .iter()
            .map(|&(code, meaning)| {
                let shown = match example(code) {
                    Some(_) => format!("[{code}](#{})", anchor(code)),
                    None => code.to_owned(),
                };
                vec![shown, meaning.trim().to_owned()]
            })
            .collect();
        text += &format!("## {}\n\n", title(list.part));
        text += &table(&["code", "meaning"], &rows);
        text.push('\n');
    }
    text += "## Examples\n\n";
    for (code, meaning) in lists.iter().flat_map(|l| l.codes) {
        let Some(e) = example(code) else {
            continue;
        };
        text += &format!(
            "### {code}\n\n{}. `{}`:\n\n```text\n{}\n```\n\n",
            title(meaning.trim().trim_end_matches('.')),
            e.path,
            e.text.trim_end()
        );
    }
    text.trim_end().to_owned() + "\n"
}

/// The anchor of a heading, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    heading.to_ascii_lowercase().replace('.', "")
}
