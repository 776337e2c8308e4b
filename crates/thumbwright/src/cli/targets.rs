//! `thumbwright targets`.

use crate::Compiler;
use crate::runtime::Runtime;
use clap::Args;
use target::Target;

use super::table::{Table, number};

/// List the cores and boards that are known.
#[derive(Args, Debug)]
pub struct ListTargets {}

impl ListTargets {
    /// The table.
    pub fn execute(&self, compiler: &Compiler) -> anyhow::Result<String> {
        let mut table = Table::new(&[
            "name",
            "kind",
            "core",
            "features",
            "memories",
            "emulated on",
        ]);
        for t in compiler.registry().targets().iter() {
            let features: Vec<&str> = t.core.features.iter().map(target::Feature::name).collect();
            table.row(vec![
                t.name.clone(),
                t.kind.name().to_owned(),
                t.core.cpu.clone(),
                features.join(" "),
                memories(t),
                t.emulation
                    .as_ref()
                    .map(|e| e.machines.join(", "))
                    .unwrap_or_default(),
            ]);
        }
        Ok(format!(
            "{}\nmemories: `+n` cycles of waiting for a word that is read\n`thumbwright run` also takes: {}\n",
            table.text(),
            Runtime::NAMES.join(", ")
        ))
    }
}

fn memories(t: &Target) -> String {
    let all: Vec<String> = t
        .memories
        .iter()
        .map(|m| {
            let wait = match m.read_wait {
                0 => String::new(),
                n => format!(" +{n}"),
            };
            format!("{} {} KiB{wait}", m.name, number(u64::from(m.size) / 1024))
        })
        .collect();
    all.join(", ")
}
