//! `--print-ir-before`, `--print-ir-after`, `--print-ir-changed`.

use super::Opt;
use crate::cli::console::Console;
use ir::{Diagnostics, Module, text};
use pass::{Instrumentation, PassRun};

/// Prints the module around the passes that were named.
pub struct Printer<'a> {
    opt: &'a Opt,
    console: &'a Console,
    /// The text before the pass that runs, if it may have to be compared.
    before: Option<String>,
}

impl<'a> Printer<'a> {
    pub fn new(opt: &'a Opt, console: &'a Console) -> Printer<'a> {
        Printer {
            opt,
            console,
            before: None,
        }
    }

    fn print(&self, when: &str, run: &PassRun<'_>, text: &str) {
        let anchor = run.anchors.last().map_or("", String::as_str);
        let head = format!("// ----- {when} {} on {anchor}", run.pass);
        self.console.line(&format!("{head}\n{}", text.trim_end()));
    }
}

fn names(list: &[String], pass: &str) -> bool {
    list.iter().any(|n| n == pass || n == "all")
}

impl Instrumentation for Printer<'_> {
    fn before(&mut self, run: &PassRun<'_>, m: &Module) {
        if names(&self.opt.print_ir_before, run.pass) {
            self.print("before", run, &text::print_module(m));
        }
        self.before = names(&self.opt.print_ir_changed, run.pass).then(|| text::print_module(m));
    }

    fn after(&mut self, run: &PassRun<'_>, m: &Module) -> Result<(), Diagnostics> {
        let after = names(&self.opt.print_ir_after, run.pass);
        let before = self.before.take();
        if !after && before.is_none() {
            return Ok(());
        }
        let text = text::print_module(m);
        match before {
            Some(b) if b != text => self.print("changed by", run, &text),
            _ if after => self.print("after", run, &text),
            _ => {}
        }
        Ok(())
    }
}
