//! The passes, the default pipeline, the patterns and the schedules.

use super::{GENERATED, table};
use pass::{ANY, ExtensionPoint, PassInfo, Registry};
use passes::{PipelineOptions, default_pipeline};

/// The page of all registered passes, patterns and schedules.
pub fn passes(registry: &Registry) -> String {
    let mut text = format!(
        "{GENERATED}\n# Passes\n\nA pipeline names passes with their options, nested as the ops that they run on: \
         `builtin.module(func.func(dce),plan-memory{{io=caller}})`.\n\n## The default pipeline\n\n\
         ```text\n{}\n```\n\nPasses of third parties go to its extension points, in this order:\n\n",
        default_pipeline(registry, &PipelineOptions::default())
            .to_string()
            .replace(',', ",\n  ")
    );
    for point in ExtensionPoint::ALL {
        text += &format!("- `{point}`: {}\n", words(point));
    }
    text += "\n## All passes\n\n";
    for info in registry.passes() {
        text += &pass(info);
    }
    text += "## Patterns\n\nWhat `canonicalize` rewrites, besides folding; `canonicalize{disable=NAME,…}` leaves some out.\n\n";
    let rows: Vec<Vec<String>> = registry
        .patterns()
        .iter()
        .map(|p| {
            let root = p.root().map_or("any op".to_owned(), |r| format!("`{r}`"));
            vec![format!("`{}`", p.name()), root, p.equation().to_owned()]
        })
        .collect();
    text += &table(&["pattern", "on", "equation"], &rows);
    text += "\n## Schedules\n\nHow `lower-nn` turns ops into loops: of the schedules that apply, the cheapest.\n\n";
    let rows: Vec<Vec<String>> = registry
        .schedules()
        .map(|s| vec![format!("`{}`", s.name()), format!("`{}`", s.op())])
        .collect();
    text + &table(&["schedule", "lowers"], &rows)
}

fn pass(info: &PassInfo) -> String {
    let anchor = match info.anchor.as_str() {
        ANY => "any op".to_owned(),
        op => format!("`{op}`"),
    };
    let again = match info.idempotent {
        true => " A second run changes nothing.",
        false => "",
    };
    let mut text = format!(
        "### {}\n\n{} Runs on {anchor}.{again}\n\n",
        info.name, info.summary
    );
    if info.options.is_empty() {
        return text;
    }
    let rows: Vec<Vec<String>> = info
        .options
        .iter()
        .map(|o| {
            let default = match o.default.as_str() {
                "" => String::new(),
                d => format!("`{d}`"),
            };
            vec![
                format!("`{}`", o.name),
                format!("`{}`", o.values),
                default,
                o.summary.clone(),
            ]
        })
        .collect();
    text += &table(&["option", "values", "default", "what it does"], &rows);
    text + "\n"
}

/// What the module is at a point.
fn words(point: ExtensionPoint) -> &'static str {
    match point {
        ExtensionPoint::AfterImport => "the network as imported",
        ExtensionPoint::BeforeFusion => "the network, canonical",
        ExtensionPoint::BeforeLowering => "the network, as it is going to be lowered",
        ExtensionPoint::BeforePlanning => "kernels and buffers without places",
        ExtensionPoint::BeforeEmission => "everything has its place",
    }
}
